import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  accountNames,
  createCa,
  createKeys,
  formatCreds,
  hubSite,
  issueOperator,
  siteFault,
  streamsDisk,
  syncFolder,
  tenantFault,
  writeJwt,
  writeSecret,
} from '@causeway/identity';
import type { AccountDocument, Site } from '@causeway/protocol';
import type { Bootstrap } from '@causeway/registry';
import { fabricLayout } from '../layout.ts';
import { nextSigningFile } from '../recovery/rotation.ts';
import { FabricError, stateFormat, writeFabric } from '../settings.ts';
import { lockHolder, takeLock } from '../up/lock.ts';
import { type FoundedAccount, type FoundingPorts, foundAccount, foundUser } from './accounts.ts';
import { foundIssuingCa } from './issuing-ca.ts';
import { foundSite, type SitePlan } from './site.ts';

/** A fabric to be founded. The first site is the cloud. */
export interface FabricPlan {
  readonly sites: readonly SitePlan[];
  readonly tenants: readonly string[];
}

const caYears = 10;
export const diskBytes = streamsDisk;

/** The name that the fabric's first administrator has. */
const firstAdmin = 'root';

/** Throws a FabricError where the names of a plan will not do. */
export function checkPlan(sites: readonly string[], tenants: readonly string[]): void {
  for (const site of sites) {
    const fault = siteFault(site);
    if (fault) throw new FabricError(fault);
  }
  for (const tenant of tenants) {
    const fault = tenantFault(tenant);
    if (fault) throw new FabricError(fault);
  }
  const repeated = [sites, tenants].flatMap((names) => names.filter((name, i) => names.indexOf(name) !== i));
  if (repeated.length > 0) throw new FabricError(`${repeated[0]} is named twice`);
  if (sites[0] !== hubSite) throw new FabricError(`the first site is the hub and is called ${hubSite}`);
  if (tenants.length === 0) throw new FabricError('a fabric needs at least one tenant');
}

/** True where a fabric has been founded in the folder. */
export async function isFounded(dir: string): Promise<boolean> {
  return (await stat(fabricLayout(dir).fabric).catch(() => undefined)) !== undefined;
}

/**
 * Founds a fabric: operator, accounts, keys, certificates, and a folder for each site. It is made beside the
 * target and put in place whole, so that a start that is killed leaves nothing half.
 */
export async function foundFabric(dir: string, plan: FabricPlan, ports: FoundingPorts): Promise<void> {
  checkPlan(
    plan.sites.map((site) => site.name),
    plan.tenants,
  );
  await putInPlace(dir, (scratch) => foundInto(scratch, plan, ports));
}

const scratchOf = (target: string) => `${target}.founding`;

/** Removes what a founding that was killed left beside a folder that holds a fabric by now. */
export async function clearFounding(dir: string): Promise<void> {
  const scratch = scratchOf(fabricLayout(dir).root);
  const parent = path.dirname(scratch);
  // What a founding makes and nothing else: a neighbour may bear a name that begins alike.
  const base = path.basename(scratch);
  const isOwn = (name: string) =>
    name.startsWith(base) && /^(\.pid(\.(\d+|clearing))?)?$/.test(name.slice(base.length));
  const left = (await readdir(parent)).filter(isOwn);
  if (left.length === 0 || (await lockHolder(`${scratch}.pid`)) !== undefined) return;
  for (const name of left) await rm(path.join(parent, name), { recursive: true, force: true });
}

/**
 * Has a fabric's folder made beside its place, and puts it there whole. Throws a FabricError where something else is
 * there, or another process does the same; leaves nothing behind then.
 */
export async function putInPlace(dir: string, make: (scratch: string) => Promise<void>): Promise<void> {
  const target = fabricLayout(dir).root;
  const scratch = scratchOf(target);
  // Two at once would put the keys of two fabrics into one folder.
  const release = await takeLock(
    `${scratch}.pid`,
    (holder) => `process ${holder} is founding a fabric in ${target}; wait until it has`,
  );
  try {
    await rm(scratch, { recursive: true, force: true });
    // Only where nobody else has made one since: its owner could put keys of his own among ours.
    await mkdir(scratch, { mode: 0o700 });
    await make(scratch);
    // An empty folder that stands there already gives way; one with something in it does not.
    await rename(scratch, target);
    await syncFolder(path.dirname(target));
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') {
      const what = (await isFounded(dir)) ? ': it holds a fabric already' : ' and holds no fabric';
      throw new FabricError(`${target} is not empty${what}; name another folder with --dir`);
    }
    throw error;
  } finally {
    await release();
  }
}

