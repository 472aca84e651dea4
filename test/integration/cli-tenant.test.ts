import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, readFabric, readSite } from '@causeway/fabric';
import { type Causeway, CausewayError, connect, type ManifestOf } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
} as const satisfies ManifestOf;

let fabric: TestFabric;
const connections: Causeway[] = [];

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
});
afterAll(async () => {
  await Promise.all(connections.map((each) => each.close()));
  await fabric?.[Symbol.asyncDispose]();
});

const run = (...args: string[]) => causeway(['--dir', fabric.dir, ...args]);

async function connectNew(site: string, service: string, tenant: string): Promise<Causeway> {
  const creds = path.join(fabric.dir, '..', 'services', `${tenant}.${service}.creds`);
  const added = await run('service', 'add', `${tenant}/${site}/${service}`, '--out', creds);
  expect(added).toMatchObject({ code: 0 });
  const url = fabric.url(site);
  const connection = await connect({ url, creds, ca: fabric.ca, logger: silent });
  connections.push(connection);
  return connection;
}

const latest = { service: 'quotes', major: 1, endpoint: 'latest', site: undefined };
const outcome = (who: Causeway) =>
  who.call(latest, null).catch((error: unknown) => CausewayError.from(error).code);

describe('cli tenant', () => {
  it('cli tenant - added to a fabric that is up, it can do all that the first one can', async () => {
    const before = await connectNew('edge-a', 'quotes', 'acme');
    await before.serve(manifest, { latest: () => 'acme' });
    const processes = fabric.fabric.processes;

    const added = await run('tenant', 'add', 'globex', '-o', 'json');
    expect(added).toMatchObject({ code: 0 });
    expect(JSON.parse(added.stdout)).toMatchObject({
      tenant: 'globex',
      done: ['cloud', 'edge-a'],
      waiting: [],
      up: true,
    });
    // Nothing was started again.
    expect(fabric.fabric.processes).toEqual(processes);
    expect(await run('status')).toMatchObject({ code: 0, stderr: '' });
    const layout = fabricLayout(fabric.dir);
    for (const secret of [
      path.join(layout.registry, 'keys', 'globex.leaf.nk'),
      path.join(layout.site('edge-a').leafCreds, 'globex.leaf.creds'),
      path.join(layout.site('edge-a').creds, 'gateway-globex.creds'),
    ]) {
      expect((await stat(secret)).mode & 0o777).toBe(0o600);
    }

    await run('apply', '-f', await policyFile());
    const service = await connectNew('edge-a', 'quotes', 'globex');
    await service.serve(manifest, { latest: () => 'globex' });
    const desk = await connectNew('cloud', 'desk', 'globex');
    await until('a call of the new tenant crosses sites', async () => (await outcome(desk)) === 'globex');
    // The first tenant goes on, and neither sees anything of the other.
    const first = await connectNew('cloud', 'desk', 'acme');
    await until('a call of the first tenant too', async () => (await outcome(first)) === 'acme');
  }, 120_000);

  it('cli tenant - done again it changes nothing, and a name that will not do is refused', async () => {
    const settings = await readFabric(fabric.dir);
    const bootstrap = await readFile(fabricLayout(fabric.dir).bootstrap, 'utf8');
    // What is there is not founded again.
    const account = JSON.parse((await run('tenant', 'add', 'globex', '-o', 'json')).stdout) as object;
    expect(account).toMatchObject({ done: ['cloud', 'edge-a'], waiting: [] });
    expect(await run('tenant', 'add', 'globex', '--site', 'edge-x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no site edge-x'),
    });
    expect(await run('tenant', 'add', 'sys-x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('choose another name'),
    });
    expect(await run('tenant', 'add', 'Globex')).toMatchObject({ code: 2 });
    expect(await readFabric(fabric.dir)).toEqual(settings);
    expect(await readFile(fabricLayout(fabric.dir).bootstrap, 'utf8')).toBe(bootstrap);
    expect((await readSite(fabric.dir, 'edge-a')).tenants).toEqual(['acme', 'globex']);
  });

  it('cli tenant - added to a fabric that is down, it is there when it comes up', async () => {
    await Promise.all(connections.map((each) => each.close()));
    await fabric.fabric.stop();
    const added = await run('tenant', 'add', 'initech');
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing runs here') });
    const up = await run('up', '--detach', '-o', 'json');
    expect(up).toMatchObject({ code: 0 });
    try {
      expect(JSON.parse(up.stdout)).toMatchObject({ tenants: ['acme', 'globex', 'initech'] });
      const status = await run('status', '-o', 'json');
      expect(JSON.parse(status.stdout).links).toContainEqual({ site: 'edge-a', account: 'initech' });
    } finally {
      expect(await run('down')).toMatchObject({ code: 0 });
    }
  });
});

async function policyFile(): Promise<string> {
  const file = path.join(fabric.dir, '..', 'policies.yaml');
  const of = (tenant: string) =>
    `kind: policy\nname: all\ntenant: ${tenant}\nfrom: {}\nto: { service: quotes }\neffect: allow\n`;
  await writeFile(file, `${of('acme')}---\n${of('globex')}`);
  return file;
}
