import type { Clock, Logger } from '@causeway/protocol';
import type { TenantAgent } from './agent.ts';

/** The tenants that a site has, brought in line with what its tables say, one change after the other. */
export interface Roster {
  /** What the tables say of a tenant: its account's public key, or that it is not here any more. */
  wanted(tenant: string, account: string | undefined): void;
  /** A user of a tenant was issued. True where the tenant is only just coming: the roster takes it. */
  user(tenant: string, role: 'gateway' | 'leaf', user: IssuedUser): boolean;
  /** Resolves when all that was said so far is done, of one tenant or of all. */
  settled(tenant?: string): Promise<void>;
}

type IssuedUser = { id: string; jwt: string };

/** What coming and leaving consist of; each step may be done again, and is until it succeeds. */
export interface RosterSteps {
  /** Makes the keys that are missing, and tells the registry. */
  announce(tenant: string): Promise<void>;
  /** Puts the users that were issued, with their keys, where they are used; false where one is still missing. */
  install(tenant: string, users: ReadonlyMap<'gateway' | 'leaf', string>): Promise<boolean>;
  /** Links the account, opens its chain, and starts the agent. */
  start(tenant: string, account: string): Promise<void>;
  /** Takes up a user that may have been issued again while the tenant was coming. */
  renew(tenant: string, role: 'gateway' | 'leaf', user: IssuedUser): void;
  /** Ends the agent, counts what it recorded, and takes its link and credentials away. */
  leave(tenant: string): Promise<void>;
}

const firstRetryMs = 100;
const longestRetryMs = 5_000;

/** Creates it. `agents` are those that run: whoever has one is here. */
export function createRoster(options: {
  agents: ReadonlyMap<string, TenantAgent>;
  steps: RosterSteps;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): Roster {
  const { agents, steps, clock, logger, signal } = options;
  const accounts = new Map<string, string | undefined>();
  const users = new Map<string, Map<'gateway' | 'leaf', IssuedUser>>();
  const queues = new Map<string, Promise<void>>();
  /** Woken where something that a tenant waits for has come. */
  const wake = new Map<string, () => void>();

  function pause(tenant: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      wake.set(tenant, () => {
        cancel();
        resolve();
      });
    });
  }

  async function bringInLine(tenant: string): Promise<void> {
    let announced = false;
    for (let wait = firstRetryMs; !signal.aborted; wait = Math.min(longestRetryMs, wait * 2)) {
      const account = accounts.get(tenant);
      if ((account !== undefined) === agents.has(tenant)) return;
      try {
        if (account === undefined) {
          await steps.leave(tenant);
          users.delete(tenant);
          continue;
        }
        const jwts = new Map([...(users.get(tenant) ?? [])].map(([role, { jwt }]) => [role, jwt] as const));
        if (await steps.install(tenant, jwts)) {
          await steps.start(tenant, account);
          for (const [role, user] of users.get(tenant) ?? []) steps.renew(tenant, role, user);
          users.delete(tenant);
          continue;
        }
        if (!announced) await steps.announce(tenant);
        announced = true;
      } catch (err) {
        logger.warn({ err, tenant }, 'tenant not brought in line with the tables yet; trying again');
      }
      await pause(tenant, wait);
    }
  }

  return {
    wanted(tenant, account) {
      accounts.set(tenant, account);
      wake.get(tenant)?.();
      const queue = queues.get(tenant) ?? Promise.resolve();
      queues.set(
        tenant,
        queue.then(() => bringInLine(tenant)),
      );
    },
    user(tenant, role, user) {
      if (agents.has(tenant)) return false;
      const ofTenant = users.get(tenant) ?? new Map<'gateway' | 'leaf', IssuedUser>();
      ofTenant.set(role, user);
      users.set(tenant, ofTenant);
      wake.get(tenant)?.();
      return true;
    },
    async settled(tenant) {
      if (tenant === undefined) await Promise.all(queues.values());
      else await queues.get(tenant);
    },
  };
}
