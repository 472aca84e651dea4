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

/** What of a policy's limits is metered here, at one site: a change of the others changes no meter. */
function meteredOf({
  policy,
  rate,
  burst,
  concurrency,
  bytesPerSecond,
}: PolicyLimits): PolicyLimits | undefined {
  if (rate === undefined && concurrency === undefined && bytesPerSecond === undefined) return undefined;
  return {
    policy,
    ...(rate === undefined ? {} : { rate }),
    ...(burst === undefined ? {} : { burst }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  };
}

/** How long the buckets are not surely full yet, were they empty and nobody called; debts come on top. */
function refillOf({ rate, burst, bytesPerSecond }: PolicyLimits): number {
  const calls = rate === undefined ? 0 : ((burst ?? Math.max(1, Math.ceil(rate))) * 1000) / rate;
  return Math.max(calls, bytesPerSecond === undefined ? 0 : 1000);
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
      const metered = limits.map(meteredOf).filter((limit) => limit !== undefined);
      const used = metered.map((limit) => entryOf(owner, limit, now));
      for (const entry of used) entry.users += 1;
      const limiter = limiterOf(used.map((entry) => entry.meter));
      let open = true;
      return {
        countsBytes: limiter.countsBytes,
        admit(nowMs, requestBytes) {
          for (const entry of used) entry.lastAsked = nowMs;
          return limiter.admit(nowMs, requestBytes);
        },
        replied(bytes, nowMs) {
          for (const entry of used) entry.lastAsked = nowMs;
          limiter.replied(bytes, nowMs);
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
        if (entry.users > 0 || !idle || now - entry.lastAsked <= entry.refillMs) continue;
        // After this long without a call the bucket is full, as a fresh one would be; a debt takes longer.
        if (entry.meter.bytes?.isFull(now) ?? true) entries.delete(key);
      }
    },
  };
}
