import type { Clock } from '@causeway/protocol';

/**
 * Keeps calls from waiting, each for its whole deadline, for what answers nobody: a link that stands still without
 * closing says nothing for seconds. What a breaker is, and when it opens, is counted by subject.
 */
export interface CircuitBreaker {
  /** 0 where a call may be sent; else milliseconds until the next one may be, to see whether it is answered again. */
  wait(subject: string): number;
  /** A reply came, whatever it says. */
  answered(subject: string): void;
  /** A call's deadline passed without a reply. */
  timedOut(subject: string): void;
}

/** Calls on end that nobody answered, until others are not sent any more. */
const opensAfter = 3;
/** One call is let through this often while it is open, in ms. */
const probeEveryMs = 250;

/** Creates a breaker with every circuit closed. It remembers subjects only while they are not answered. */
export function createCircuitBreaker(clock: Pick<Clock, 'monotonic'>): CircuitBreaker {
  const silent = new Map<string, { timeouts: number; nextProbe: number }>();
  return {
    wait(subject) {
      // Mostly nothing is silent: no look-up then.
      if (silent.size === 0) return 0;
      const entry = silent.get(subject);
      if (entry === undefined || entry.timeouts < opensAfter) return 0;
      const now = clock.monotonic();
      if (now < entry.nextProbe) return Math.ceil(entry.nextProbe - now);
      entry.nextProbe = now + probeEveryMs;
      return 0;
    },
    answered(subject) {
      if (silent.size > 0) silent.delete(subject);
    },
    timedOut(subject) {
      // The next call is let through at once: those that were lost together, in a cut that is over by now, time out
      // together, and must not keep others from being sent.
      const entry = silent.get(subject) ?? { timeouts: 0, nextProbe: 0 };
      entry.timeouts += 1;
      silent.set(subject, entry);
    },
  };
}
