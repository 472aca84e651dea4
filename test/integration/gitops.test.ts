import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type AdminClient, connectAdmin } from '@causeway/fabric';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { tenantAdmin } from '../support/tenant-admin.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
} as const;
const policy = (name: string, more: object = {}) => ({
  ...{ kind: 'policy', tenant: 'acme', name, effect: 'allow' },
  ...{ from: { service: 'desk' }, to: { service: 'quotes' } },
  ...more,
});

let fabric: TestFabric;
let folder: string;
let ada: AdminClient;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'] });
  folder = path.join(path.dirname(fabric.dir), 'repository');
  await mkdir(path.join(folder, 'deep', '.git'), { recursive: true });
  ada = await connectAdmin(
    fabric.dir,
    { clock: systemClock, random: systemRandom, logger: silent },
    await tenantAdmin(fabric, 'acme', 'ada'),
  );
  const quotes = await fabric.connect('edge-a', 'quotes');
  await quotes.serve(manifest, { latest: () => 1 });
  await fabric.identity('edge-b', 'desk');
});
afterAll(async () => {
  await ada?.close();
  await fabric?.[Symbol.asyncDispose]();
});

const run = (...args: string[]) => causeway(['--dir', fabric.dir, ...args]);
const piped = (input: string, ...args: string[]) =>
  causeway(['--dir', fabric.dir, 'apply', '-f', '-', ...args], { input });
const write = (name: string, ...documents: object[]) =>
  writeFile(path.join(folder, name), documents.map((each) => `---\n${stringify(each)}`).join(''));
const policies = async () => (await fabric.admin.get('policies')).items.map(({ name }) => name);
const changesOf = (stdout: string) =>
  (JSON.parse(stdout) as { changes: { change: string; name: string }[] }).changes.map(({ change, name }) => [
    change,
    name,
  ]);

