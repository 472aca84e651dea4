import type { Clock } from '@causeway/protocol';

/** How much of the registry's time somebody may use. */
export interface TimeShare {
  /** What may be used at once after a long rest, in ms. */
  readonly burstMs: number;
  /** Share of the time that comes back: 0.1 is 100 ms in a second. */
  readonly share: number;
}

/** Measures synchronous work by who caused it. Holds one small entry for each name it has seen. */
export interface TimeBudget {
  /**
   * Does the work and counts its time. Where the budget is spent, does nothing and gives the milliseconds to
   * wait until there is some again.
   */
  spend<T>(name: string, work: () => T): { readonly done: T } | { readonly waitMs: number };
  /** Does work that follows from what was begun, and counts its time. */
  charge<T>(name: string, work: () => T): T;
}

/** Creates a budget for each name. What is over it, the next has to wait for: work once begun is finished. */
export function createTimeBudget(clock: Pick<Clock, 'monotonic'>, { burstMs, share }: TimeShare): TimeBudget {
  const accounts = new Map<string, { left: number; at: number }>();

  /** The account of a name, with what has come back by now. */
  function accountOf(name: string): { left: number; at: number } {
    const start = clock.monotonic();
    const account = accounts.get(name) ?? { left: burstMs, at: start };
    accounts.set(name, account);
    account.left = Math.min(burstMs, account.left + (start - account.at) * share);
    account.at = start;
    return account;
  }

  function counting<T>(account: { left: number; at: number }, work: () => T): T {
    const start = account.at;
    try {
      return work();
    } finally {
      account.left -= clock.monotonic() - start;
    }
  }

  return {
    spend(name, work) {
      const account = accountOf(name);
      if (account.left <= 0) return { waitMs: Math.ceil((1 - account.left) / share) };
      return { done: counting(account, work) };
    },
    charge: (name, work) => counting(accountOf(name), work),
  };
}
