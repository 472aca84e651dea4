import { createTokenBucket } from '@causeway/policy';
import { CausewayError, type Clock } from '@causeway/protocol';

/** Requests of one site; the gateways of a site renew every two seconds, and register what its services start with. */
const any = { rate: 100, burst: 500 };
/**
 * Bytes of tables: what they are made of costs the registry as much time as they are long. A change is short, and may come
 * with every request; a whole table of a large site comes some times at once, and then every other second.
 */
const tables = { bytesPerSecond: 3_000_000, burst: 12_000_000 };
/** Shares of quotas are stored before they are given; gateways put what they ask for together. */
const shares = { rate: 25, burst: 50 };

/** Bounds what a site asks of the registry, so that one that is taken over does not keep it from the others. */
export interface RequestRate {
  /** Throws OVERLOADED with `retryAfter` where the site asks too much. */
  admit(op: string): void;
  /** Counts what a request for tables was answered with. */
  answered(bytes: number): void;
}

/** Creates the bound of one site. */
export function createRequestRate(site: string, clock: Pick<Clock, 'monotonic'>): RequestRate {
  const now = clock.monotonic();
  const all = createTokenBucket({ ...any, now });
  const ofShares = createTokenBucket({ ...shares, now });
  let left = tables.burst;
  let counted = now;

  /** Milliseconds until tables may be asked for; what is over the budget, the next has to wait for. */
  function waitForTables(at: number): number {
    left = Math.min(tables.burst, left + ((at - counted) * tables.bytesPerSecond) / 1_000);
    counted = at;
    return left > 0 ? 0 : Math.ceil(((1 - left) * 1_000) / tables.bytesPerSecond);
  }

  function waitFor(op: string, at: number): number {
    if (op === 'compiled') return waitForTables(at);
    return op === 'quota' ? ofShares.take(at) : 0;
  }

  return {
    admit(op) {
      const at = clock.monotonic();
      const retryAfter = all.take(at) || waitFor(op, at);
      if (retryAfter === 0) return;
      throw new CausewayError('OVERLOADED', `site ${site} asks more of the registry than it may`, {
        retryAfter,
      });
    },
    answered(bytes) {
      left -= bytes;
    },
  };
}
