import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeJwt, parseCreds, readSecret, tenantFault, writeJwt, writeSecret } from '@causeway/identity';
import { preloadAccount, remotesConf } from '@causeway/nats-server';
import type { Site } from '@causeway/protocol';
import type { Bootstrap } from '@causeway/registry';
import { fabricLayout } from '../layout.ts';
import {
  FabricError,
  readFabric,
  readHub,
  readSite,
  type SiteSettings,
  writeFabric,
  writeSite,
} from '../settings.ts';
import { whileSettled } from '../up/changing.ts';
import { requireOwnFolder } from '../up/own-folder.ts';
import { type FoundingPorts, foundAccount } from './accounts.ts';
import { diskBytes } from './found.ts';
import { foundTenantAt, leafRemote } from './site.ts';

/** A tenant that was founded in a fabric that stands. */
export interface AddedTenant {
  readonly tenant: string;
  /** Public key of its account. */
  readonly account: string;
  /** Sites where it is. */
  readonly sites: readonly string[];
  /** Sites that have no folder here: their users would have to be made where they are. */
  readonly elsewhere: readonly string[];
}

/**
 * Founds a tenant in a fabric that stands: its account, the signing keys of its roles, and its users at each site
 * whose folder is here. What runs takes it up when it starts again. Where it was killed it can be
 * done again. Throws a FabricError for a name that will not do, or is taken.
 */
export async function addTenant(dir: string, tenant: string, ports: FoundingPorts): Promise<AddedTenant> {
  const fault = tenantFault(tenant);
  if (fault) throw new FabricError(fault);
  const layout = fabricLayout(dir);
  const settings = await readFabric(dir);
  await requireOwnFolder(dir);
  // A site that joined has no keys to found one with.
  await readHub(dir);
  if (settings.tenants.includes(tenant)) {
    throw new FabricError(
      `there is a tenant ${tenant} already; where it is not in force yet, causeway down and up take it up`,
    );
  }
  return whileSettled(layout, () => addInto(dir, tenant, ports));
}

async function addInto(dir: string, tenant: string, ports: FoundingPorts): Promise<AddedTenant> {
  const layout = fabricLayout(dir);
  const settings = await readFabric(dir);
  const bootstrap = JSON.parse(await readFile(layout.bootstrap, 'utf8')) as Bootstrap;
  const here: SiteSettings[] = [];
  const elsewhere: string[] = [];
  for (const name of settings.sites) {
    await readSite(dir, name).then(
      (site) => here.push(site),
      (error: unknown) => {
        if (!(error instanceof FabricError)) throw error;
        elsewhere.push(name);
      },
    );
  }
  const known = bootstrap.accounts.find((account) => account.name === tenant);
  // Otherwise it was founded by a try that was killed before its last step, or by the registry: its keys may be in use.
  const account =
    known?.publicKey ?? (await found(dir, tenant, bootstrap, here, settings.sites.length, ports));
  await writeFabric(dir, { ...settings, tenants: [...settings.tenants, tenant] });
  return { tenant, account, sites: here.map(({ site }) => site), elsewhere };
}

/** Founds it; the registry's `bootstrap.json` comes last, as all that it names must be there. */
async function found(
  dir: string,
  tenant: string,
  bootstrap: Bootstrap,
  sites: readonly SiteSettings[],
  siteCount: number,
  ports: FoundingPorts,
): Promise<string> {
  const layout = fabricLayout(dir);
  const operatorSigner = (await readSecret(path.join(layout.registry, 'operator-signing.nk'))).trim();
  const account = await foundAccount('tenant', tenant, {
    ...ports,
    operatorSigner,
    sites: siteCount,
    diskBytes,
  });
  for (const [role, keys] of Object.entries(account.signers)) {
    await writeSecret(path.join(layout.registry, 'keys', `${tenant}.${role}.nk`), keys.seed);
  }
  const accounts = [
    ...bootstrap.accounts,
    { kind: 'account' as const, name: tenant, publicKey: account.publicKey, jwt: account.jwt },
  ];
  const keys = new Map<string, Site['tenants'][string]>();
  for (const site of sites) {
    const at = layout.site(site.site);
    const users = await foundTenantAt({ ...site, name: site.site }, account, ports);
    keys.set(site.site, users.keys);
    await writeSecret(path.join(at.creds, `gateway-${tenant}.creds`), users.gateway);
    await preloadAccount(at.nats, account.publicKey, account.jwt);
    if (users.leaf !== undefined) {
      await writeSecret(path.join(at.leafCreds, `${tenant}.leaf.creds`), users.leaf);
      const present = accounts.filter(({ name }) => name === tenant || site.tenants.includes(name));
      await writeSecret(path.join(at.nats, 'remotes.conf'), await remotesOf(dir, site, present));
    }
    if (site.tenants.includes(tenant)) continue;
    const tenants = [...site.tenants, tenant];
    await writeSite(at.folder, { ...site, tenants });
  }
  const next: Bootstrap = {
    ...bootstrap,
    accounts,
    sites: bootstrap.sites.map((site) => {
      const ofSite = keys.get(site.name);
      return ofSite ? { ...site, tenants: { ...site.tenants, [tenant]: ofSite } } : site;
    }),
  };
  await writeJwt(layout.bootstrap, `${JSON.stringify(next, null, 2)}\n`);
  return account.publicKey;
}

/** The text of an edge's `remotes.conf`: its own link, and one for each tenant. */
async function remotesOf(
  dir: string,
  site: SiteSettings,
  tenants: readonly { readonly name: string; readonly publicKey: string }[],
): Promise<string> {
  const layout = fabricLayout(dir).site(site.site);
  const hub = await readHub(dir);
  const url = `tls://${hub.host}:${hub.ports.leaf}`;
  const { jwt } = parseCreds(await readSecret(path.join(layout.creds, 'gateway.creds')));
  const { issuerAccount } = decodeJwt(jwt);
  if (issuerAccount === undefined) throw new FabricError(`${layout.creds}/gateway.creds name no account`);
  return remotesConf([
    leafRemote(url, issuerAccount, 'control'),
    ...tenants.map(({ name, publicKey }) => leafRemote(url, publicKey, name)),
  ]);
}
