// What the service `init` of docker-compose.yml runs, once: founds a fabric and hands each part what it may see.
//
// Below --volumes there is one folder for each site, and `registry`, `admin` and `_vault`; each is a volume that its
// part finds at /fabric. The vault (the operator's identity key and the CA's key) is mounted by nobody else.
import { chown, cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FabricPlan, foundFabric } from '@causeway/fabric';
import { createLogger, systemClock, systemRandom } from '@causeway/transport';

const { values } = parseArgs({
  options: {
    volumes: { type: 'string', default: '/volumes' },
    scratch: { type: 'string', default: '/tmp/fabric' },
    hub: { type: 'string', default: 'hub' },
    edge: { type: 'string', multiple: true, default: ['edge-a'] },
    tenant: { type: 'string', multiple: true, default: ['acme'] },
    // Further names of every server's certificate: what clients outside the containers call it.
    'known-as': { type: 'string', multiple: true, default: ['localhost', '127.0.0.1'] },
    owner: { type: 'string', default: '65532:65532' },
  },
});
const { volumes, scratch, hub, edge: edges, tenant: tenants } = values;
const log = createLogger({ component: 'init' });
/** Written last, into each volume: what lacks it was not finished. */
const marker = 'founded';

const ports = { client: 4222, monitor: 8222 };
const plan: FabricPlan = {
  tenants,
  sites: ['cloud', ...edges].map((name) => ({
    name,
    cloud: name === 'cloud',
    host: name === 'cloud' ? hub : name,
    listen: '0.0.0.0',
    alsoKnownAs: values['known-as'],
    ports: name === 'cloud' ? { ...ports, leaf: 7422 } : ports,
  })),
};

/** What each volume gets, as paths of the fabric's folder. Clients need the CA and their server's address. */
const shares: Record<string, readonly string[]> = {
  ...Object.fromEntries(plan.sites.map(({ name }) => [name, ['pki/ca.pem', `sites/${name}`]])),
  registry: ['fabric.json', 'pki/ca.pem', 'sites/cloud/site.json', 'registry'],
  // Where the sites are is no secret, and `causeway status` shows it.
  admin: ['fabric.json', 'pki/ca.pem', ...plan.sites.map(({ name }) => `sites/${name}/site.json`), 'admin'],
};
const vault = ['fabric.json', 'operator', 'pki'];

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Copies with the modes as they are; folders that lead there are their owner's alone. */
async function share(paths: readonly string[], folder: string): Promise<void> {
  for (const path of paths) {
    const target = join(folder, path);
    await mkdir(join(target, '..'), { recursive: true, mode: 0o700 });
    await cp(join(scratch, path), target, { recursive: true, preserveTimestamps: true });
  }
}

async function give(folder: string, uid: number, gid: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await give(path, uid, gid);
    else await chown(path, uid, gid);
  }
  await chown(folder, uid, gid);
}

async function found(): Promise<void> {
  const [uid = Number.NaN, gid = Number.NaN] = values.owner.split(':').map(Number);
  await rm(scratch, { recursive: true, force: true });
  await foundFabric(scratch, plan, { clock: systemClock, random: systemRandom });
  const all = { ...shares, _vault: vault };
  for (const [name, paths] of Object.entries(all)) {
    const folder = join(volumes, name);
    await empty(folder);
    await share(paths, folder);
    await give(folder, uid, gid);
  }
  await rm(scratch, { recursive: true });
  for (const name of Object.keys(all)) await writeFile(join(volumes, name, marker), '', { mode: 0o644 });
}

const names = Object.keys(shares);
const founded = await Promise.all(names.map((name) => exists(join(volumes, name, marker))));
if (founded.every(Boolean)) {
  log.info({ volumes: names }, 'the fabric stands already');
} else if (founded.some(Boolean)) {
  const missing = names.filter((_, index) => !founded[index]);
  // Founding anew would take the keys of the parts that still have theirs.
  log.error(
    { missing },
    'some volumes belong to a fabric and others are empty; restore those, or remove all of them (docker compose down --volumes) to begin anew',
  );
  process.exitCode = 1;
} else {
  await found();
  log.info({ sites: plan.sites.map(({ name }) => name), tenants }, 'founded');
}
