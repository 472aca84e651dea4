import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { decodeJwt, parseCreds, type Revocations } from '@causeway/identity';
import type { RevocationReceipt } from '@causeway/protocol';
import type { ManifestOf } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Load, startLoad } from '../faults/support/load.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import {
  type Moment,
  type MortalRegistry,
  mortalRegistry,
  type Written,
} from '../support/mortal-registry.ts';
import { until } from '../support/until.ts';
import { doorOf, linksOf } from './support/doors.ts';
import { knock, type Pass } from './support/knock.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
} as const satisfies ManifestOf;
const sites = ['cloud', 'edge-a', 'edge-b', 'edge-c'];
const refused = 'Authorization Violation';
const patient = { timeout: 20_000 };

let fabric: TestFabric;
let registry: MortalRegistry;
let load: Load;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a', 'edge-b', 'edge-c'] });
  await fabric.admin.apply([
    { kind: 'policy', name: 'all', tenant: 'acme', from: {}, to: { service: 'quotes' }, effect: 'allow' },
  ]);
  await (await fabric.connect('edge-a', 'quotes')).serve(manifest, { latest: () => 1 });
  const target = { service: 'quotes', major: 1, endpoint: 'latest', site: undefined };
  const callers = [await fabric.connect('cloud', 'desk'), await fabric.connect('edge-a', 'desk')];
  for (const caller of callers)
    await until('it can be called', async () => (await caller.call(target, 0)) === 1);
  registry = await mortalRegistry(fabric);
  // Others, who go on calling all the while.
  load = startLoad(
    callers.map((caller, index) => ({
      name: `caller ${index}`,
      rate: 25,
      call: () => caller.call(target, 0),
    })),
  );
}, 120_000);
afterAll(async () => {
  await load?.stop();
  await registry?.[Symbol.asyncDispose]();
  await fabric?.[Symbol.asyncDispose]();
}, 120_000);

async function passOf(file: string): Promise<Required<Pass>> {
  return parseCreds(await readFile(file, 'utf8'));
}

const clientDoors = () => Promise.all(sites.map((site) => doorOf(fabric, site, 'client')));

async function verdicts(pass: Pass): Promise<string[]> {
  return Promise.all((await clientDoors()).map((door) => knock(door, pass)));
}

const inForceAt = (receipts: readonly RevocationReceipt[] = []) =>
  receipts
    .filter(({ inForce }) => inForce)
    .map(({ site }) => site)
    .sort();

/** Whoever was told that it is so at a site finds it so, at once. */
async function requireOut(pass: Pass, receipts?: readonly RevocationReceipt[]): Promise<void> {
  for (const site of inForceAt(receipts)) {
    expect([site, await knock(await doorOf(fabric, site, 'client'), pass)]).toEqual([site, refused]);
  }
}

const isVoid =
  (key: string) =>
  ({ revocations }: Written) =>
    Object.hasOwn((revocations as Revocations | undefined) ?? {}, key);

