import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createKeys, decodeJwt, formatCreds, publicKeyOf, writeSecret } from '@causeway/identity';
import type { Random, TenantKeys } from '@causeway/protocol';
import type { GatewayConfig } from '../config.ts';

/** The users of a site in a tenant's account: their keys are made here, and their seeds stay here. */
export interface TenantUsers {
  /** The public keys for a tenant that is coming: made at the first time, and the same from then on. */
  keys(tenant: string): Promise<TenantKeys['keys']>;
  /** Writes the credentials of the users that were issued for these keys; false where one is missing. */
  install(tenant: string, users: ReadonlyMap<'gateway' | 'leaf', string>): Promise<boolean>;
  /** Removes credentials and keys of a tenant that left. */
  remove(tenant: string): Promise<void>;
}

interface Seeds {
  readonly gateway: string;
  /** None in the cloud. */
  readonly leaf?: string;
}

/** Creates it on the folders of the site's credentials. */
export function createTenantUsers(
  config: Pick<GatewayConfig, 'credsDir' | 'leafCredsDir'>,
  random: Random,
): TenantUsers {
  const { credsDir, leafCredsDir } = config;
  const pendingFile = (tenant: string) => path.join(credsDir, `coming-${tenant}.json`);
  const gatewayFile = (tenant: string) => path.join(credsDir, `gateway-${tenant}.creds`);
  const leafFile = (tenant: string) =>
    leafCredsDir === undefined ? undefined : path.join(leafCredsDir, `${tenant}.leaf.creds`);

  async function pending(tenant: string): Promise<Seeds | undefined> {
    try {
      return JSON.parse(await readFile(pendingFile(tenant), 'utf8')) as Seeds;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  const stands = async (file: string | undefined) =>
    file === undefined || (await stat(file).catch(() => undefined)) !== undefined;

  return {
    async keys(tenant) {
      let seeds = await pending(tenant);
      if (!seeds) {
        seeds = {
          gateway: createKeys('user', random).seed,
          ...(leafCredsDir === undefined ? {} : { leaf: createKeys('user', random).seed }),
        };
        // Before anybody is told: the registry takes no second keys.
        await writeSecret(pendingFile(tenant), `${JSON.stringify(seeds)}\n`);
      }
      return {
        gateway: publicKeyOf(seeds.gateway),
        ...(seeds.leaf === undefined ? {} : { leaf: publicKeyOf(seeds.leaf) }),
      };
    },
    async install(tenant, users) {
      const seeds = await pending(tenant);
      const leaf = leafFile(tenant);
      if (!seeds) return (await stands(gatewayFile(tenant))) && (await stands(leaf));
      const issuedFor = (role: 'gateway' | 'leaf'): string | undefined => {
        const [jwt, seed] = [users.get(role), seeds[role]];
        // One for keys of before, when the tenant was here already, is nothing for these.
        const fits = jwt !== undefined && seed !== undefined && decodeJwt(jwt).subject === publicKeyOf(seed);
        return fits ? jwt : undefined;
      };
      const gatewayJwt = issuedFor('gateway');
      const leafJwt = issuedFor('leaf');
      if (gatewayJwt === undefined || (leaf !== undefined && leafJwt === undefined)) return false;
      await writeSecret(gatewayFile(tenant), formatCreds(gatewayJwt, seeds.gateway));
      if (leaf !== undefined && leafJwt !== undefined && seeds.leaf !== undefined) {
        await writeSecret(leaf, formatCreds(leafJwt, seeds.leaf));
      }
      await rm(pendingFile(tenant), { force: true });
      return true;
    },
    async remove(tenant) {
      for (const file of [pendingFile(tenant), gatewayFile(tenant), leafFile(tenant)]) {
        if (file !== undefined) await rm(file, { force: true });
      }
    },
  };
}
