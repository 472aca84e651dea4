import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  hubSite,
  type Revoked,
  readSecret,
  reissueAccount,
  renewAccount,
  syncFolder,
  writeSecret,
} from '@causeway/identity';
import { freePorts } from '@causeway/nats-server';
import { type AccountDocument, documentKeys, type Site } from '@causeway/protocol';
import { type AnyDocument, createHub, openDocuments } from '@causeway/registry';
import { diskBytes } from '../founding/found.ts';
import { foundSite, type SitePlan } from '../founding/site.ts';
import { fabricLayout } from '../layout.ts';
import { FabricError, readFabric, readSite, type SitePlace } from '../settings.ts';
import { type HubAccess, type RecoveryPorts, whileDown, withHub } from './hub-access.ts';
import { allRevocations, readClaims, revocationsOf, trustedIssuers } from './resolvers.ts';
import { type ChainEnd, readSiteCounters } from './site-counters.ts';
import { ownAccounts, standingAccount } from './standing-accounts.ts';

/** What making a site again came to. */
export interface SiteRestored {
  readonly site: string;
  readonly folder: string;
  /** Its gateway, which begins chains of its own. */
  readonly gateway: string;
  /** Where the chains of the site that was lost end in the cloud. */
  readonly chains: readonly ChainEnd[];
  /** Keys of the lost site that are void now. */
  readonly revoked: number;
}

/**
 * Makes the folder of a lost site again, from the fabric's own keys: with new keys and a gateway of another name, since
 * nobody knows what the lost one still signed; the keys that were lost are void. The site goes on counting from what
 * the cloud has. The fabric must be down, and its hub is started for it. Cut short, it is done again from the start.
 */
