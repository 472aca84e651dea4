import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { bringTenant, fabricLayout, removeTenant, rotateService } from '@causeway/fabric';
import { parseCreds } from '@causeway/identity';
import type { Causeway } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doorOf } from '../security/support/doors.ts';
import { knock, type Pass } from '../security/support/knock.ts';
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
let caller: Causeway;
beforeAll(async () => {
  fabric = await startTestFabric({ watchdogMs: 250 });
  await bringTenant(fabric.dir, 'globex', {}, ports);
  await fabric.admin.apply([allow('globex')]);
  const server = await fabric.connect('edge-a', 'quotes', 'globex');
  await server.serve(manifest, { latest: () => ({ of: 'globex' }) });
  caller = await fabric.connect('cloud', 'desk', 'globex');
  await answered('at first');
}, 90_000);
afterAll(() => fabric?.[Symbol.asyncDispose]());

const answered = (when: string) =>
  until(
    `globex is answered ${when}`,
    () => caller.call(target, {}).then((reply) => JSON.stringify(reply).includes('globex')),
    { timeout: 20_000 },
  );
const passOf = async (file: string): Promise<Required<Pass>> => parseCreds(await readFile(file, 'utf8'));

const filesAt = (site: string, tenant: string) => {
  const { creds, leafCreds } = fabricLayout(fabric.dir).site(site);
  return {
    gateway: path.join(creds, `gateway-${tenant}.creds`),
    leaf: path.join(leafCreds, `${tenant}.leaf.creds`),
  };
};
const rotated = (site: string) =>
  until(
    `${site} uses its new keys`,
    async () => (await fabric.admin.get('sites', site)).items.every(({ rotating }) => rotating === undefined),
    { timeout: 60_000 },
  );

describe('tenants', () => {
  it('tenants - keys of one that came later are replaced with the others, also where more come meanwhile', {
    timeout: 120_000,
  }, async () => {
    const files = filesAt('edge-a', 'globex');
    for (const role of ['gateway', 'leaf'] as const) {
      const before = await passOf(files[role]);
      await fabric.admin.rotateSite('edge-a', role);
      await bringTenant(fabric.dir, `later-${role}`, { sites: ['edge-a'] }, ports);
      await rotated('edge-a');
      expect((await passOf(files[role])).jwt).not.toBe(before.jwt);
      const door = await doorOf(fabric, 'cloud', role === 'leaf' ? 'leaf' : 'client');
      expect(await knock(door, before)).not.toBe('in');
      await until('the new credentials are let in', async () => {
        const passes = [await passOf(files[role]), await passOf(filesAt('edge-a', `later-${role}`)[role])];
        const verdicts = await Promise.all(passes.map((pass) => knock(door, pass)));
        return verdicts.every((verdict) => verdict === 'in');
      });
      await answered(`by new keys of the ${role}`);
    }
    await removeTenant(fabric.dir, 'later-gateway', {}, ports);
  });

  it('tenants - signing keys of one that was founded while all ran are replaced', {
    timeout: 120_000,
  }, async () => {
    const files = [filesAt('edge-a', 'globex').gateway, await fabric.identity('cloud', 'desk', 'globex')];
    const before = await Promise.all(files.map(passOf));
    const step = (finish: boolean) =>
      until(
        `signing keys of globex, finish: ${finish}`,
        async () => {
          const { state } = await fabric.admin.rotateSigning({ account: 'globex', finish, wait: 5_000 });
          return state === (finish ? 'finished' : 'used');
        },
        { timeout: 60_000 },
      );
    await step(false);
    for (const [site, service] of [
      ['edge-a', 'quotes'],
      ['cloud', 'desk'],
    ] as const) {
      const out = await fabric.identity(site, service, 'globex');
      await rotateService(fabric.admin, { tenant: 'globex', site, service, out, grace: 5_000 }, systemRandom);
    }
    await step(true);
    const door = await doorOf(fabric, 'cloud', 'client');
    expect(await Promise.all(before.map((pass) => knock(door, pass)))).not.toContain('in');
    await answered('by what the new keys signed');
    // And one that comes to a site from now on is signed for by them.
    await removeTenant(fabric.dir, 'globex', { site: 'edge-b' }, ports);
    await bringTenant(fabric.dir, 'globex', { sites: ['edge-b'] }, ports);
    expect(await knock(door, await passOf(filesAt('edge-b', 'globex').gateway))).toBe('in');
  });

  it('tenants - the watchdog took no link for foreign while keys were replaced', async () => {
    const log = await readFile(path.join(fabricLayout(fabric.dir).logs, 'registry.log'), 'utf8');
    expect(log).toContain('new keys of the site taken in');
    expect(log).not.toContain('was cut by the watchdog');
  });
});
