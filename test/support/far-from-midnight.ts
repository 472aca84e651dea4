import { until } from './until.ts';

const dayMs = 86_400_000;
/** Sites know the hub's clock but for some milliseconds. */
const marginMs = 2_000;

/** How long a test may take that `untilFarFromMidnight` was awaited before; ms. */
export const longestTestMs = 60_000;

/** What waits for it, in a hook, needs so long at most; ms. */
export const midnightHookMs = 2 * longestTestMs;

function isFar(now: number): boolean {
  const into = now % dayMs;
  return into > marginMs && dayMs - into > longestTestMs + marginMs;
}

/**
 * Resolves when a test has room in the day that it is, on the hub's clock, which is this machine's: quotas of a day begin
 * anew at midnight UTC. Mostly that is at once; a minute before midnight it is after it.
 */
export async function untilFarFromMidnight(): Promise<void> {
  await until('no midnight comes within a test', () => isFar(Date.now()), {
    timeout: midnightHookMs - 10_000,
    every: 500,
  });
}
