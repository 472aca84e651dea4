import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { type FabricSummary, fabricLayout, readProcesses, readSite } from '@causeway/fabric';
import { connect } from '@causeway/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { causeway, startCauseway } from '../support/causeway.ts';
import { processesOf, treeOf } from '../support/process-tree.ts';
import { silent } from '../support/silent-logger.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const clockwork = {
  kind: 'api',
  service: 'clockwork',
  version: '1.0.0',
  endpoints: { tick: { request: { type: 'integer' }, reply: { type: 'integer' } } },
} as const;

const policy = {
  ...{ kind: 'policy', name: 'tick', effect: 'allow' },
  ...{ from: { service: 'user' }, to: { service: 'clockwork' } },
};

let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
let dir: string;
let layout: ReturnType<typeof fabricLayout>;

beforeEach(async () => {
  folder = await openTemporaryFolder('causeway-persistence-');
  dir = path.join(folder.path, 'fabric');
  layout = fabricLayout(dir);
});
afterEach(async () => {
  if (existsSync(layout.fabric)) await run('down');
  for (const { pid } of await processesOf(folder.path)) process.kill(pid, 'SIGKILL');
  await folder[Symbol.asyncDispose]();
});

const run = (...args: string[]) => causeway(['--dir', dir, ...args]);

/** Runs a command that must succeed, and gives what it printed as JSON. */
async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...args, '-o', 'json');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

const up = (...args: string[]) => json<FabricSummary>('up', '--detach', ...args);

/** Paths of all files below the folder, but for the stores of servers, which change all the time. */
async function filesBelow(root: string, at = ''): Promise<string[]> {
  const entries = await readdir(path.join(root, at), { withFileTypes: true });
  const found = entries
    .filter((entry) => entry.name !== 'jetstream')
    .map((entry) => {
      const place = path.join(at, entry.name);
      return entry.isDirectory() ? filesBelow(root, place) : [place];
    });
  return (await Promise.all(found)).flat();
}

/** Everything below the folder that has an identity's key in it, by path. */
async function keys(): Promise<Record<string, string>> {
  const files = (await filesBelow(dir)).filter((name) =>
    /\.(nk|key)$|queue-secret$|operator\.jwt$|site\.json$/.test(name),
  );
  return Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await readFile(path.join(dir, name), 'utf8')])),
  ) as Record<string, string>;
}

