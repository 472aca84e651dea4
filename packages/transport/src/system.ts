import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '@causeway/protocol';

/**
 * The machine's own time and chance: the one file of the repository that reads them. Everything else has
 * them passed in. Timers keep the process alive, as Node's own do; whoever starts one stops it.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};

/** Unguessable bytes from the operating system; jitter from the engine. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => Math.random(),
};
