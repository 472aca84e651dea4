import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  bringTenant,
  fabricLayout,
  openConsole,
  readProcesses,
  readSite,
  removeTenant,
  verifyChains,
} from '@causeway/fabric';
import { parseCreds } from '@causeway/identity';
import { type Causeway, CausewayError } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doorOf } from '../security/support/doors.ts';
import { knock } from '../security/support/knock.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent };
const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: {}, reply: {} } },
} as const;
const target = { service: 'quotes', major: 1, endpoint: 'latest', site: undefined };
const allow = (tenant: string) => ({
  ...{ kind: 'policy', name: 'all', tenant, from: {}, to: { service: 'quotes' }, effect: 'allow' },
});

let fabric: TestFabric;
beforeAll(async () => {
  fabric = await startTestFabric({ watchdogMs: 250 });
  await fabric.admin.apply([allow('acme')]);
  const server = await fabric.connect('edge-a', 'quotes');
  await server.serve(manifest, { latest: () => ({ of: 'acme' }) });
}, 90_000);
afterAll(() => fabric?.[Symbol.asyncDispose]());

interface Connz {
  readonly connections: readonly { cid: number; account?: string; name?: string }[];
}

/** Connections of acme, and links, at each server: who is cut comes back with another number. */
async function standing(): Promise<string[]> {
  const found: string[] = [];
  for (const site of ['cloud', 'edge-a', 'edge-b']) {
    const { ports } = await readSite(fabric.dir, site);
    const of = async (page: string) => (await fetch(`http://127.0.0.1:${ports.monitor}/${page}`)).json();
    const { connections } = (await of('connz?auth=1')) as Connz;
    for (const { cid, name } of connections) {
      if (name?.startsWith('gateway') || name?.startsWith('registry') || name?.includes('acme')) {
        found.push(`${site} ${cid} ${name}`);
      }
    }
    const { leafs = [] } = (await of('leafz')) as { leafs?: { id: number; account: string; name: string }[] };
    for (const { id, account, name } of leafs) found.push(`${site} link ${id} ${account} ${name}`);
  }
  return found.sort();
}

/** Calls of acme, without a pause, until it is stopped; resolves then with how many there were and what failed. */
async function load(): Promise<{ stop(): Promise<{ calls: number; failed: unknown[] }> }> {
  const callers = [await fabric.connect('cloud', 'desk'), await fabric.connect('edge-a', 'desk')];
  for (const caller of callers) await until('acme can be called', () => caller.call(target, {}));
  const failed: unknown[] = [];
  let calls = 0;
  let over = false;
  const running = callers.map(async (caller) => {
    while (!over) {
      await caller.call(target, {}).catch((error: unknown) => failed.push(CausewayError.from(error).code));
      calls += 1;
    }
  });
  return {
    async stop() {
      over = true;
      await Promise.all(running);
      return { calls, failed };
    },
  };
}

const outcome = (who: Causeway) =>
  who.call(target, {}).catch((error: unknown) => CausewayError.from(error).code);

/** How many blocks of a tenant's records the fabric's own console has, verified from their beginning. */
async function blocksOf(tenant: string): Promise<number> {
  const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'any', from: 'beginning' }, ports);
  let blocks = 0;
  try {
    const reading = console.readAudit(({ subject }) => {
      if (subject.split('.')[3] === tenant) blocks += 1;
    });
    await console.until(() => blocks > 0);
    await reading.stop();
    expect((await verifyChains(console, () => {})).problems).toEqual([]);
  } finally {
    await console.close();
  }
  return blocks;
}

