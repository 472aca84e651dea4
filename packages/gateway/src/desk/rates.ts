import { createTokenBucket, type TokenBucket } from '@causeway/policy';
import { CausewayError, type Clock } from '@causeway/protocol';

/** Requests of one service, all its instances together: 64 that renew and ask at each change stay far below. */
const requests = { rate: 200, burst: 1_000 };
/** Bytes of answers to one service. A whole list has half a megabyte at most. */
const answers = { rate: 4_000_000, burst: 64_000_000 };
/** A table of buckets that are full again is of no use; looked at when it has grown to this. */
const sweepAt = 1_000;

/** Bounds what a service has of its gateway's desk, so that one that asks without end keeps nobody from it. */
export interface DeskRates {
  /** Throws OVERLOADED with `retryAfter` where the service asks too much. */
  admit(service: string): void;
  /** So many bytes were answered. */
  sent(service: string, bytes: number): void;
}

interface Account {
  readonly requests: TokenBucket;
  /** Bytes owed, as of `at`: they are paid off at the rate. */
  owed: number;
  at: number;
}

/** Creates the bounds of one tenant's services. */
export function createDeskRates(clock: Pick<Clock, 'monotonic'>): DeskRates {
  const accounts = new Map<string, Account>();
  let nextSweep = sweepAt;

  function accountOf(service: string, now: number): Account {
    let account = accounts.get(service);
    if (!account) {
      if (accounts.size >= nextSweep) sweep(now);
      account = { requests: createTokenBucket({ ...requests, now }), owed: 0, at: now };
      accounts.set(service, account);
    }
    account.owed = Math.max(0, account.owed - ((now - account.at) * answers.rate) / 1_000);
    account.at = now;
    return account;
  }

  /** Forgets who has asked for nothing long enough for all of it to have come back. */
  function sweep(now: number): void {
    const full = 1_000 * Math.max(requests.burst / requests.rate, answers.burst / answers.rate);
    for (const [service, { at }] of accounts) if (now - at > full) accounts.delete(service);
    nextSweep = Math.max(sweepAt, accounts.size * 2);
  }

  return {
    admit(service) {
      const now = clock.monotonic();
      const account = accountOf(service, now);
      const excess = account.owed - answers.burst;
      const retryAfter = excess > 0 ? Math.ceil((excess * 1_000) / answers.rate) : account.requests.take(now);
      if (retryAfter === 0) return;
      throw new CausewayError(
        'OVERLOADED',
        `${service} asks more of its gateway than it may; ask less often`,
        {
          retryAfter,
        },
      );
    },
    sent(service, bytes) {
      accountOf(service, clock.monotonic()).owed += bytes;
    },
  };
}
