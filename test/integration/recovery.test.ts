import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type FabricSummary, fabricLayout, readSite } from '@causeway/fabric';
import { parseCreds } from '@causeway/identity';
import { type Causeway, connect } from '@causeway/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { knock } from '../security/support/knock.ts';
import { causeway } from '../support/causeway.ts';
import { processesOf } from '../support/process-tree.ts';
import { silent } from '../support/silent-logger.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/**
 * The procedures of docs/recovery.md, each as it stands there. All begin with copies of one fabric that is down: a service
 * at its edge was called twenty times from the cloud, then a backup was made, then a caller revoked.
 */

const clockwork = {
  kind: 'api',
  service: 'clockwork',
  version: '1.0.0',
  endpoints: { tick: { request: { type: 'integer' }, reply: { type: 'integer' } } },
} as const;

const policies = ['user', 'thief'].map((service) => ({
  ...{ kind: 'policy', name: service, effect: 'allow' },
  ...{ from: { service }, to: { service: 'clockwork' } },
}));

type Folder = Awaited<ReturnType<typeof openTemporaryFolder>>;

let template: Folder;
/** What the documents were when the backup was made, and at the end, and the calls that were counted. */
let before: { backup: object[]; end: object[]; calls: number };
let folder: Folder;
let dir: string;
let layout: ReturnType<typeof fabricLayout>;
let summary: FabricSummary;
let connections: Causeway[];
const at = (...parts: string[]) => path.join(folder.path, ...parts);
const run = (...args: string[]) => causeway(['--dir', dir, ...args]);

/** Runs a command that must succeed, and gives what it printed as JSON. */
async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...args, '-o', 'json');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

async function up(...args: string[]): Promise<void> {
  summary = await json<FabricSummary>('up', '--detach', ...args);
}

async function down(): Promise<void> {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  expect(await run('down')).toMatchObject({ code: 0 });
}

async function join(site: string, service: string): Promise<Causeway> {
  const url = summary.sites.find(({ name }) => name === site)?.url as string;
  const creds = at(`${service}.creds`);
  if (!existsSync(creds)) await json('service', 'add', `acme/${site}/${service}`, '--out', creds);
  const joined = await connect({ url, creds, ca: summary.ca, logger: silent });
  connections.push(joined);
  return joined;
}

/** A service at the edge, and a caller in the cloud; resolves with the call, once calls go through. */
async function serveAndCall(): Promise<(n: number) => Promise<number>> {
  const server = await join('edge-a', 'clockwork');
  await server.serve(clockwork, { tick: (n) => n + 1 });
  const caller = await join('cloud', 'user');
  const tick = (n: number) => caller.service<typeof clockwork>('clockwork', 1).tick(n, { timeout: 2_000 });
  await until('a call goes through', () => tick(1), { timeout: 30_000 });
  return tick;
}

interface Verified {
  readonly chains: readonly { source: string; gateway: string; tenant: string; last: number }[];
  readonly problems: readonly { kind: string; text: string; chain?: { source: string } }[];
}

async function verify(): Promise<Verified & { code: number | null }> {
  const { code, stdout } = await run('audit', 'verify', '-o', 'json');
  return { code, ...(JSON.parse(stdout) as Verified) };
}

async function recount() {
  const { code, stdout } = await run('flow', 'recount', '-o', 'json');
  return { code, ...(JSON.parse(stdout) as { calls: number; differences: unknown[] }) };
}

/** The cloud has recorded and counted at least so many calls of the edge, and both agree. */
async function settled(calls: number): Promise<void> {
  await until(
    `${calls} calls are recorded and counted`,
    async () => {
      const counted = await recount();
      return counted.code === 0 && counted.calls >= calls;
    },
    { timeout: 30_000, every: 500 },
  );
}

/** All documents, without the revisions: those of another bucket are others. */
const documents = () =>
  Promise.all(
    ['apis', 'policies', 'services', 'sites'].map(async (kind) =>
      (await json<{ revision: number }[]>('get', kind)).map(({ revision: _, ...document }) => document),
    ),
  );

/** Works in a folder from now on. */
function enter(next: Folder): void {
  folder = next;
  connections = [];
  dir = at('fabric');
  layout = fabricLayout(dir);
}

const sealed = () => ['--passphrase-file', at('passphrase')];

