import path from 'node:path';
import { publicKeyOf } from '@causeway/identity';
import type { Clock, Logger, Rekey, RekeyRequest } from '@causeway/protocol';
import { readCreds } from '@causeway/transport';
import type { GatewayConfig } from '../config.ts';
import type { OwnUser } from './own-user.ts';
import { ownName, type PendingStore, type Role } from './pending-keys.ts';
import type { UserRenewal } from './renewal.ts';

/** Replaces the keys of the site's gateway and links, as the registry asks. */
export interface Rekeying {
  /** What the site is asked to replace now. */
  asked(rekey: Rekey): void;
}

const pollMs = 100;
const firstRetryMs = 200;
const longestRetryMs = 5_000;

/**
 * Creates it. The keys are made here and kept before anything is told of them; every step can be done again, so that a
 * gateway that is killed goes on when it is started: the asking stands in its tables until it has said that it is done.
 */
export function createRekeying(options: {
  config: GatewayConfig;
  /** By the tenants that are here now: some may come and go while keys are replaced. */
  agents: ReadonlyMap<string, unknown>;
  pending: PendingStore;
  users: Pick<UserRenewal, 'settled'>;
  /** The gateway's user in the edge's own account; undefined where the registry issues it. */
  own: OwnUser | undefined;
  tell: (request: Omit<RekeyRequest, 'gateway'>) => Promise<unknown>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): Rekeying {
  const { config, agents, pending, users, own, tell, clock, logger, signal } = options;
  const running = new Set<Role>();
  let wanted: Rekey = {};

  const namesOf = (role: Role) => [
    ...agents.keys(),
    ...(role === 'leaf' || config.cloud || own !== undefined ? [ownName] : []),
  ];

  /** Where the registry has issued it, the file that its user comes into. */
  function fileOf(role: Role, name: string): string | undefined {
    if (role === 'leaf') return path.join(config.leafCredsDir ?? '', `${name}.leaf.creds`);
    if (name !== ownName) return path.join(config.credsDir, `gateway-${name}.creds`);
    return config.cloud ? path.join(config.credsDir, 'gateway.creds') : undefined;
  }

  async function pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => clock.after(ms, resolve));
  }

  async function replace(role: Role, id: string): Promise<void> {
    const { seeds } = await pending.ensure(role, id, namesOf(role));
    const keys: Record<string, string> = {};
    for (const [name, seed] of Object.entries(seeds)) keys[name] = publicKeyOf(seed);
    const { [ownName]: ownKey, ...ofTenants } = keys;
    const request = { role, id, keys: ofTenants, ...(ownKey === undefined ? {} : { own: ownKey }) };
    await tell(request);
    // Whoever verifies blocks knows the key by now.
    if (role === 'gateway' && own !== undefined) await own.replace(seeds[ownName] as string);
    const inPlace = () =>
      Object.entries(keys).every(([name, key]) => {
        const file = fileOf(role, name);
        return file === undefined || readCreds(file).publicKey === key;
      });
    while (!inPlace() && wanted[role] === id && !signal.aborted) await pause(pollMs);
    await users.settled();
    if (wanted[role] !== id || signal.aborted) return;
    await tell({ ...request, done: true });
    await pending.forget(role);
    logger.info({ role }, 'new keys in use');
  }

  async function run(role: Role): Promise<void> {
    running.add(role);
    let done: string | undefined;
    for (let wait = firstRetryMs; !signal.aborted; wait = Math.min(longestRetryMs, wait * 2)) {
      const id = wanted[role];
      if (id === undefined || id === done) break;
      try {
        await replace(role, id);
        done = id;
        wait = firstRetryMs;
      } catch (err) {
        logger.warn({ err, role }, 'keys not replaced yet; trying again');
        await pause(wait);
      }
    }
    running.delete(role);
  }

  return {
    asked(rekey) {
      wanted = rekey;
      for (const role of ['gateway', 'leaf'] as const) {
        if (rekey[role] !== undefined && !running.has(role)) void run(role);
      }
    },
  };
}
