import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FabricSummary } from '@causeway/fabric';
import { type Causeway, connect, type ManifestOf } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway, type Invocation, startCauseway } from '../support/causeway.ts';
import { silent } from '../support/silent-logger.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until as poll } from '../support/until.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: {
    latest: {
      request: {
        type: 'object',
        properties: { symbol: { type: 'string' } },
        required: ['symbol'],
        additionalProperties: false,
      },
      reply: { type: 'object' },
    },
    history: { request: true, reply: true },
    slow: { request: true, reply: true },
  },
} as const satisfies ManifestOf;

const policies = `
# Desks read quotes.
kind: policy
name: desk-quotes
from: { service: desk }
to: { service: quotes, major: 1, endpoints: [latest, slow] }
effect: allow
---
kind: policy
name: limited
from: { service: hasty }
to: { service: quotes, endpoints: [latest] }
effect: allow
limits: { rate: 0.01, burst: 1 }
`;

/** Whether a process runs, and is not just waiting to be reaped. */
async function runs(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text !== undefined && text.slice(text.lastIndexOf(')') + 2)[0] !== 'Z';
}

/** A command takes a second or more where the machine is busy: a poll is a command or several. */
const until: typeof poll = (name, condition) => poll(name, condition, { timeout: 45_000 });

describe('cli', () => {
  let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
  let summary: FabricSummary;
  let service: Causeway;
  const at = (...parts: string[]) => path.join(folder.path, ...parts);
  const run = (...args: string[]): Promise<Invocation> => causeway(['--dir', at('fabric'), ...args]);
  const creds = (name: string) => at(`${name}.creds`);

  /** Runs a command that must succeed, and gives what it printed as JSON. */
  async function json(...args: string[]): Promise<never> {
    const { code, stdout, stderr } = await run(...args, '-o', 'json');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as never;
  }

  beforeAll(async () => {
    folder = await openTemporaryFolder('causeway-cli-');
    const up = await run('up', '--sites', 'edge-a,edge-b', '--tenant', 'acme', '--detach', '-o', 'json');
    expect(up).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[^\n]+\n$/) });
    expect(up.stderr).toContain('causeway: starting the servers\n');
    summary = JSON.parse(up.stdout) as FabricSummary;
    await Promise.all(
      ['edge-a/quotes', 'edge-b/desk', 'edge-b/intern', 'edge-b/hasty'].map((name) =>
        json('service', 'add', `acme/${name}`, '--out', creds(path.basename(name))),
      ),
    );
    service = await connect({
      url: summary.sites.find(({ name }) => name === 'edge-a')?.url ?? '',
      creds: creds('quotes'),
      ca: summary.ca,
      logger: silent,
    });
    await service.serve(manifest, {
      latest: ({ symbol }) => ({ symbol, price: 1 }),
      history: () => null,
      slow: () => new Promise(() => {}),
    });
  }, 90_000);

  afterAll(async () => {
    await service?.close();
    if (summary && (await runs(summary.pid))) await run('down');
    await folder?.[Symbol.asyncDispose]();
  }, 60_000);

  it('cli - up says in one line what runs, and a second up on the folder is refused', async () => {
    expect(summary).toEqual({
      dir: at('fabric'),
      ca: at('fabric', 'pki', 'ca.pem'),
      sites: ['cloud', 'edge-a', 'edge-b'].map((name) => ({
        name,
        url: expect.stringMatching(/^tls:\/\/127\.0\.0\.1:\d+$/),
        monitor: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        server: expect.any(Number),
        gateway: expect.any(Number),
      })),
      tenants: ['acme'],
      registry: expect.any(Number),
      pid: expect.any(Number),
    });
    const second = await run('up', '--detach', '-o', 'json');
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(
      new RegExp(`causeway: this fabric is up already, as process ${summary.pid};.*\n$`),
    );
  });

  it('cli - service add writes credentials for their owner alone, and replaces none unasked', async () => {
    expect((await stat(creds('desk'))).mode & 0o777).toBe(0o600);
    const before = await readFile(creds('desk'), 'utf8');
    const again = await run('service', 'add', 'acme/edge-b/desk', '--out', creds('desk'));
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--force') });
    expect(await readFile(creds('desk'), 'utf8')).toBe(before);
    const elsewhere = await run('service', 'add', 'acme/nowhere/x', '--out', creds('x'));
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no site nowhere') });
    await expect(stat(creds('x'))).rejects.toThrow('ENOENT');
  });

  it('cli - service add signs a key that was made elsewhere, and writes no seed', async () => {
    const { key } = await json(
      'service',
      'add',
      'acme/edge-b/other',
      '--label',
      'team=x',
      '--out',
      creds('o'),
    );
    const out = at('other.jwt');
    await json('service', 'add', 'acme/edge-b/other', '--nkey', key, '--out', out);
    expect(await readFile(out, 'utf8')).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(await json('get', 'services', 'other')).toMatchObject([
      { name: 'other', labels: { team: 'x' }, site: 'edge-b' },
    ]);
  });

  it('cli - apply changes all or nothing, and names file, line and document of a fault', async () => {
    const good = at('policies.yaml');
    await writeFile(good, policies);
    const dry = await json('apply', '-f', good, '--dry-run');
    expect(dry).toMatchObject({ dryRun: true, changes: [{ change: 'created' }, { change: 'created' }] });
    expect(await json('get', 'policies')).toEqual([]);

    const bad = at('bad.yaml');
    await writeFile(
      bad,
      `${policies.replaceAll('name: ', 'name: bad-')}---\nkind: policy\nname: third\neffct: allow\n`,
    );
    const refused = await run('apply', '-f', bad);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^causeway: INVALID_REQUEST: .*bad\.yaml:\d+:\d+ \(document 3\): policy \/.*\n$/,
    );
    expect(await json('get', 'policies')).toEqual([]);

    await writeFile(bad, 'kind: policy\nname: [unclosed\n');
    const unread = await run('apply', '-f', good, '-f', bad);
    expect(unread).toMatchObject({ code: 1, stderr: expect.stringMatching(/bad\.yaml:\d+:\d+: /) });
    expect(await json('get', 'policies')).toEqual([]);

    const changes = [
      { change: 'created', kind: 'policy', tenant: 'acme', name: 'desk-quotes', file: good, document: 1 },
      { change: 'created', kind: 'policy', tenant: 'acme', name: 'limited', file: good, document: 2 },
    ];
    expect(await json('apply', '-f', good, '--tenant', 'acme')).toMatchObject({ dryRun: false, changes });
    const piped = await causeway(['apply', '-f', '-', '--dir', at('fabric')], { input: policies });
    expect(piped).toMatchObject({ code: 0, stdout: expect.stringMatching(/^unchanged +policy +acme/m) });
  });

  it('cli - get lists each kind, and says what there is where a name is wrong', async () => {
    expect(await json('get', 'apis')).toMatchObject([{ name: 'quotes.v1', sites: ['edge-a'] }]);
    expect(await json('get', 'sites')).toMatchObject([
      { name: 'cloud' },
      { name: 'edge-a' },
      { name: 'edge-b', tenants: ['acme'], gateways: ['gw-1'] },
    ]);
    await until('the instance is known', async () => {
      const instances = (await json('get', 'instances')) as { service: string; instances: number }[];
      return instances.some((each) => each.service === 'quotes' && each.instances === 1);
    });
    expect(await json('get', 'routes', 'acme/edge-b/desk')).toEqual([
      {
        name: 'desk',
        tenant: 'acme',
        site: 'edge-b',
        service: 'desk',
        api: 'quotes.v1',
        version: '1.0.0',
        sites: ['edge-a'],
        endpoints: ['latest', 'slow'],
      },
    ]);
    expect(await json('get', 'routes', 'quotes.v1')).toMatchObject([{ name: 'desk' }, { name: 'hasty' }]);
    expect(await json('get', 'services', 'acme/edge-a/quotes')).toMatchObject([{ hosts: [1], keys: 1 }]);
    const [table, yaml, none] = await Promise.all([
      run('get', 'policies'),
      run('get', 'policies', 'limited', '-o', 'yaml'),
      run('get', 'policies', 'desk-quote'),
    ]);
    expect(table.stdout).toMatch(/^NAME +TENANT +EFFECT +FROM +TO +LIMITS\n/);
    expect(table.stdout).toMatch(/\ndesk-quotes +acme +allow +\*\/desk +quotes\.v1\.latest\|slow@\* +-\n/);
    expect(yaml.stdout).toContain('- kind: policy\n');
    expect(none).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('desk-quotes, limited'),
    });
  });

  it('cli - call prints the reply, or the refusal as one line of JSON on standard error', async () => {
    const input = '{"symbol":"IBM"}';
    const replied = await until('the route is there', async () => {
      const done = await run('call', 'quotes.v1.latest', input, '--as', creds('desk'));
      return done.code === 0 && done;
    });
    expect(replied).toMatchObject({ stdout: '{"symbol":"IBM","price":1}\n', stderr: '' });
    const piped = await causeway(
      ['call', 'quotes.v1.latest', '-', '--as', creds('desk'), '--site', 'edge-a', '--dir', at('fabric')],
      { input },
    );
    expect(piped).toMatchObject({ code: 0, stdout: '{"symbol":"IBM","price":1}\n', stderr: '' });

    const refusals = [
      [['latest', '{"symbol":7}', 'desk'], { code: 'INVALID_REQUEST', number: 400, pointer: '/symbol' }],
      [['history', '{}', 'desk'], { code: 'DENIED', number: 403 }],
      [['latest', input, 'intern'], { code: 'NO_ROUTE', number: 404 }],
      [['slow', 'null', 'desk', '--timeout', '300ms'], { code: 'DEADLINE_EXCEEDED', number: 504 }],
    ] as const;
    const asHasty = () => run('call', 'quotes.v1.latest', input, '--as', creds('hasty'));
    const [first] = await Promise.all([
      asHasty(),
      ...refusals.map(async ([[endpoint, body, as, ...more], refusal]) => {
        const refused = await run('call', `quotes.v1.${endpoint}`, body, '--as', creds(as), ...more);
        expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^[^\n]+\n$/) });
        expect(JSON.parse(refused.stderr)).toEqual({ ...refusal, reason: expect.any(String) });
      }),
    ]);
    expect(first.code).toBe(0);
    const limited = await asHasty();
    expect(JSON.parse(limited.stderr)).toEqual({
      code: 'RATE_LIMITED',
      number: 429,
      reason: expect.any(String),
      retryAfter: expect.any(Number),
    });
    const none = await run('call', 'quotes.v1.latest', input, '--as', at('none.creds'));
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(/^causeway: there are no credentials at .*none\.creds;.*\n$/);
  });

  it('cli - discover lists what the service may call', async () => {
    expect(await json('discover', '--as', creds('desk'))).toMatchObject([
      { service: 'quotes', major: 1, sites: ['edge-a'] },
    ]);
    expect(await json('discover', '--as', creds('intern'))).toEqual([]);
  });

  it('cli - explain gives decision and deciding document', async () => {
    const from = ['explain', '--from', 'acme/edge-b/desk', '--to'];
    expect(await json(...from, 'quotes.v1.latest@edge-a')).toMatchObject({
      sites: [{ site: 'edge-a', decision: 'allow', code: 'OK', policy: 'desk-quotes' }],
    });
    expect(await json(...from, 'quotes.v1.history')).toMatchObject({
      sites: [{ site: 'edge-a', decision: 'deny', code: 'DENIED', policy: null }],
    });
  });

  it('cli - status shows everything as healthy', async () => {
    const status = await json('status');
    expect(status).toMatchObject({ healthy: true, up: true, pid: summary.pid, ailments: [] });
    expect(status).toMatchObject({
      servers: summary.sites.map(({ name, server }) => ({ site: name, pid: server, alive: true })),
      gateways: summary.sites.map(({ name, gateway }) => ({ site: name, pid: gateway, alive: true })),
    });
    // The second renewal of a gateway is the first that tells it: then it knows that the registry takes it.
    const memories = await until('every process has told its memory', async () => {
      const now = JSON.parse((await run('status', '-o', 'json')).stdout);
      const all: ({ rss: number; age: number } | null)[] = [
        now,
        now.registry,
        ...now.servers,
        ...now.gateways,
      ].map(({ memory }) => memory);
      const told = all.filter((memory) => memory !== null);
      return told.length === all.length ? told : undefined;
    });
    for (const memory of memories) {
      expect(memory.rss).toBeGreaterThan(5e6);
      expect(memory.rss).toBeLessThan(2e9);
      expect(memory.age).toBeLessThan(60_000);
    }
    const table = await run('status');
    expect(table.stdout).toMatch(/\nmemory: up \d+ MB, registry \d+ MB\n/);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(/\nedge-a +up +\d+ +tls:.* \d+ MB /);
  });

  it('cli - audit tail, audit verify, flow get and flow recount agree', async () => {
    const records = await until('the records are in the cloud', async () => {
      const { stdout } = await run('audit', 'tail', '--no-follow', '-o', 'json');
      const lines = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      return lines.some(({ code }) => code === 'RATE_LIMITED') && lines;
    });
    expect(records.find(({ code }) => code === 'OK')).toMatchObject({
      tenant: 'acme',
      from: { site: 'edge-b', service: 'desk' },
      to: { service: 'quotes', major: 1, endpoint: 'latest' },
      site: 'edge-a',
      gateway: 'gw-1',
      decision: 'allowed',
      policy: 'desk-quotes',
    });
    const one = await run('audit', 'tail', '--since', 'beginning', '--limit', '1');
    expect(one).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\S+ acme .* -> quotes\.v1\.\S+ .*\n$/),
    });
    expect(await json('audit', 'verify')).toMatchObject({ problems: [], unlisted: 0 });
    const counted = await until('the counters are in the cloud', async () => {
      const rows = (await json('flow', 'get', '--by', 'caller')) as {
        from: string;
        metrics: Record<string, number>;
      }[];
      const row = rows.find(({ from }) => from === 'edge-b/hasty');
      return row?.metrics['code-rate-limited'] && row;
    });
    expect(counted).toMatchObject({ tenant: 'acme', site: 'edge-a', metrics: { calls: 2, 'code-ok': 1 } });
    expect(await json('flow', 'recount')).toMatchObject({ equal: true, differences: [] });
  });

  it('cli - audit tail follows until it is told to stop', async () => {
    const tail = startCauseway([
      'audit',
      'tail',
      '--since',
      'beginning',
      '-o',
      'json',
      '--dir',
      at('fabric'),
    ]);
    await until('it has printed a record', () => tail.stdout().includes('\n'));
    tail.kill('SIGTERM');
    expect(await tail.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('cli - revoke voids the credentials', async () => {
    expect(await json('revoke', 'acme/edge-b/intern')).toMatchObject({ service: 'intern', keys: 1 });
    const refused = await until('the server refuses them', async () => {
      const done = await run('call', 'quotes.v1.latest', '{}', '--as', creds('intern'));
      return done.stderr.includes('REVOKED') && done;
    });
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'REVOKED', number: 401 });
    expect(await run('revoke', 'acme/edge-b/nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no identity acme/edge-b/nobody'),
    });
  });

  it('cli - down ends everything, status says so, and nothing is left running', async () => {
    const pids = [
      summary.pid,
      summary.registry as number,
      ...summary.sites.flatMap((site) => [site.server, site.gateway]),
    ];
    await service.close();
    expect(await run('down')).toMatchObject({ code: 0, stdout: '' });
    expect(await Promise.all(pids.map(runs))).toEqual(pids.map(() => false));
    const status = await run('status', '-o', 'json');
    expect(status).toMatchObject({ code: 1, stderr: expect.stringContaining('is not up') });
    expect(JSON.parse(status.stdout)).toMatchObject({ healthy: false, up: false });
    expect(await run('down')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not up') });
  });
});