describe('revocation with a registry that is killed', { timeout: 120_000 }, () => {
  it('revocation - of a service: it was never there, or completes by itself; done again it is in force', async () => {
    const moments: [name: string, isThere: boolean | undefined, moment: (key: string) => Moment][] = [
      ['sent', undefined, () => registry.sent],
      ['received', undefined, () => registry.received],
      [
        'stored',
        true,
        () =>
          registry.stored(
            ({ kind, name, keys }) =>
              kind === 'service' && name === 'stored' && (keys as unknown[]).length === 0,
          ),
      ],
      ['claims', true, (key) => registry.claims(sites, 'acme', isVoid(key))],
    ];
    const desk = await passOf(await fabric.identity('edge-a', 'desk'));
    for (const [service, isThere, moment] of moments) {
      const pass = await passOf(await fabric.identity('edge-a', service));
      await until('its credentials are good', async () =>
        (await verdicts(pass)).every((each) => each === 'in'),
      );
      const request = { tenant: 'acme', site: 'edge-a', service };
      const { told } = await registry.killedAt(moment(decodeJwt(pass.jwt).subject), () =>
        fabric.admin.revoke({ ...request, wait: 5_000 }),
      );
      const { items } = await fabric.admin.get('services', `acme/edge-a/${service}`);
      const there = items[0]?.keys === 0;
      if (isThere !== undefined || told) expect([service, there]).toEqual([service, true]);
      // Half of it is never there: it comes into force everywhere by itself, or it is as before.
      if (there) {
        await until(
          `${service} is kept out by itself`,
          async () => (await verdicts(pass)).every((each) => each === refused),
          patient,
        );
      } else expect([service, await verdicts(pass)]).toEqual([service, sites.map(() => 'in')]);

      const again = await fabric.admin.revoke({ ...request, wait: 5_000 });
      expect(again.keys).toBe(there ? 0 : 1);
      await requireOut(pass, again.sites);
      // A registry that has just started has not heard from all of them, and says so.
      await until('all sites have said so', async () => {
        const { sites: receipts } = await fabric.admin.revoke({ ...request, wait: 5_000 });
        return inForceAt(receipts).length === sites.length;
      });
      expect(await verdicts(pass)).toEqual(sites.map(() => refused));
      expect(await verdicts(desk)).toEqual(sites.map(() => 'in'));
    }
  });

  it('revocation - of a site: its claims and that it is cut off are stored together, and what is left is done again', async () => {
    const isCut = (name: string) =>
      registry.stored(
        (document) => document.kind === 'site' && document.name === name && document.revoked === true,
      );
    const linkKey = async (site: string, name: string) =>
      passOf(path.join(fabricLayout(fabric.dir).site(site).leafCreds, `${name}.leaf.creds`));
    const ofTenant = decodeJwt((await linkKey('edge-c', 'acme')).jwt).subject;
    const moments: [site: string, moment: Moment][] = [
      ['edge-b', isCut('edge-b')],
      // The link for its tenant is void by then, its own is not: it is to hear of it first.
      ['edge-c', registry.claims(['cloud'], 'acme', isVoid(ofTenant))],
    ];
    for (const [site, moment] of moments) {
      const guest = await passOf(await fabric.identity(site, 'guest'));
      const links = await Promise.all(['acme', 'control'].map((name) => linkKey(site, name)));
      const door = await doorOf(fabric, 'cloud', 'leaf');
      const atHub = () => Promise.all(links.map((link) => knock(door, link)));
      expect(await atHub()).toEqual(['in', 'in']);
      await registry.killedAt(moment, () => fabric.admin.revokeSite(site, { wait: 5_000 }));

      expect((await fabric.admin.get('sites', site)).items).toMatchObject([{ revoked: true }]);
      await until(
        'its links are kept out',
        async () => (await atHub()).every((each) => each === refused),
        patient,
      );
      await until(
        'they are cut',
        async () => !(await linksOf(fabric)).some(({ name }) => name === site),
        patient,
      );
      const elsewhere = await Promise.all(
        ['cloud', 'edge-a'].map((other) => doorOf(fabric, other, 'client')),
      );
      await until(
        'its services are kept out elsewhere',
        async () =>
          (await Promise.all(elsewhere.map((at) => knock(at, guest)))).every((each) => each === refused),
        patient,
      );
      const again = await fabric.admin.revokeSite(site, { wait: 5_000 });
      await requireOut(guest, again.sites);
      await until('the others have said so', async () => {
        const { sites: receipts } = await fabric.admin.revokeSite(site, { wait: 5_000 });
        return ['cloud', 'edge-a'].every((other) => inForceAt(receipts).includes(other));
      });
      const { items } = await fabric.admin.get('services');
      const left = items.filter((service) => service.site === site);
      expect(left.map(({ keys }) => keys)).toEqual([0]);
    }
  });

  it('revocation - others did not notice', async () => {
    const calls = await load.stop();
    const codes = new Set(calls.map(({ code }) => code));
    expect({ codes: [...codes], some: calls.length > 100 }).toEqual({ codes: ['OK'], some: true });
  });
});
