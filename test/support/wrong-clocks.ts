import type { Clock } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';

/** By how many ms a program's clock is ahead of what it is: of `registry`, of `gateway SITE`, or of `cli`. */
export type WrongClocks = Readonly<Record<string, number>>;

const preload = import.meta.resolve('./wrong-clock.ts');

/**
 * Programs that this process starts from now on have these clocks, in place of those set before; also those that are
 * started again. Resolves nothing that runs: kill it, and what keeps it up starts it so. The servers' clocks stay right.
 */
export function setClocks(clocks: WrongClocks): void {
  process.env.CAUSEWAY_TEST_CLOCKS = JSON.stringify(clocks);
  process.env.NODE_OPTIONS = `--import=${preload}`;
}

/** Puts them right again. */
export function resetClocks(): void {
  delete process.env.CAUSEWAY_TEST_CLOCKS;
  delete process.env.NODE_OPTIONS;
}

/** The system's clock, so many ms ahead. */
export function clockAhead(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms };
}
