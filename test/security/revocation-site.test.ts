import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, openConsole, readFabric, verifyChains } from '@causeway/fabric';
import { parseCreds } from '@causeway/identity';
import type { ManifestOf } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { doorOf, linksOf } from './support/doors.ts';
import { knock } from './support/knock.ts';
import { rawClient } from './support/raw-client.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
} as const satisfies ManifestOf;

let fabric: TestFabric;

beforeAll(async () => {
  fabric = await startTestFabric();
  await fabric.admin.apply([
    { kind: 'policy', name: 'all', tenant: 'acme', from: {}, to: { service: 'quotes' }, effect: 'allow' },
  ]);
  for (const site of ['edge-a', 'edge-b']) {
    await (await fabric.connect(site, 'quotes')).serve(manifest, { latest: () => site });
  }
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

const run = (...args: string[]) => causeway(['--dir', fabric.dir, ...args]);
const passOf = async (file: string) => parseCreds(await readFile(file, 'utf8'));
const latest = { service: 'quotes', major: 1, endpoint: 'latest' };

async function verified(): Promise<{ blocks: number; problems: readonly unknown[] }> {
  const ports = { clock: systemClock, random: systemRandom, logger: silent };
  const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'acme', from: 'beginning' }, ports);
  try {
    const report = await verifyChains(console, () => {});
    const ofSite = report.chains.filter(({ source }) => source === 'edge-b');
    return { blocks: ofSite.reduce((sum, { blocks }) => sum + blocks, 0), problems: report.problems };
  } finally {
    await console.close();
  }
}

describe('revocation of a site', () => {
  it('revocation - a revoked site is cut off and stays so; the others are not disturbed', async () => {
    const desk = await fabric.connect('cloud', 'desk');
    for (const site of ['edge-a', 'edge-b']) {
      await until(`${site} answers`, () => desk.call({ ...latest, site }, null).catch(() => false));
    }
    const creds = (site: string, name: string) =>
      path.join(fabricLayout(fabric.dir).site(site).leafCreds, `${name}.leaf.creds`);
    const before = (await linksOf(fabric)).filter(({ name }) => name === 'edge-a');
    const service = await passOf(await fabric.identity('edge-b', 'quotes'));
    const own = await rawClient(fabric.url('edge-b'), await readFile(fabric.ca, 'utf8'), service);
    const done = await run('revoke', 'edge-b', '--wait', '8s', '-o', 'json');
    // Its links for the tenant and for itself, the tenant's gateway, and one service.
    expect({ code: done.code, ...JSON.parse(done.stdout) }).toMatchObject({ code: 0, keys: 4, services: 1 });
    expect((JSON.parse(done.stdout) as { sites: unknown }).sites).toEqual([
      { site: 'cloud', inForce: true },
      { site: 'edge-a', inForce: true },
      // It was told before its own link was cut, did as it was told, and said so.
      { site: 'edge-b', inForce: true, cutOff: true },
    ]);
    await own.connection.closed();
    // What runs goes on alone; the next `up` leaves it out.
    expect(await readFabric(fabric.dir)).toMatchObject({ sites: ['cloud', 'edge-a'] });
    await until('it has no link', async () => !(await linksOf(fabric)).some(({ name }) => name === 'edge-b'));

    const door = await doorOf(fabric, 'cloud', 'leaf');
    const client = await doorOf(fabric, 'cloud', 'client');
    for (const name of ['acme', 'control']) {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect([name, await knock(door, await passOf(creds('edge-b', name)))]).toEqual([
          name,
          'Authorization Violation',
        ]);
      }
      expect(await knock(door, await passOf(creds('edge-a', name)))).toBe('in');
    }
    for (const site of ['cloud', 'edge-a', 'edge-b']) {
      const at = await doorOf(fabric, site, 'client');
      await until(`${site} refuses its services`, async () => (await knock(at, service)) !== 'in');
    }
    expect(await knock(client, await passOf(await fabric.identity('cloud', 'desk')))).toBe('in');
    const after = (await linksOf(fabric)).filter(({ name }) => name === 'edge-a');
    expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());

    expect(await desk.call({ ...latest, site: 'edge-a' }, null)).toBe('edge-a');
    await until('nobody is sent there', async () => {
      const [api] = await desk.discover();
      return JSON.stringify(api?.sites) === '["edge-a"]';
    });
    await expect(fabric.identity('edge-b', 'newcomer')).rejects.toMatchObject({
      reason: expect.stringContaining('was revoked'),
    });
    expect((await fabric.admin.get('sites', 'edge-b')).items).toMatchObject([{ revoked: true }]);
    // Cut off on purpose, so that nothing ails.
    await until('the fabric is healthy', async () => (await run('status')).code === 0);
  });

  it('revocation - a removed site is gone with its services; its records still verify', async () => {
    const refused = await run('site', 'remove', 'edge-b');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('site edge-b hosts APIs of acme/edge-b/quotes; ');
    const earlier = await verified();
    expect(earlier).toMatchObject({ problems: [] });
    expect(earlier.blocks).toBeGreaterThan(0);

    const done = await run('site', 'remove', 'edge-b', '--force');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('site edge-b is removed') });
    expect((await fabric.admin.get('sites')).items.map(({ name }) => name)).toEqual(['cloud', 'edge-a']);
    expect((await fabric.admin.get('services')).items.some(({ site }) => site === 'edge-b')).toBe(false);
    expect(await readFabric(fabric.dir)).toMatchObject({ sites: ['cloud', 'edge-a'] });
    expect(await verified()).toEqual(earlier);
    expect(await run('status')).toMatchObject({ code: 0 });
    expect(await run('site', 'remove', 'edge-b')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no site edge-b; did you mean "edge-a"?'),
    });
  });

  it('revocation - the hub cannot be cut off from itself', async () => {
    for (const args of [
      ['revoke', 'cloud'],
      ['site', 'remove', 'cloud', '--force'],
    ]) {
      expect(await run(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('is the hub') });
    }
  });

  it('revocation - a registry that starts anew does not found the removed site again', async () => {
    const { registry = 0 } = fabric.fabric.processes;
    process.kill(registry, 'SIGKILL');
    const sites = await until('the registry is back', async () => {
      if (fabric.fabric.processes.registry === registry) return false;
      return fabric.admin.get('sites').catch(() => false as const);
    });
    expect(sites.items.map(({ name }) => name)).toEqual(['cloud', 'edge-a']);
  });
});
