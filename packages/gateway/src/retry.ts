import type { Clock, Logger } from '@causeway/protocol';

const firstWaitMs = 50;
const longestWaitMs = 2_000;
const firstLongWaitMs = 800;

/** Tries until it works, waiting longer each time: for what another process has to make first. */
export async function retry<T>(
  what: string,
  attempt: () => Promise<T>,
  around: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<T> {
  for (let wait = firstWaitMs; ; wait = Math.min(longestWaitMs, wait * 2)) {
    try {
      return await attempt();
    } catch (err) {
      if (around.signal.aborted) throw err;
      // What takes longer than a start of its own does is to be seen, once.
      const level = wait === firstLongWaitMs ? 'warn' : 'debug';
      around.logger[level]({ err, what }, 'not yet; trying again');
      await new Promise<void>((resolve) => around.clock.after(wait, resolve));
    }
  }
}
