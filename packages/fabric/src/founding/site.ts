import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  accountNames,
  type Certificate,
  formatCreds,
  issueServerCertificate,
  writeSecret,
} from '@causeway/identity';
import { type LeafRemote, prepareServerFolder } from '@causeway/nats-server';
import type { Site } from '@causeway/protocol';
import { fabricLayout } from '../layout.ts';
import { certificateDaysOf, type SiteSettings, stateFormat, writeSite } from '../settings.ts';
import { type FoundedAccount, type FoundingPorts, foundAccount, foundUser } from './accounts.ts';

/** A site to be founded. */
export interface SitePlan {
  readonly name: string;
  readonly cloud: boolean;
  readonly host: string;
  readonly listen: string;
  /** Further names and addresses of the server's certificate. */
  readonly alsoKnownAs: readonly string[];
  readonly ports: SiteSettings['ports'];
  /** How long its server's certificates are good, in days; 825 where absent. */
  readonly certificateDays?: number;
  /** Name of its gateway; `gw-1` where absent. */
  readonly gateway?: string;
}

/** What all sites are founded with. */
export interface SiteFounding extends FoundingPorts {
  readonly dir: string;
  readonly ca: Certificate;
  readonly operatorJwt: string;
  readonly operatorSigner: string;
  readonly control: FoundedAccount<'control'>;
  readonly ops: FoundedAccount<'ops'>;
  readonly tenants: readonly FoundedAccount<'tenant'>[];
  /** Where edges enter the hub: `tls://host:port`. */
  readonly hubLeafUrl: string;
  readonly diskBytes: number;
}

/** Name of the one gateway replica that a site starts with. */
const firstGateway = 'gw-1';

/** A link of an edge to the hub, with the credentials that lie in its server's folder under that name. */
export function leafRemote(hubLeafUrl: string, localAccount: string, name: string): LeafRemote {
  return { urls: [hubLeafUrl], localAccount, credentials: `./creds/${name}.leaf.creds` };
}

/** A site's users in a tenant's account: credentials to be written where the site is, and their public keys. */
export async function foundTenantAt(
  site: { readonly name: string; readonly cloud: boolean; readonly gateway: string },
  tenant: FoundedAccount<'tenant'>,
  around: FoundingPorts,
): Promise<{
  readonly gateway: string;
  /** None for the cloud. */
  readonly leaf: string | undefined;
  readonly keys: Site['tenants'][string];
}> {
  const tags = { site: site.name };
  const gateway = await foundUser(tenant, 'gateway', site.gateway, tags, around);
  const leaf = site.cloud ? undefined : await foundUser(tenant, 'leaf', site.name, tags, around);
  return {
    gateway: formatCreds(gateway.jwt, gateway.seed),
    leaf: leaf && formatCreds(leaf.jwt, leaf.seed),
    keys: { gateway: gateway.publicKey, ...(leaf ? { leaf: leaf.publicKey } : {}) },
  };
}

