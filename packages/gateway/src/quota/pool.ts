import { type PolicyLimits, quotaAmounts } from '@causeway/policy';
import type { Clock } from '@causeway/protocol';
import type { HubClock } from '@causeway/transport';
import { type Counter, createCounter, enterWindow } from './counter.ts';
import { guardOf, type QuotaGuard } from './guard.ts';
import { type AskShares, createRequests, pauseMs } from './requests.ts';

/** The gateway's shares of quotas: in memory alone, so that those of a gateway that is killed are spent by nobody. */
export interface QuotaPool {
  /** The guard for calls of a caller under the limits of all policies that allow them; undefined without quotas. */
  guard(
    tenant: string,
    from: { readonly site: string; readonly service: string },
    limits: readonly PolicyLimits[],
  ): QuotaGuard | undefined;
  /** Runs once the shares that a guard asked for have come, or surely do not, or after `ms`. */
  wait(guard: QuotaGuard, ms: number, resume: () => void): void;
  /** Gives back what is not used, and forgets what nobody asks for. Call it now and then. */
  sweep(): void;
  /** Calls that wait. */
  readonly waiting: number;
  /** Counters remembered. */
  readonly size: number;
  /** Gives everything back; resolves when the registry has it, or cannot be told. */
  close(): Promise<void>;
}

/** A share of an hour or a day that was not spent from for so long is given back, ms, */
const idleMs = 60_000;
/** but for this part of the quota: the site may be cut off, and shall not be without any. */
const keptPart = 64;

interface Entry {
  readonly counter: Counter;
  users: number;
}

/** Creates the pool, empty. `ask` asks the registry. */
export function createQuotaPool(options: {
  ask: AskShares;
  hub: Pick<HubClock, 'now'>;
  clock: Clock;
}): QuotaPool {
  const { hub, clock } = options;
  const entries = new Map<string, Entry>();
  const waiting = new Set<{ readonly guard: QuotaGuard; readonly end: () => void }>();
  const requests = createRequests({
    ask: options.ask,
    clock,
    settled() {
      for (const each of [...waiting]) if (!each.guard.isAsked) each.end();
    },
  });

  function entryOf(name: Counter['name'], amount: number): Entry {
    const { tenant, policy, from, unit, window } = name;
    // With its amount: one that was changed is another, and asks anew.
    const key = `${tenant} ${policy} ${from.site} ${from.service} ${unit} ${window} ${amount}`;
    const known = entries.get(key);
    if (known) return known;
    const entry = { counter: createCounter(name, amount, clock.monotonic()), users: 0 };
    entries.set(key, entry);
    return entry;
  }

  return {
    get waiting() {
      return waiting.size;
    },
    get size() {
      return entries.size;
    },
    guard(tenant, { site, service }, limits) {
      const used = limits.flatMap(({ policy, quota = {} }) =>
        quotaAmounts(quota).map(({ unit, window, amount }) =>
          entryOf({ tenant, policy, from: { site, service }, unit, window }, amount),
        ),
      );
      if (used.length === 0) return undefined;
      for (const entry of used) entry.users += 1;
      return guardOf(
        used.map(({ counter }) => counter),
        {
          want: requests.want,
          monotonic: () => clock.monotonic(),
          untilAsked: ({ asked, notBefore }) => (asked ? pauseMs : notBefore - clock.monotonic()),
          release() {
            for (const entry of used) entry.users -= 1;
          },
        },
      );
    },
    wait(guard, ms, resume) {
      const each = {
        guard,
        end() {
          waiting.delete(each);
          cancel();
          resume();
        },
      };
      const cancel = clock.after(ms, each.end);
      waiting.add(each);
    },
    sweep() {
      const now = hub.now();
      const at = clock.monotonic();
      for (const [key, { counter, users }] of entries) {
        if (counter.asked) continue;
        enterWindow(counter, now);
        if (users === 0) {
          entries.delete(key);
          requests.giveBack(counter, counter.left);
        } else if (counter.name.window !== 'minute' && at - counter.spentAt > idleMs) {
          requests.giveBack(counter, counter.left - Math.ceil(counter.amount / keptPart));
        }
      }
    },
    async close() {
      for (const { counter } of entries.values()) requests.giveBack(counter, counter.left);
      entries.clear();
      await requests.drain();
    },
  };
}
