import type { PolicyLimits } from '../decide.ts';
import { createMeter, type Meter } from './meter.ts';

/** Why a limiter let a call wait, and by which policy. */
export interface LimitRefusal {
  readonly code: 'RATE_LIMITED' | 'TOO_MANY_CONCURRENT';
  readonly policy: string;
  /** Milliseconds after which a lone caller is admitted; undefined where it hangs on calls under way. */
  readonly retryAfter: number | undefined;
}

/** The limits of all policies that allow one call. */
export interface Limiter {
  /** Undefined: admitted, and `release` must follow. Else nothing was used of any policy's limits. */
  admit(nowMs: number): LimitRefusal | undefined;
  /** The call has ended. Throws a RangeError where none is under way. */
  release(): void;
}

/** Guards a call with meters that other limiters may share. An admission allocates nothing. */
export function limiterOf(meters: readonly Meter[]): Limiter {
  return {
    admit(nowMs) {
      for (const { policy, concurrency } of meters) {
        if (concurrency && !concurrency.hasRoom()) {
          return { code: 'TOO_MANY_CONCURRENT', policy, retryAfter: undefined };
        }
      }
      let longest = 0;
      let refusing: Meter | undefined;
      for (const meter of meters) {
        const wait = meter.bucket?.wait(nowMs) ?? 0;
        if (wait > longest) {
          longest = wait;
          refusing = meter;
        }
      }
      if (refusing) return { code: 'RATE_LIMITED', policy: refusing.policy, retryAfter: longest };
      for (const { bucket, concurrency } of meters) {
        bucket?.spend();
        concurrency?.enter();
      }
      return undefined;
    },
    release() {
      for (const { concurrency } of meters) concurrency?.leave();
    },
  };
}

/**
 * A limiter of its own, all unused, for the limits of a decision. All or nothing: a refusal by one policy uses
 * nothing of another's. Of several that refuse by rate, the one with the longest wait is named.
 */
export function createLimiter(limits: readonly PolicyLimits[], now: number): Limiter {
  return limiterOf(limits.map((limit) => createMeter(limit, now)));
}