/** Founds a site: its accounts, users, keys, certificate and server folder. Resolves with its document. */
export async function foundSite(plan: SitePlan, around: SiteFounding): Promise<Site> {
  const { dir, ca, control, ops, tenants, clock, random } = around;
  const layout = fabricLayout(dir).site(plan.name);
  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  const founding = { ...around, sites: 1 };
  const gatewayName = plan.gateway ?? firstGateway;
  const system = await foundAccount('system', accountNames.system(plan.name), founding);
  const own = plan.cloud ? undefined : await foundAccount('site', accountNames.site(plan.name), founding);

  const tags = { site: plan.name };
  const save = async (file: string, user: { jwt: string; seed: string }) =>
    writeSecret(path.join(layout.creds, file), formatCreds(user.jwt, user.seed));
  const leafCredentials: Record<string, string> = {};
  const tenantKeys: Site['tenants'] = {};
  for (const tenant of tenants) {
    const users = await foundTenantAt({ ...plan, gateway: gatewayName }, tenant, around);
    await writeSecret(path.join(layout.creds, `gateway-${tenant.name}.creds`), users.gateway);
    if (users.leaf !== undefined) leafCredentials[`${tenant.name}.leaf.creds`] = users.leaf;
    tenantKeys[tenant.name] = users.keys;
  }

  let controlLeaf: string | undefined;
  let gatewayKey: string;
  if (own) {
    const gateway = await foundUser(own, 'gateway', gatewayName, tags, around);
    gatewayKey = gateway.publicKey;
    await save('gateway.creds', gateway);
    await save('broker.creds', await foundUser(own, 'broker', 'broker', tags, around));
    await save('auditor.creds', await foundUser(own, 'auditor', 'auditor', tags, around));
    await save('system.creds', await foundUser(system, 'gateway', gatewayName, tags, around));
    const leaf = await foundUser(control, 'leaf', plan.name, tags, around);
    controlLeaf = leaf.publicKey;
    leafCredentials['control.leaf.creds'] = formatCreds(leaf.jwt, leaf.seed);
  } else {
    const gateway = await foundUser(control, 'gateway', gatewayName, tags, around);
    gatewayKey = gateway.publicKey;
    await save('gateway.creds', gateway);
    const registry = await foundUser(system, 'registry', 'registry', tags, around);
    const file = path.join(fabricLayout(dir).registry, 'system.creds');
    await writeSecret(file, formatCreds(registry.jwt, registry.seed));
  }
  // Kept by the site, for replicas to come.
  for (const account of own ? [own, system] : [system]) {
    for (const [role, keys] of Object.entries(account.signers)) {
      await writeSecret(path.join(layout.keys, `${account.name}.${role}.nk`), keys.seed);
    }
  }

  const hosts = [...new Set([plan.host, ...plan.alsoKnownAs])];
  const certificate = await issueServerCertificate({
    ca,
    hosts,
    now: clock.now(),
    days: certificateDaysOf(plan),
    random,
  });
  const accounts: FoundedAccount[] = [...tenants, system, ...(own ? [own] : [control, ops])];
  await prepareServerFolder({
    kind: plan.cloud ? 'hub' : 'edge',
    folder: layout.nats,
    operatorJwt: around.operatorJwt,
    accounts: Object.fromEntries(accounts.map((account) => [account.publicKey, account.jwt])),
    // The hub shows its authority too: a site that joins knows no more of it than its fingerprint.
    tls: {
      certificate: `${certificate.cert}${plan.cloud ? ca.cert : ''}`,
      key: certificate.key,
      ca: ca.cert,
    },
    credentials: leafCredentials,
    ...(own
      ? {
          remotes: [
            leafRemote(around.hubLeafUrl, own.publicKey, 'control'),
            ...tenants.map((tenant) => leafRemote(around.hubLeafUrl, tenant.publicKey, tenant.name)),
          ],
        }
      : {}),
  });

  const settings: SiteSettings = {
    format: stateFormat,
    site: plan.name,
    cloud: plan.cloud,
    host: plan.host,
    listen: plan.listen,
    ports: plan.ports,
    ...(own ? { cluster: `${plan.name}-${Buffer.from(random.bytes(16)).toString('hex')}` } : {}),
    systemAccount: system.publicKey,
    tenants: tenants.map((tenant) => tenant.name),
    gateway: gatewayName,
    ...(plan.certificateDays === undefined ? {} : { certificateDays: plan.certificateDays }),
  };
  await writeSite(layout.folder, settings);
  return {
    kind: 'site',
    name: plan.name,
    tenants: tenantKeys,
    gateways: { [gatewayName]: [gatewayKey] },
    hosts,
    own: (own ? [own, system] : [ops, system]).map(({ publicKey, jwt }) => ({ publicKey, jwt })),
    ...(controlLeaf === undefined ? {} : { leaf: controlLeaf }),
  };
}