describe('tenants', () => {
  it('tenants - one that comes to sites that run disturbs nobody there', { timeout: 120_000 }, async () => {
    const acme = await load();
    const before = await standing();
    const processes = { ...fabric.fabric.processes };
    const added = await bringTenant(fabric.dir, 'globex', {}, ports);
    expect(added).toMatchObject({ up: true, done: ['cloud', 'edge-a', 'edge-b'], waiting: [] });
    await fabric.admin.apply([allow('globex')]);
    const quotes = await fabric.connect('edge-a', 'quotes', 'globex');
    await quotes.serve(manifest, { latest: () => ({ of: 'globex' }) });
    const desk = await fabric.connect('cloud', 'desk', 'globex');
    await until('globex can be called', () => desk.call(target, {}), { timeout: 20_000 });
    expect(await outcome(desk)).toEqual({ of: 'globex' });
    const { calls, failed } = await acme.stop();
    expect(failed).toEqual([]);
    expect(calls).toBeGreaterThan(100);
    expect(fabric.fabric.processes).toEqual(processes);
    expect(before.filter((each) => each.includes('acme') || each.includes('link')).length).toBeGreaterThan(5);
    const now = new Set(await standing());
    expect(before.filter((each) => !now.has(each))).toEqual([]);
  });

  it('tenants - one that leaves a site is cut there, goes on elsewhere, and can come back', {
    timeout: 120_000,
  }, async () => {
    const acme = await load();
    const stays = await fabric.connect('cloud', 'desk', 'globex');
    await fabric.connect('edge-b', 'desk', 'globex');
    const pass = parseCreds(await readFile(await fabric.identity('edge-b', 'desk', 'globex'), 'utf8'));
    const refused = removeTenant(fabric.dir, 'globex', { site: 'edge-b' }, ports);
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      reason: expect.stringContaining('has service globex/edge-b/desk; delete them first, or use --force'),
    });
    const before = (await standing()).filter((each) => !each.includes('globex'));
    const { account } = await fabric.admin.addTenant('globex');
    const removed = await removeTenant(fabric.dir, 'globex', { site: 'edge-b', force: true }, ports);
    expect(removed).toMatchObject({ sites: ['edge-b'], done: ['edge-b'], waiting: [], keys: 3, deleted: 1 });
    for (const site of ['edge-b', 'cloud']) {
      expect(await knock(await doorOf(fabric, site, 'client'), pass)).toBe('Authorization Violation');
    }
    const { leafCreds, creds: ofSite } = fabricLayout(fabric.dir).site('edge-b');
    for (const file of [`${leafCreds}/globex.leaf.creds`, `${ofSite}/gateway-globex.creds`]) {
      await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
    }
    expect(await outcome(stays)).toEqual({ of: 'globex' });
    const again = await bringTenant(fabric.dir, 'globex', { sites: ['edge-b'] }, ports);
    expect(again).toMatchObject({ account, done: ['edge-b'], waiting: [] });
    const { calls, failed } = await acme.stop();
    expect({ failed, some: calls > 100 }).toEqual({ failed: [], some: true });
    const now = new Set(await standing());
    // Links of globex itself do change.
    expect(before.filter((each) => !now.has(each) && !each.includes(account))).toEqual([]);
  });

  it('tenants - a registry that is killed in the middle is completed by doing it again', {
    timeout: 120_000,
  }, async () => {
    for (const name of ['one', 'two']) {
      const asked = fabric.admin.addTenant(name).catch(() => undefined);
      if (name !== 'one') {
        await until('the registry has begun', async () =>
          (await readFile(fabricLayout(fabric.dir).bootstrap, 'utf8')).includes(`"${name}"`),
        );
      }
      const { registry } = await readProcesses(fabricLayout(fabric.dir).processes);
      process.kill(registry as number, 'SIGKILL');
      await until('it runs again', async () => {
        const now = await readProcesses(fabricLayout(fabric.dir).processes);
        return now.registry !== undefined && now.registry !== registry;
      });
      await asked;
      await until('it answers', () => fabric.admin.status(), { timeout: 20_000 });
      const added = await bringTenant(fabric.dir, name, {}, ports);
      expect(added).toMatchObject({ done: ['cloud', 'edge-a', 'edge-b'], waiting: [] });
      const removed = await removeTenant(fabric.dir, name, {}, ports);
      expect(removed).toMatchObject({ done: ['cloud', 'edge-a', 'edge-b'], waiting: [] });
    }
  });

  it('tenants - of one that is removed nothing gets in any more, and its records stay', {
    timeout: 120_000,
  }, async () => {
    const acme = await load();
    const pass = parseCreds(await readFile(await fabric.identity('cloud', 'desk', 'globex'), 'utf8'));
    await expect(removeTenant(fabric.dir, 'globex', {}, ports)).rejects.toMatchObject({
      reason: expect.stringMatching(
        /^tenant globex has service .*API quotes\.v1, policy all; delete them first/,
      ),
    });
    const removed = await removeTenant(fabric.dir, 'globex', { force: true }, ports);
    expect(removed).toMatchObject({ done: ['cloud', 'edge-a', 'edge-b'], waiting: [] });
    for (const site of ['cloud', 'edge-a', 'edge-b']) {
      expect(await knock(await doorOf(fabric, site, 'client'), pass)).toBe('Authorization Violation');
    }
    const keys = path.join(fabricLayout(fabric.dir).registry, 'keys', 'globex.service.nk');
    await expect(readFile(keys)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await blocksOf('globex')).toBeGreaterThan(0);
    await expect(bringTenant(fabric.dir, 'globex', {}, ports)).rejects.toMatchObject({
      reason: expect.stringContaining('choose another name'),
    });
    const left = await fabric.admin.get('services');
    expect(left.items.filter(({ tenant }) => tenant === 'globex')).toEqual([]);
    const { calls, failed } = await acme.stop();
    expect({ failed, some: calls > 100 }).toEqual({ failed: [], some: true });
  });
});
