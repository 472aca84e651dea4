import { canonicalJson } from '../canonical-json.ts';
import type { PolicyLimits } from '../decide.ts';
import { type Limiter, limiterOf } from './limiter.ts';
import { createMeter, type Meter } from './meter.ts';

/** A limiter of a pool; closed when it is asked no more. Calls under way may still be released. */
export interface PooledLimiter extends Limiter {
  close(): void;
}

/**
 * Limiters that share meters: a policy's limits are for all it lets a caller call at a site, not for each
 * endpoint once more.
 */
export interface LimiterPool {
  /**
   * The limiter for a call of `owner` (who calls, such as `<tenant>/<site>/<service>`). Limits that did not
   * change keep what is used of them, so that applying a policy is no way to a fresh burst.
   */
  limiter(owner: string, limits: readonly PolicyLimits[], now: number): PooledLimiter;
  /** Forgets what no open limiter refers to and is wholly unused again. Call it now and then. */
  sweep(now: number): void;
  /** Meters remembered. */
  readonly size: number;
}

interface Entry {
  readonly meter: Meter;
  readonly refillMs: number;
  users: number;
  lastAsked: number;
}

function refillOf({ rate, burst }: PolicyLimits): number {
  if (rate === undefined) return 0;
  return ((burst ?? Math.max(1, Math.ceil(rate))) * 1000) / rate;
}

/** An empty pool. */
export function createLimiterPool(): LimiterPool {
  const entries = new Map<string, Entry>();

  function entryOf(owner: string, limit: PolicyLimits, now: number): Entry {
    const key = `${owner} ${canonicalJson(limit)}`;
    const known = entries.get(key);
    if (known) return known;
    const meter = createMeter(limit, now);
    const entry = { meter, refillMs: refillOf(limit), users: 0, lastAsked: now };
    entries.set(key, entry);
    return entry;
  }

  return {
    get size() {
      return entries.size;
    },
    limiter(owner, limits, now) {
      const used = limits.map((limit) => entryOf(owner, limit, now));
      for (const entry of used) entry.users += 1;
      const limiter = limiterOf(used.map((entry) => entry.meter));
      let open = true;
      return {
        admit(nowMs) {
          for (const entry of used) entry.lastAsked = nowMs;
          return limiter.admit(nowMs);
        },
        release: () => limiter.release(),
        close() {
          if (!open) return;
          open = false;
          for (const entry of used) entry.users -= 1;
        },
      };
    },
    sweep(now) {
      for (const [key, entry] of entries) {
        const idle = (entry.meter.concurrency?.active ?? 0) === 0;
        // After this long without a call the bucket is full, as a fresh one would be.
        if (entry.users === 0 && idle && now - entry.lastAsked > entry.refillMs) entries.delete(key);
      }
    },
  };
}