export async function restoreSite(
  options: { dir: string; site: string; place?: Partial<Pick<SitePlace, 'host' | 'listen'>> },
  ports: RecoveryPorts,
): Promise<SiteRestored> {
  const { dir, site } = options;
  const layout = fabricLayout(dir);
  const fabric = await readFabric(dir);
  if (!fabric.sites.slice(1).includes(site)) {
    const hint = site === fabric.sites[0] ? 'the hub comes back with causeway restore FILE --hub' : '';
    throw new FabricError(
      `${layout.root} has no edge site ${site}; ${hint || `it has ${fabric.sites.slice(1).join(', ')}`}`,
    );
  }
  const { folder } = layout.site(site);
  if (await stat(folder).catch(() => undefined)) {
    throw new FabricError(`${folder} is there still; move it away first, if the site is really lost`);
  }
  return whileDown(dir, ports, () =>
    withHub(dir, ports, async (hub) => {
      ports.onProgress(`reading what the cloud has of ${site}`);
      const plan = await planOf(options, fabric.places?.[site]);
      const scratch = `${folder}.new`;
      await rm(scratch, { recursive: true, force: true });
      try {
        return await make({ dir, plan, scratch, hub }, ports);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    }),
  );
}

/** Where the site was founded to be; a fabric that did not write that down had all its sites on this machine. */
async function planOf(
  { site, place }: Parameters<typeof restoreSite>[0],
  founded: SitePlace | undefined,
): Promise<SitePlan> {
  const loopback = '127.0.0.1';
  const local = async (): Promise<SitePlace> => {
    const [client = 0, monitor = 0] = await freePorts(2, loopback);
    return { host: loopback, listen: loopback, alsoKnownAs: ['localhost'], ports: { client, monitor } };
  };
  return { name: site, cloud: false, ...(founded ?? (await local())), ...place };
}

async function make(
  around: { dir: string; plan: SitePlan; scratch: string; hub: HubAccess },
  ports: RecoveryPorts,
): Promise<SiteRestored> {
  const { dir, plan, scratch, hub } = around;
  const { clock, random, logger, onProgress } = ports;
  const layout = fabricLayout(dir);
  const store = await openDocuments(await hub.connect('registry.creds'));
  const before = store.all.sites.find(({ name }) => name === plan.name);
  if (!before)
    throw new FabricError(`the documents know no site ${plan.name}; is the hub's store the right one?`);
  const { counters, chains } = await readSiteCounters(await hub.connect('ops.creds'), before);

  onProgress(`making ${plan.name} again: accounts, keys, certificate`);
  const operatorSigner = (await readSecret(path.join(layout.registry, 'operator-signing.nk'))).trim();
  const own = await ownAccounts(dir);
  const standing = (await readClaims(dir, await trustedIssuers(dir))).of(own.control, hubSite);
  const revoke = (jwt: string, keys: readonly (string | undefined)[]) => {
    const revoked: Revoked[] = keys.flatMap((publicKey) => (publicKey === undefined ? [] : [{ publicKey }]));
    return reissueAccount(jwt, { now: clock.now(), revoked }, operatorSigner);
  };
  const accounts: AccountDocument[] = [];
  for (const account of store.accounts.filter(({ name }) => Object.hasOwn(before.tenants, name))) {
    const { gateway, leaf } = before.tenants[account.name] ?? {};
    accounts.push({ ...account, jwt: (await revoke(account.jwt, [gateway, leaf])).jwt });
  }
  if (standing === undefined) throw new FabricError(`${layout.site(hubSite).nats} has no claims of CONTROL`);
  // A revocation may stand in the documents alone: its registry was killed before it told the hub.
  const known = store.get(documentKeys.control);
  const merged = await renewAccount(
    standing.jwt,
    {
      revocations: allRevocations(
        standing.revocations,
        known?.kind === 'control' ? revocationsOf(known.jwt) : {},
      ),
      now: clock.now(),
    },
    operatorSigner,
  );
  const control = await revoke(merged.jwt, [before.leaf]);

  const hubSettings = await readSite(dir, 'cloud');
  const gateway = nextGateway(before);
  const founded = await foundSite(
    { ...plan, gateway },
    {
      ...{ clock, random, operatorSigner, diskBytes, dir: scratch },
      ca: { cert: await readFile(layout.ca, 'utf8'), key: await readSecret(layout.caKey) },
      operatorJwt: await readFile(path.join(layout.operator, 'operator.jwt'), 'utf8'),
      control: await standingAccount(dir, 'control', {
        ...{ name: 'CONTROL', publicKey: own.control, jwt: control.jwt },
      }),
      ops: await standingAccount(dir, 'ops', { name: 'OPS', publicKey: own.ops, jwt: '' }),
      tenants: await Promise.all(accounts.map((account) => standingAccount(dir, 'tenant', account))),
      hubLeafUrl: `tls://${hubSettings.host}:${hubSettings.ports.leaf}`,
    },
  );
  const made = fabricLayout(scratch).site(plan.name);
  const carried = Object.fromEntries([...counters].map(([subject, value]) => [subject, String(value)]));
  await writeSecret(made.carriedCounters, `${JSON.stringify(carried)}\n`);

  onProgress('putting it in place');
  const document: Site = { ...founded, retired: { ...before.retired, ...before.gateways } };
  await createHub(await hub.connect('system.creds'), logger).pushClaims(control.jwt);
  // As a document too, or a registry that pushes what stands there would take the revocation back.
  const controlDocument = { kind: 'control', publicKey: own.control, jwt: control.jwt } as const;
  await store.put([document, ...accounts, controlDocument] satisfies AnyDocument[]);
  // Last: what is cut short before has left no folder, and is done again.
  const { folder } = layout.site(plan.name);
  await mkdir(path.dirname(folder), { recursive: true, mode: 0o700 });
  await rename(made.folder, folder);
  await syncFolder(path.dirname(folder));
  const tenantKeys = Object.values(before.tenants).flatMap((keys) => Object.values(keys));
  const revoked = tenantKeys.length + (before.leaf === undefined ? 0 : 1);
  return { site: plan.name, folder, gateway, chains, revoked };
}

/** A name that none of the site's gateways has or had. */
function nextGateway({ gateways, retired }: Site): string {
  for (let number = 1; ; number += 1) {
    const name = `gw-${number}`;
    if (!Object.hasOwn({ ...retired, ...gateways }, name)) return name;
  }
}
