import { createTokenBucket } from '@causeway/policy';
import { CausewayError, type Clock } from '@causeway/protocol';

/** Requests of one site; the gateways of a site renew every two seconds, and register what its services start with. */
const any = { rate: 100, burst: 500 };
/**
 * Bytes of tables: what they are made of costs the registry as much time as they are long. A change is short, and may come
 * with every request; a whole table of a large site comes some times at once, and then every other second.
 */
const tables = { bytesPerSecond: 3_000_000, burst: 12_000_000 };
/** Bytes of requests: of what is long one has to be read, checked and looked at for some 50 ms a megabyte. */
const requests = { bytesPerSecond: 2_000_000, burst: 16_000_000 };
const shortBytes = 16 * 1024;
/** Signing takes some 10 ms, and what comes of new keys is stored; a site asks for that when it is told to. */
const signed = { rate: 2, burst: 50 };
const signing: readonly string[] = ['certificate', 'rekey', 'tenant'];
/** Shares of quotas are stored before they are given; gateways put what they ask for together. */
const shares = { rate: 25, burst: 50 };

/** Bounds what a site asks of the registry, so that one that is taken over does not keep it from the others. */
export interface RequestRate {
  /** Throws OVERLOADED with `retryAfter` where the site asks too much; `bytes` is how long the request is. */
  admit(op: string, bytes: number): void;
  /** Counts what a request for tables was answered with. */
  answered(bytes: number): void;
}

/** Creates the bound of one site. */
export function createRequestRate(site: string, clock: Pick<Clock, 'monotonic'>): RequestRate {
  const now = clock.monotonic();
  const all = createTokenBucket({ ...any, now });
  const ofShares = createTokenBucket({ ...shares, now });
  const ofSigning = createTokenBucket({ ...signed, now });
  const ofTables = createByteBudget(tables, now);
  const ofRequests = createByteBudget(requests, now);

  /** What is short never has to wait for what was long: a gateway renews, whatever its services register. */
  const waitForLength = (bytes: number, at: number) => (bytes <= shortBytes ? 0 : ofRequests.wait(at));

  function waitFor(op: string, at: number): number {
    if (op === 'compiled') return ofTables.wait(at);
    if (signing.includes(op)) return ofSigning.take(at);
    return op === 'quota' ? ofShares.take(at) : 0;
  }

  return {
    admit(op, bytes) {
      const at = clock.monotonic();
      const retryAfter = all.take(at) || waitForLength(bytes, at) || waitFor(op, at);
      if (retryAfter === 0) {
        ofRequests.spend(bytes);
        return;
      }
      throw new CausewayError('OVERLOADED', `site ${site} asks more of the registry than it may`, {
        retryAfter,
      });
    },
    answered(bytes) {
      ofTables.spend(bytes);
    },
  };
}

/** Bytes that may be had at once, and so many more each second. What is over the budget, the next has to wait for. */
function createByteBudget({ bytesPerSecond, burst }: { bytesPerSecond: number; burst: number }, now: number) {
  let left = burst;
  let counted = now;
  return {
    /** Milliseconds until there are some again. */
    wait(at: number): number {
      left = Math.min(burst, left + ((at - counted) * bytesPerSecond) / 1_000);
      counted = at;
      return left > 0 ? 0 : Math.ceil(((1 - left) * 1_000) / bytesPerSecond);
    },
    spend(bytes: number): void {
      left -= bytes;
    },
  };
}
