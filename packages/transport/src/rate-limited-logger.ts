import type { Clock, Logger } from '@causeway/protocol';

/** How much somebody outside may make a part write. */
export interface LogRate {
  /** Lines in one period. */
  readonly lines: number;
  /** Length of a period in ms. */
  readonly periodMs: number;
}

/**
 * A logger for lines that somebody outside causes: writes at most so many in a period, and says with the first
 * of a later period how many were left out (`omitted`). Its children count with it.
 */
export function rateLimitedLogger(
  logger: Logger,
  clock: Pick<Clock, 'monotonic'>,
  { lines, periodMs }: LogRate,
): Logger {
  let start = Number.NEGATIVE_INFINITY;
  let written = 0;
  let omitted = 0;

  /** The fields to write, or undefined where this line is one too many. */
  function admit(fields: object): object | undefined {
    const now = clock.monotonic();
    if (now - start >= periodMs) {
      start = now;
      written = 0;
    }
    if (written >= lines) {
      omitted += 1;
      return undefined;
    }
    written += 1;
    if (omitted === 0) return fields;
    const told = { ...fields, omitted };
    omitted = 0;
    return told;
  }

  const around = (inner: Logger): Logger => {
    const level = (name: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
      const admitted = admit(fields);
      if (admitted) inner[name](admitted, message);
    };
    return {
      debug: level('debug'),
      info: level('info'),
      warn: level('warn'),
      error: level('error'),
      child: (bindings) => around(inner.child(bindings)),
    };
  };
  return around(logger);
}