describe('gitops', () => {
  it('gitops - a folder is applied by name, what else is there is named, and the second time nothing changes', async () => {
    await write('b.yaml', policy('p2'));
    await write('deep/a.yml', policy('p3'));
    await writeFile(path.join(folder, 'a.json'), JSON.stringify([policy('p1')]));
    await writeFile(path.join(folder, 'README.md'), '# policies');
    await writeFile(path.join(folder, 'deep', '.git', 'x.yaml'), 'no: document');
    const first = await run('apply', '-f', folder, '--set', 'git', '-o', 'json');
    expect(first.stderr).toBe(
      `causeway: not read, being no *.yaml, *.yml or *.json: ${path.join(folder, 'README.md')}\n`,
    );
    expect(changesOf(first.stdout)).toEqual([
      ['created', 'p1'],
      ['created', 'p2'],
      ['created', 'p3'],
    ]);
    const { revision } = await fabric.admin.get('policies');
    const again = await run('apply', '-f', folder, '--set', 'git', '--prune', '-o', 'json');
    expect(changesOf(again.stdout).map(([change]) => change)).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
    ]);
    expect((await fabric.admin.get('policies')).revision).toBe(revision);
  });

  it('gitops - what get prints of anything changes nothing when it is applied', async () => {
    expect(await run('service', 'label', 'acme/edge-b/desk', 'team=trading', 'env=prod')).toMatchObject({
      code: 0,
      stdout: 'acme/edge-b/desk: env=prod, team=trading\n',
    });
    const { revision } = await fabric.admin.get('sites');
    for (const kind of ['apis', 'policies', 'services', 'sites']) {
      for (const format of kind === 'policies' ? ['yaml', 'json'] : ['yaml']) {
        const shown = await run('get', kind, '-o', format);
        const applied = await piped(shown.stdout, '-o', 'json');
        expect({ kind, code: applied.code, stderr: applied.stderr }).toEqual({ kind, code: 0, stderr: '' });
        const changes = changesOf(applied.stdout);
        expect([changes.length > 0, changes.every(([change]) => change === 'unchanged')]).toEqual([
          true,
          true,
        ]);
      }
    }
    expect((await fabric.admin.get('sites')).revision).toBe(revision);
    expect(await run('service', 'label', 'acme/edge-b/desk', 'env-')).toMatchObject({
      stdout: 'acme/edge-b/desk: team=trading\n',
    });
    expect((await run('get', 'services', 'acme/edge-b/desk')).stdout).toContain('team=trading');
    expect(await run('service', 'label', 'acme/edge-b/nobody', 'a=b')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no identity acme/edge-b/nobody'),
    });
    expect(await run('service', 'label', 'acme/edge-b/desk', '=x')).toMatchObject({ code: 2 });
  }, 180_000);

  it('gitops - two administrators at once lose no update: the slower is told who was faster, with what', async () => {
    const { stdout } = await run('get', 'policies', 'p1', '-o', 'yaml');
    await ada.apply([policy('p1', { limits: { rate: 7 } })]);
    const slow = await piped(stdout.replace('effect: allow', 'effect: deny'));
    expect({ code: slow.code, stdout: slow.stdout }).toEqual({ code: 1, stdout: '' });
    expect(slow.stderr).toMatch(
      /CONFLICT: standard input:1:3 \(document 1\): policy p1 of tenant acme was read at revision \d+ and is at revision \d+: ada of tenant acme changed \/limits at .* \(apply, revision \d+\); read it again/,
    );
    expect((await fabric.admin.get('policies', 'p1')).items).toMatchObject([
      { effect: 'allow', limits: { rate: 7 } },
    ]);
    // Read again it is taken, and what was changed is said.
    const fresh = (await run('get', 'policies', 'p1', '-o', 'yaml')).stdout;
    const done = await piped(fresh.replace('rate: 7', 'rate: 8'));
    expect(done).toMatchObject({ code: 0, stderr: 'causeway: p1/limits/rate was 7, is 8\n' });
    // Without a revision the last one counts, and each of many at once is whole.
    const rates = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        [ada, fabric.admin][index % 2]?.apply([
          policy('p1', { limits: { rate: index + 1, burst: index + 1 } }),
        ]),
      ),
    );
    expect(rates).toHaveLength(20);
    const [last] = (await fabric.admin.get('policies', 'p1')).items as unknown as {
      limits: { rate: number; burst: number };
    }[];
    expect(last?.limits.rate).toBe(last?.limits.burst);
    await ada.apply([policy('p1')]);
  });

  it('gitops - of many who change what they have read, exactly one is first', async () => {
    const [item = {}] = (await fabric.admin.get('policies', 'p2')).items;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        [ada, fabric.admin][index % 2]?.apply([{ ...item, description: `writer ${index}` }]),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'CONFLICT' });
    }
  });

  it('gitops - a dry run says who gains and loses what, and changes nothing', async () => {
    await write('b.yaml', policy('p2', { effect: 'deny', from: { labels: { team: 'trading' } } }));
    const dry = await run('apply', '-f', folder, '--set', 'git', '--prune', '--dry-run');
    expect(dry.stdout).toMatch(/^changed +policy +acme +p2 /m);
    expect(dry.stdout).toMatch(/^lost +acme +edge-b\/desk +quotes\.v1\.latest +edge-a +p2/m);
    expect(dry.stderr).toContain('causeway: access: 0 gained, 1 lost, 0 on other terms\n');
    expect((await fabric.admin.get('policies', 'p2')).items).toMatchObject([{ effect: 'allow' }]);
    await write('b.yaml', policy('p2'));
  });

  it('gitops - where the documents take several requests, a dry run says that it does not say who gains what', async () => {
    const many = Array.from({ length: 901 }, (_, index) => policy(`many-${index}`));
    const dry = await piped(JSON.stringify(many), '--dry-run', '-o', 'json');
    expect(dry.stderr).toContain(
      'causeway: who gains and loses access is said only of what fits one request',
    );
    expect(JSON.parse(dry.stdout)).not.toHaveProperty('access');
    expect(changesOf(dry.stdout)).toHaveLength(901);
    expect(await policies()).not.toContain('many-0');
  });

  it('gitops - pruning deletes what the set made and nothing else', async () => {
    await fabric.admin.apply([policy('by-hand')]);
    await rm(path.join(folder, 'deep', 'a.yml'));
    expect(await run('apply', '-f', folder, '--prune')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--prune needs --set NAME'),
    });
    const dry = await run('apply', '-f', folder, '--set', 'git', '--prune', '--dry-run', '-o', 'json');
    expect(changesOf(dry.stdout)).toContainEqual(['deleted', 'p3']);
    expect(await policies()).toContain('p3');
    const pruned = await run('apply', '-f', folder, '--set', 'git', '--prune');
    expect(pruned.stdout).toMatch(/^deleted +policy +acme +p3 +set git/m);
    expect((await policies()).sort()).toEqual(['by-hand', 'p1', 'p2']);
    expect((await fabric.admin.get('apis')).items).toHaveLength(1);
    // A folder that holds nothing prunes nothing: more likely it is the wrong one.
    await mkdir(path.join(folder, 'empty'));
    expect(await run('apply', '-f', path.join(folder, 'empty'), '--set', 'git', '--prune')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('holds no *.yaml, *.yml or *.json file'),
    });
    expect(await policies()).toHaveLength(3);
  });

  it('gitops - one document in two files is refused with both places; links in a circle, folders and foreign files are named', async () => {
    await write('c.yaml', policy('p9'), policy('p1'));
    const twice = await run('apply', '-f', folder);
    expect(twice).toMatchObject({ code: 1, stdout: '' });
    expect(twice.stderr).toContain(
      `${path.join(folder, 'c.yaml')}:11:1: policy p1 is there twice: it stands at ${path.join(folder, 'a.json')}:1:2, too`,
    );
    await rm(path.join(folder, 'c.yaml'));
    await symlink('circle.yaml', path.join(folder, 'circle.yaml'));
    await symlink(folder, path.join(folder, 'deep', 'up'));
    await symlink(path.join(folder, 'deep'), path.join(folder, 'folder.yaml'));
    const links = await run('apply', '-f', folder);
    expect(links).toMatchObject({ code: 1, stdout: '' });
    expect(links.stderr).toMatch(
      /circle\.yaml cannot be read \(ELOOP\): its symbolic links lead round in a circle/,
    );
    expect(links.stderr).toMatch(/folder\.yaml is a folder, not a file/);
    expect(links.stderr).toMatch(/not read, being no .*: .*README\.md, .*up\n/);
    await rm(path.join(folder, 'circle.yaml'));
    await rm(path.join(folder, 'folder.yaml'));
    const site = await piped('kind: site\nname: edge-a\ntenants: [acme, globex]\ngateways: [gw-1]\n');
    expect(site).toMatchObject({ code: 1, stderr: expect.stringContaining('sites are not applied') });
    const wrong = await piped('kind: Deployment\nmetadata: {name: x}\n');
    expect(wrong.stderr).toMatch(/:1:7 .*\/kind is "Deployment"; expected "policy" or "api"/);
    expect(await policies()).toHaveLength(3);
  });
});
