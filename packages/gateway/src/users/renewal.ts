import path from 'node:path';
import type { Clock, Logger } from '@causeway/protocol';
import type { GatewayConfig } from '../config.ts';
import type { TenantAgent } from '../tenant/agent.ts';
import { renewCredentials } from './credentials.ts';
import { ownName, type PendingStore } from './pending-keys.ts';

/** Takes in the re-issued users of this site: its gateway's and its leaf's. */
export interface UserRenewal {
  renew(tenant: string, role: 'gateway' | 'leaf', user: { id: string; jwt: string }): void;
  /** The tenant left: nothing more is taken up for it. */
  forget(tenant: string): void;
  /** Resolves once all credentials, or those of one tenant, are in use or in their files. */
  settled(tenant?: string): Promise<void>;
  /** The ids of the users that were taken up since this was asked last. */
  taken(): readonly string[];
}

const firstRetryMs = 100;
const longestRetryMs = 2_000;

/** Creates the renewal. The server reads a leaf's file when the link next connects; the registry sees to that. */
export function createUserRenewal(options: {
  config: GatewayConfig;
  agents: ReadonlyMap<string, Pick<TenantAgent, 'reconnect'>>;
  /** Seeds of new keys that were made here. */
  pending: Pick<PendingStore, 'seedOf'>;
  /** The gateway's own user in CONTROL was issued again; the cloud's alone is. */
  ownRenewed: () => Promise<void>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): UserRenewal {
  const { config, agents, pending, ownRenewed, clock, logger, signal } = options;
  /** Tenants whose credentials are renewed on disk, and not yet in use. */
  const unconnected = new Set<string>();
  /** The newest user of each tenant and role that is in use. */
  const taken = new Map<string, string>();
  let untold = new Set<string>();
  const gone = new Set<string>();
  /** By tenant: one whose files cannot be written holds up no other. */
  const queues = new Map<string, Promise<void>>();

  async function takeUp(tenant: string, role: 'gateway' | 'leaf', jwt: string): Promise<void> {
    if (role === 'leaf') {
      if (config.leafCredsDir)
        await renewCredentials(path.join(config.leafCredsDir, `${tenant}.leaf.creds`), jwt, pending.seedOf);
      return;
    }
    const own = tenant === ownName;
    const file = path.join(config.credsDir, own ? 'gateway.creds' : `gateway-${tenant}.creds`);
    const renewed = await renewCredentials(file, jwt, pending.seedOf);
    if (renewed) unconnected.add(tenant);
    if (!unconnected.has(tenant)) return;
    if (own) await ownRenewed();
    else await agents.get(tenant)?.reconnect();
    unconnected.delete(tenant);
  }

  async function renewOne(
    tenant: string,
    role: 'gateway' | 'leaf',
    user: { id: string; jwt: string },
  ): Promise<void> {
    if (taken.get(`${tenant}/${role}`) === user.id) return;
    for (
      let wait = firstRetryMs;
      !signal.aborted && !gone.has(tenant);
      wait = Math.min(longestRetryMs, wait * 2)
    ) {
      try {
        await takeUp(tenant, role, user.jwt);
        taken.set(`${tenant}/${role}`, user.id);
        untold.add(user.id);
        return;
      } catch (err) {
        logger.error({ err, tenant, role }, 're-issued user not taken up; trying again');
      }
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
  }

  return {
    renew(tenant, role, user) {
      gone.delete(tenant);
      const queue = queues.get(tenant) ?? Promise.resolve();
      queues.set(
        tenant,
        queue.then(() => renewOne(tenant, role, user)),
      );
    },
    forget(tenant) {
      gone.add(tenant);
      queues.delete(tenant);
      for (const role of ['gateway', 'leaf']) taken.delete(`${tenant}/${role}`);
    },
    async settled(tenant) {
      if (tenant === undefined) await Promise.all(queues.values());
      else await queues.get(tenant);
    },
    taken() {
      const ids = [...untold];
      untold = new Set();
      return ids;
    },
  };
}
