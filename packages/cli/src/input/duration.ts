import { InvalidArgumentError } from 'commander';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const longest = 24 * units.h;

/** Milliseconds of `500ms`, `2s`, `1.5s`, `1m` or `1h`; for options. Throws where it is none, or none that is left. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const ms = match ? Math.round(Number(match[1]) * units[match[2] as keyof typeof units]) : 0;
  if (ms < 1 || ms > longest) throw new InvalidArgumentError('Expected a time such as 500ms, 2s or 1m.');
  return ms;
}
