import type { Clock, Logger, Random } from '@causeway/protocol';

/** What commands are given of the world: streams, environment, time, chance. */
export interface Context {
  readonly stdin: NodeJS.ReadStream;
  /** What was asked for, and nothing else. */
  readonly stdout: NodeJS.WriteStream;
  /** Progress, notices, logs, failures. */
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  /** A logger that writes JSON lines to standard error; silent at less than that level. */
  logger(level: 'info' | 'warn' | 'silent'): Logger;
  /**
   * Aborted at the first SIGINT, SIGTERM or SIGHUP from now on, which then no longer end the process; a second
   * SIGINT does. For commands that run until they are told to stop.
   */
  interruption(): AbortSignal;
}

/** Options that every command has. */
export interface GlobalOptions {
  /** The fabric's folder. */
  readonly dir: string;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
