import { createTokenBucket } from '@causeway/policy';
import { CausewayError, type Clock } from '@causeway/protocol';

/** Requests of one site; the gateways of a site renew every two seconds, and register what its services start with. */
const any = { rate: 100, burst: 500 };
/** A whole table costs the registry some milliseconds and megabytes. */
const tables = { rate: 5, burst: 20 };
/** Shares of quotas are stored before they are given; gateways put what they ask for together. */
const shares = { rate: 25, burst: 50 };

/** Bounds what a site asks of the registry, so that one that is taken over does not keep it from the others. */
export interface RequestRate {
  /** Throws OVERLOADED with `retryAfter` where the site asks too much. */
  admit(op: string): void;
}

/** Creates the bound of one site. */
export function createRequestRate(site: string, clock: Pick<Clock, 'monotonic'>): RequestRate {
  const now = clock.monotonic();
  const all = createTokenBucket({ ...any, now });
  const ofTables = createTokenBucket({ ...tables, now });
  const ofShares = createTokenBucket({ ...shares, now });
  return {
    admit(op) {
      const at = clock.monotonic();
      const own = op === 'compiled' ? ofTables : op === 'quota' ? ofShares : undefined;
      const retryAfter = all.take(at) || (own?.take(at) ?? 0);
      if (retryAfter === 0) return;
      throw new CausewayError('OVERLOADED', `site ${site} asks more of the registry than it may`, {
        retryAfter,
      });
    },
  };
}