beforeAll(async () => {
  template = await openTemporaryFolder('causeway-recovery-');
  enter(template);
  await writeFile(at('passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
  await writeFile(at('policy.json'), JSON.stringify(policies));
  await up('--sites', 'edge-a');
  await json('apply', '-f', at('policy.json'));
  const tick = await serveAndCall();
  await join('cloud', 'thief');
  for (let n = 0; n < 20; n += 1) await tick(n);
  await settled(20);
  const backup = await documents();
  expect(await json('backup', at('b'), ...sealed())).toMatchObject({
    file: at('b'),
    sealed: true,
    documents: 9,
  });
  await json('revoke', 'acme/cloud/thief');
  before = { backup, end: await documents(), calls: (await recount()).calls };
  await down();
}, 240_000);
afterAll(() => template?.[Symbol.asyncDispose]());

beforeEach(async () => {
  enter(await openTemporaryFolder('causeway-recovery-'));
  execFileSync('cp', ['-a', `${template.path}/.`, folder.path]);
});
afterEach(async () => {
  await Promise.allSettled(connections.map((connection) => connection.close()));
  await run('down');
  for (const { pid } of await processesOf(folder.path)) process.kill(pid, 'SIGKILL');
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(process.platform !== 'linux')('recovery', () => {
  it('recovery - a backup becomes the same fabric in an empty folder, beside the first one', async () => {
    await up();
    const seeds = await readFile(path.join(layout.registry, 'operator-signing.nk'), 'utf8');
    expect((await readFile(at('b'))).includes(seeds.trim())).toBe(false);
    expect(await run('backup', at('b'), '--plain')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    });
    expect(await run('backup', at('c'))).toMatchObject({ code: 2 });
    expect(await run('restore', at('b'), ...sealed())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not empty'),
    });
    const first = { dir, ports: summary.sites.map(({ url }) => url) };
    dir = at('elsewhere');
    try {
      const restored = await json<{ moved: object[] }>('restore', at('b'), ...sealed());
      expect(restored.moved).toHaveLength(2);
      await up();
      expect(summary.sites.map(({ url }) => url)).not.toEqual(first.ports);
      expect(await documents()).toEqual(before.backup);
      // The credentials that services hold are good in the restored fabric.
      const there = await serveAndCall();
      expect(await there(2)).toBe(3);
      await settled(2);
      expect(await verify()).toMatchObject({ code: 0, problems: [] });
    } finally {
      await down();
      dir = first.dir;
    }
    // The fabric may be down: its hub is started for the backup, and ended again.
    await down();
    await json('backup', at('c'), '--plain');
    expect(await processesOf(dir)).toEqual([]);
  }, 240_000);

  it('recovery - a lost hub comes back from a backup; sites go on, and nothing revoked comes back', async () => {
    await rm(layout.site('cloud').folder, { recursive: true });
    await rm(layout.registry, { recursive: true });
    expect(await run('up', '--detach')).toMatchObject({ code: 1 });
    await json('restore', at('b'), ...sealed(), '--hub');
    await up();
    expect(await json('status')).toMatchObject({ healthy: true });
    // But for what was revoked after the backup: the edge's server still knew.
    expect(await documents()).toEqual(
      JSON.parse(JSON.stringify(before.backup), (_key, value) =>
        value?.name === 'thief' && value.kind === 'service' ? { ...value, keys: 0 } : value,
      ),
    );
    const again = await serveAndCall();
    expect(await again(5)).toBe(6);
    await expect(join('cloud', 'thief')).rejects.toMatchObject({ code: 'REVOKED' });
    // Of earlier records there is what the edge still kept; the rest is missing, and is said to be.
    const report = await until(
      'the edge has sent what it kept',
      async () => {
        const found = await verify();
        return found.chains.some(({ source }) => source === 'edge-a') && found;
      },
      { timeout: 30_000 },
    );
    expect(new Set(report.problems.map(({ kind }) => kind))).toEqual(
      report.problems.length === 0 ? new Set() : new Set(['gap']),
    );
    expect(report.problems.every(({ chain }) => chain?.source === 'edge-a')).toBe(true);
  }, 240_000);

  it('recovery - documents that the hub lost are never made up again from the founding ones', async () => {
    await rm(path.join(layout.site('cloud').nats, 'jetstream'), { recursive: true });
    const refused = await run('up', '--detach');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('the hub has lost this fabric’s documents'.replace('’', "'"));
    expect(refused.stderr).toContain('causeway restore FILE --hub');
    expect(await processesOf(dir)).toEqual([]);
  }, 90_000);

  it('recovery - a lost site is made again: new keys, the old ones void, counters go on, its chain ends where it ended', async () => {
    await rename(layout.site('edge-a').folder, at('stolen'));
    const refused = await run('up', '--detach');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('causeway site restore') });
    const made = await json<{ chains: { gateway: string; block: number }[] }>('site', 'restore', 'edge-a');
    expect(made).toMatchObject({ site: 'edge-a', gateway: 'gw-2', revoked: 3 });
    expect(made.chains).toEqual([
      { tenant: 'acme', gateway: 'gw-1', block: expect.any(Number), time: expect.any(Number) },
    ]);
    expect(await run('site', 'restore', 'edge-a')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there still'),
    });
    await up();
    expect(await json('status')).toMatchObject({ healthy: true });
    const again = await serveAndCall();
    for (let n = 0; n < 5; n += 1) await again(n);
    await settled(before.calls + 6);
    const report = await verify();
    expect(report).toMatchObject({ code: 0, problems: [] });
    const edge = report.chains.filter(({ source }) => source === 'edge-a');
    expect(edge.map(({ gateway }) => gateway).sort()).toEqual(['gw-1', 'gw-2']);
    expect(edge.find(({ gateway }) => gateway === 'gw-1')?.last).toBe(made.chains[0]?.block);

    // Whoever has the lost folder gets no link.
    const { host, ports } = await readSite(dir, 'cloud');
    const door = {
      kind: 'leaf',
      host,
      port: ports.leaf as number,
      ca: await readFile(layout.ca, 'utf8'),
    } as const;
    const passOf = async (site: string, name: string) =>
      parseCreds(await readFile(path.join(site, 'nats', 'creds', `${name}.leaf.creds`), 'utf8'));
    for (const name of ['acme', 'control']) {
      expect([name, await knock(door, await passOf(at('stolen'), name))]).toEqual([
        name,
        'Authorization Violation',
      ]);
      expect(await knock(door, await passOf(layout.site('edge-a').folder, name))).toBe('in');
    }
  }, 240_000);

  it('recovery - lost operator keys are replaced; everybody else keeps theirs, and revoked stays revoked', async () => {
    const operatorBefore = await readFile(path.join(layout.operator, 'operator.jwt'), 'utf8');
    await rm(layout.operator, { recursive: true });
    await rm(path.join(layout.registry, 'operator-signing.nk'));
    // One that was cut short is not started with, and goes on.
    await mkdir(path.join(layout.operator, 'next'), { recursive: true, mode: 0o700 });
    expect(await run('up', '--detach')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('finish it with causeway operator rotate'),
    });
    const rotated = await json<{ operator: string; redistribute: Record<string, string[]> }>(
      ...['operator', 'rotate'],
    );
    expect(rotated).toMatchObject({ operator: expect.stringMatching(/^O/), accounts: 6, missing: [] });
    expect(Object.keys(rotated.redistribute)).toEqual(['cloud', 'edge-a']);
    expect(await readFile(path.join(layout.operator, 'operator.jwt'), 'utf8')).not.toBe(operatorBefore);
    expect((await readdir(layout.operator)).sort()).toEqual([
      'next-signing.nk',
      'operator.jwt',
      'operator.nk',
    ]);
    await up();
    expect(await json('status')).toMatchObject({ healthy: true });
    expect(await documents()).toEqual(before.end);
    const tick = await serveAndCall();
    expect(await tick(7)).toBe(8);
    await expect(join('cloud', 'thief')).rejects.toMatchObject({ code: 'REVOKED' });
    // What the new operator signs is taken everywhere: an identity made and one revoked.
    await join('edge-a', 'late');
    await json('revoke', 'acme/edge-a/late');
    await until('it is void at the edge too', () =>
      join('edge-a', 'late').then(
        () => false,
        ({ code }: { code?: string }) => code === 'REVOKED',
      ),
    );
    await settled(2);
    expect(await verify()).toMatchObject({ code: 0, problems: [] });
  }, 240_000);
});
