import type { Clock } from '@causeway/protocol';

/** A clock that a test holds in its hands. */
export interface ManualClock extends Clock {
  /** Moves time on, and runs what falls due on the way, in order; promises settle between two of them. */
  advance(ms: number): Promise<void>;
  /** Timers that have not run or been cancelled. */
  readonly timers: number;
}

/** Lets every promise that can settle without a timer or the outside do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** Starts at `epoch` on the wall clock and at 0 on the monotonic one. */
export function manualClock(epoch = 1_700_000_000_000): ManualClock {
  const timers = new Set<{ at: number; every: number | undefined; callback: () => void }>();
  let elapsed = 0;
  const add = (ms: number, every: number | undefined, callback: () => void) => {
    const timer = { at: elapsed + ms, every, callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  return {
    now: () => epoch + elapsed,
    monotonic: () => elapsed,
    after: (ms, callback) => add(ms, undefined, callback),
    every: (ms, callback) => add(ms, ms, callback),
    async advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        await settle();
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        elapsed = Math.max(elapsed, next.at);
        if (next.every === undefined) timers.delete(next);
        else next.at += next.every;
        next.callback();
      }
      elapsed = end;
    },
    get timers() {
      return timers.size;
    },
  };
}
