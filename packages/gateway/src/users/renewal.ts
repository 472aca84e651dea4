import path from 'node:path';
import type { Logger } from '@causeway/protocol';
import type { GatewayConfig } from '../config.ts';
import type { TenantAgent } from '../tenant/agent.ts';
import { renewCredentials } from './credentials.ts';

/** Takes in the re-issued users of this site: its gateway's and its leaf's. */
export interface UserRenewal {
  renew(tenant: string, role: 'gateway' | 'leaf', user: { id: string; jwt: string }): void;
  /** Resolves with the ids of all users renewed so far, once their credentials are in use or in their files. */
  settled(): Promise<readonly string[]>;
}

/** Creates the renewal. The server reads a leaf's file when the link next connects; the registry sees to that. */
export function createUserRenewal(options: {
  config: GatewayConfig;
  agents: ReadonlyMap<string, TenantAgent>;
  logger: Logger;
}): UserRenewal {
  const { config, agents, logger } = options;
  const ids = new Set<string>();
  let queue: Promise<void> = Promise.resolve();

  async function renewOne(
    tenant: string,
    role: 'gateway' | 'leaf',
    user: { id: string; jwt: string },
  ): Promise<void> {
    try {
      if (role === 'leaf') {
        if (!config.leafCredsDir) return;
        await renewCredentials(path.join(config.leafCredsDir, `${tenant}.leaf.creds`), user.jwt);
      } else if (await renewCredentials(path.join(config.credsDir, `gateway-${tenant}.creds`), user.jwt)) {
        await agents.get(tenant)?.reconnect();
      }
      ids.add(user.id);
    } catch (err) {
      logger.error({ err, tenant, role }, 're-issued user not taken up');
    }
  }

  return {
    renew(tenant, role, user) {
      queue = queue.then(() => renewOne(tenant, role, user));
    },
    async settled() {
      await queue;
      return [...ids];
    },
  };
}
