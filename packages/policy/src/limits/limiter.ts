import type { PolicyLimits } from '../decide.ts';
import { createMeter, type Meter } from './meter.ts';

/** Why a limiter let a call wait, and by which limit of which policy. */
export interface LimitRefusal {
  readonly code: 'RATE_LIMITED' | 'TOO_MANY_CONCURRENT';
  readonly policy: string;
  readonly limit: 'rate' | 'bytesPerSecond' | 'concurrency';
  /** Milliseconds after which a lone caller is admitted; undefined where it hangs on calls under way. */
  readonly retryAfter: number | undefined;
}

/** The limits of all policies that allow one call. */
export interface Limiter {
  /**
   * Undefined: admitted, its request's bytes are counted, and `release` must follow. Else nothing was used of any
   * policy's limits.
   */
  admit(nowMs: number, requestBytes: number): LimitRefusal | undefined;
  /** True where `replied` counts anything. */
  readonly countsBytes: boolean;
  /** An admitted call was answered with this many bytes. */
  replied(bytes: number, nowMs: number): void;
  /** The call has ended. Throws a RangeError where none is under way. */
  release(): void;
}

/** Guards a call with meters that other limiters may share. An admission allocates nothing. */
export function limiterOf(meters: readonly Meter[]): Limiter {
  const countsBytes = meters.some(({ bytes }) => bytes !== undefined);
  return {
    countsBytes,
    admit(nowMs, requestBytes) {
      for (const { policy, concurrency } of meters) {
        if (concurrency && !concurrency.hasRoom()) {
          return { code: 'TOO_MANY_CONCURRENT', policy, limit: 'concurrency', retryAfter: undefined };
        }
      }
      let longest = 0;
      let refusing: Meter | undefined;
      let limit: 'rate' | 'bytesPerSecond' = 'rate';
      for (const meter of meters) {
        const wait = meter.bucket?.wait(nowMs) ?? 0;
        if (wait > longest) {
          longest = wait;
          refusing = meter;
          limit = 'rate';
        }
        const waitForBytes = meter.bytes?.wait(nowMs) ?? 0;
        if (waitForBytes > longest) {
          longest = waitForBytes;
          refusing = meter;
          limit = 'bytesPerSecond';
        }
      }
      if (refusing) return { code: 'RATE_LIMITED', policy: refusing.policy, limit, retryAfter: longest };
      for (const { bucket, concurrency, bytes } of meters) {
        bucket?.spend();
        concurrency?.enter();
        bytes?.charge(requestBytes, nowMs);
      }
      return undefined;
    },
    replied(count, nowMs) {
      for (const { bytes } of meters) bytes?.charge(count, nowMs);
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