/** What the folder's own files say, but for logs and the stores of the servers. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await filesBelow(dir)).sort()) {
    if (/^(logs|run)\//.test(name)) continue;
    hash.update(name).update(await readFile(path.join(dir, name)));
  }
  return hash.digest('hex');
}

describe.skipIf(process.platform !== 'linux')('persistence', () => {
  it('persistence - a start that is killed at any moment leaves nothing half, and the next goes on', async () => {
    const scratch = `${dir}.founding`;
    const listed = async (name: string) => (await readProcesses(layout.processes))[name] !== undefined;
    // Or past it: on a busy machine some are over before anybody has looked.
    const made = (file: string) => () => existsSync(`${scratch}/${file}`) || existsSync(layout.fabric);
    const moments: [string, () => boolean | Promise<boolean>][] = [
      ['at its very start', () => true],
      ['as founding begins', () => existsSync(`${scratch}.pid`) || existsSync(layout.fabric)],
      ['with the CA made', made('pki/ca.key')],
      ['with the operator made', made('operator/operator.nk')],
      ['with one site made', made('sites/cloud/site.json')],
      ['with the registry made', made('registry/bootstrap.json')],
      ['as the fabric is put in place', () => existsSync(layout.fabric)],
      ['as the lock is taken', () => existsSync(layout.lock)],
      ['as the servers start', () => listed('server cloud')],
      ['as the registry starts', () => listed('registry')],
      ['as the gateways start', () => listed('gateway edge-a')],
    ];
    let founded: Record<string, string> | undefined;
    for (const [name, reached] of moments) {
      const started = startCauseway(['--dir', dir, 'up', '--sites', 'edge-a', '-o', 'json']);
      await until(name, reached, { timeout: 60_000, every: 2 });
      started.kill('SIGKILL');
      await started.ended;
      if (!existsSync(layout.fabric)) continue;
      founded ??= await keys();
      expect([name, await keys()]).toEqual([name, founded]);
    }
    await up();
    expect(await keys()).toEqual(founded);
    expect((await readdir(folder.path)).sort()).toEqual(['fabric']);
    expect(await json('get', 'sites')).toMatchObject([{ name: 'cloud' }, { name: 'edge-a' }]);
    expect(await json('status')).toMatchObject({ healthy: true });
    expect(await run('down')).toMatchObject({ code: 0 });
    expect(await processesOf(dir)).toEqual([]);
  }, 300_000);

  it('persistence - everything killed under load comes back with the same identities, documents, records and counters', async () => {
    const summary = await up('--sites', 'edge-a');
    const creds = async (name: string) => {
      const out = path.join(folder.path, `${name}.creds`);
      await json('service', 'add', `acme/edge-a/${name}`, '--out', out);
      return out;
    };
    await writeFile(path.join(folder.path, 'policy.json'), JSON.stringify(policy));
    await json('apply', '-f', path.join(folder.path, 'policy.json'));
    const url = summary.sites[1]?.url as string;
    const join = async (name: string) =>
      connect({ url, creds: await creds(name), ca: summary.ca, logger: silent });
    const server = await join('clockwork');
    await server.serve(clockwork, { tick: (n) => n + 1 });
    const caller = await join('user');
    const tick = (n: number) => caller.service<typeof clockwork>('clockwork', 1).tick(n, { timeout: 2_000 });
    await until('the first call', () => tick(0));
    const documents = () =>
      Promise.all(['apis', 'policies', 'services', 'sites'].map((kind) => json<object>('get', kind)));
    const before = { keys: await keys(), documents: await documents() };

    let answered = 0;
    let stopped = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!stopped) {
        await tick(1).then(
          () => {
            answered += 1;
          },
          () => new Promise((resolve) => setImmediate(resolve)),
        );
      }
    });
    /** Two ways to die: all at once, as when the machine loses power, and `up` alone, with servers that hang. */
    const deaths = [
      async ({ pid }: FabricSummary) => treeOf(pid),
      async ({ pid, sites }: FabricSummary) => {
        for (const site of sites) process.kill(site.server, 'SIGSTOP');
        return [pid];
      },
    ];
    let current = summary;
    for (const death of deaths) {
      const goal = answered + 50;
      await until('calls under way', () => answered > goal);
      for (const pid of await death(current)) process.kill(pid, 'SIGKILL');
      current = await up();
      expect(await keys()).toEqual(before.keys);
      await until('calls go on', () => tick(1), { timeout: 30_000 });
    }
    stopped = true;
    await Promise.all(load);
    expect(await documents()).toEqual(before.documents);
    const verified = await run('audit', 'verify', '-o', 'json');
    expect({ code: verified.code, problems: JSON.parse(verified.stdout).problems }).toEqual({
      code: 0,
      problems: [],
    });
    const recounted = await run('flow', 'recount', '-o', 'json');
    expect({ code: recounted.code, ...JSON.parse(recounted.stdout) }).toMatchObject({
      code: 0,
      differences: [],
    });
    await caller.close();
    await server.close();
    // What `up` leaves when it alone is killed, the next `down` ends.
    for (const site of current.sites) process.kill(site.server, 'SIGSTOP');
    process.kill(current.pid, 'SIGKILL');
    await until('it is gone', async () => !(await processesOf(dir)).some(({ pid }) => pid === current.pid));
    expect(await run('down')).toMatchObject({ code: 0, stderr: expect.stringContaining('had been killed') });
    expect(await processesOf(dir)).toEqual([]);
  }, 240_000);

  it('persistence - ports that others have are named with their sites, nothing is changed, and others can be chosen', async () => {
    const hosts = ['cloud', 'edge-a'].flatMap((site) => ['--host', `${site}=127.0.0.1`]);
    expect(
      await run('init', '--sites', 'edge-a', '--ports', 'free', '--listen', '127.0.0.1', ...hosts),
    ).toMatchObject({ code: 0 });
    const { ports } = await readSite(dir, 'cloud');
    const edge = (await readSite(dir, 'edge-a')).ports;
    const held = await Promise.all(
      [ports.leaf, edge.client].map(async (port) => {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
        return server;
      }),
    );
    try {
      const before = await fingerprint();
      const refused = await run('up', '--detach');
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(
        `port ${ports.leaf} of site cloud (leaf links) and port ${edge.client} of site edge-a (clients) are taken`,
      );
      expect(await fingerprint()).toBe(before);
      expect(await processesOf(dir)).toEqual([]);
      const moved = await up('--new-ports');
      expect(moved.sites[1]?.url).not.toContain(`:${edge.client}`);
      expect(await json('status')).toMatchObject({ healthy: true });
      expect((await readSite(dir, 'edge-a')).ports).toMatchObject({ monitor: edge.monitor });
    } finally {
      for (const server of held) server.close();
    }
  }, 120_000);

  it('persistence - keys that others can read, a newer format and a folder that cannot be one are refused in words', async () => {
    expect(await run('init', '--ports', 'free', '--sites', 'edge-a')).toMatchObject({ code: 0 });
    const before = await fingerprint();
    const exposed = path.join(layout.registry, 'operator-signing.nk');
    await chmod(exposed, 0o644);
    const refused = await run('up', '--detach');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`others can read keys: ${exposed} has mode 0644, expected 0600`);
    expect(refused.stderr).toContain('chmod -R go-rwx');
    await chmod(exposed, 0o600);

    const { settings } = layout.site('edge-a');
    for (const file of [settings, layout.fabric]) {
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('"format": 1', '"format": 2'));
      for (const command of [['up', '--detach'], ['run', 'gateway', '--site', 'edge-a'], ['status']]) {
        // A site's own folder is all that its gateway needs; and who only asks needs no site's folder.
        if (command[0] === (file === settings ? 'status' : 'run')) continue;
        const { code, stderr } = await run(...command);
        expect({ command, code, stderr }).toEqual({
          ...{ command, code: 1 },
          stderr: expect.stringContaining(
            `${file} has format 2; this version of Causeway reads up to 1: use a newer one`,
          ),
        });
      }
      await writeFile(file, text);
    }
    expect(await fingerprint()).toBe(before);

    const blocked = path.join(folder.path, 'file', 'fabric');
    await writeFile(path.join(folder.path, 'file'), '');
    const { code, stderr } = await causeway(['--dir', blocked, 'up']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('something else is in its place'),
    });
    await mkdir(path.join(folder.path, 'other'));
    await writeFile(path.join(folder.path, 'other', 'thesis.txt'), 'all my work');
    expect(await causeway(['--dir', path.join(folder.path, 'other'), 'up'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not empty and holds no fabric'),
    });
  }, 60_000);
});