async function foundInto(dir: string, plan: FabricPlan, ports: FoundingPorts): Promise<void> {
  const { clock, random } = ports;
  const layout = fabricLayout(dir);
  const hub = plan.sites[0] as SitePlan;

  const ca = await createCa({ name: 'Causeway', now: clock.now(), years: caYears, random });
  // The secret first: whoever writes first into a folder makes it, and this one is to be private.
  await writeSecret(layout.caKey, ca.key);
  await writeJwt(layout.ca, ca.cert);

  const operator = createKeys('operator', random);
  const operatorSigning = createKeys('operator', random);
  // Servers take an operator's claims at their start alone. So they trust the next signing key from the first.
  const nextSigning = createKeys('operator', random);
  const { jwt: operatorJwt } = await issueOperator({
    name: 'causeway',
    keys: operator,
    signingKeys: [operatorSigning.publicKey, nextSigning.publicKey],
    now: clock.now(),
  });
  await writeSecret(path.join(layout.operator, 'operator.nk'), operator.seed);
  await writeSecret(nextSigningFile(dir), nextSigning.seed);
  await writeJwt(path.join(layout.operator, 'operator.jwt'), operatorJwt);

  const founding = { ...ports, operatorSigner: operatorSigning.seed, sites: plan.sites.length, diskBytes };
  const control = await foundAccount('control', accountNames.control, founding);
  const ops = await foundAccount('ops', accountNames.ops, founding);
  const tenants: FoundedAccount<'tenant'>[] = [];
  for (const tenant of plan.tenants) tenants.push(await foundAccount('tenant', tenant, founding));

  const sites: Site[] = [];
  for (const site of plan.sites) {
    const document = await foundSite(site, {
      ...founding,
      dir,
      ca,
      operatorJwt,
      control,
      ops,
      tenants,
      hubLeafUrl: `tls://${hub.host}:${hub.ports.leaf}`,
    });
    sites.push(document);
  }

  await foundIssuingCa(dir, { ca, now: clock.now(), random });
  await writeJwt(path.join(layout.registry, 'operator.jwt'), operatorJwt);
  await foundRegistry(dir, { ...ports, operatorSigner: operatorSigning.seed, control, ops, tenants, sites });
  const admin = await foundUser(control, 'fabric-admin', firstAdmin, {}, ports);
  await writeSecret(layout.admin, formatCreds(admin.jwt, admin.seed));

  await writeFabric(dir, {
    format: stateFormat,
    sites: plan.sites.map((site) => site.name),
    tenants: plan.tenants,
    places: Object.fromEntries(plan.sites.map(({ name, cloud: _, ...place }) => [name, place])),
  });
}

/** The registry's folder: signing keys, credentials, and the documents that the fabric begins with. */
async function foundRegistry(
  dir: string,
  around: FoundingPorts & {
    operatorSigner: string;
    control: FoundedAccount<'control'>;
    ops: FoundedAccount<'ops'>;
    tenants: readonly FoundedAccount<'tenant'>[];
    sites: readonly Site[];
  },
): Promise<void> {
  const { operatorSigner, control, ops, tenants, sites, random } = around;
  const { registry } = fabricLayout(dir);
  const user = await foundUser(control, 'registry', 'registry', {}, around);
  await writeSecret(path.join(registry, 'registry.creds'), formatCreds(user.jwt, user.seed));
  const keeper = await foundUser(ops, 'registry', 'registry', {}, around);
  await writeSecret(path.join(registry, 'ops.creds'), formatCreds(keeper.jwt, keeper.seed));
  await writeSecret(path.join(registry, 'operator-signing.nk'), operatorSigner);
  await writeSecret(path.join(registry, 'queue-secret'), Buffer.from(random.bytes(32)).toString('base64url'));
  for (const account of [control, ops, ...tenants]) {
    for (const [role, keys] of Object.entries(account.signers)) {
      await writeSecret(path.join(registry, 'keys', `${account.name}.${role}.nk`), keys.seed);
    }
  }
  const accounts = tenants.map(
    ({ name, publicKey, jwt }): AccountDocument => ({ kind: 'account', name, publicKey, jwt }),
  );
  const bootstrap: Bootstrap = {
    sites,
    accounts,
    control: control.publicKey,
    controlJwt: control.jwt,
    ops: ops.publicKey,
  };
  await writeJwt(fabricLayout(dir).bootstrap, `${JSON.stringify(bootstrap, null, 2)}\n`);
}
