import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, openConsole, rotateService, verifyChains } from '@causeway/fabric';
import { parseCreds, signingKeysOf } from '@causeway/identity';
import type { Causeway, ManifestOf } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Load, startLoad } from '../faults/support/load.ts';
import { doorOf } from '../security/support/doors.ts';
import { knock, type Pass } from '../security/support/knock.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import {
  type Moment,
  type MortalRegistry,
  mortalRegistry,
  type Written,
} from '../support/mortal-registry.ts';
import { readActs } from '../support/records.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true, idempotent: true } },
} as const satisfies ManifestOf;
const target = { service: 'quotes', major: 1, endpoint: 'latest', site: undefined };
const refused = 'Authorization Violation';
const patient = { timeout: 20_000 };
/** The SDK looks for new credentials once a second, and comes in with them before it leaves; on a busy machine, too. */
const grace = 5_000;
const ports = { clock: systemClock, random: systemRandom, logger: silent };
const owners = ['edge-a/quotes', 'edge-a/desk', 'cloud/desk'] as const;

let fabric: TestFabric;
let registry: MortalRegistry;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
  await fabric.admin.apply([policy('all', {})]);
  await (await fabric.connect('edge-a', 'quotes')).serve(manifest, { latest: () => 1 });
  registry = await mortalRegistry(fabric);
}, 120_000);
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await fabric?.[Symbol.asyncDispose]();
}, 120_000);

function policy(name: string, from: object) {
  return { kind: 'policy', name, tenant: 'acme', from, to: { service: 'quotes' }, effect: 'allow' };
}

/** Calls inside the site, each made once, and across its link, sent again where they may be. */
async function loaded(): Promise<Load> {
  const here = await fabric.connect('edge-a', 'desk');
  const there = await fabric.connect('cloud', 'desk');
  const called = (who: Causeway) => until('it can be called', async () => (await who.call(target, 0)) === 1);
  await Promise.all([called(here), called(there)]);
  const retried = { timeout: 10_000, retry: Number.POSITIVE_INFINITY };
  return startLoad([
    { name: 'inside', rate: 25, call: () => here.call(target, 0) },
    { name: 'across', rate: 25, repeats: true, call: () => there.call(target, 0, retried) },
  ]);
}

/** No call failed, and some were made. */
async function requireNoFailure(load: Load): Promise<void> {
  const calls = await load.stop();
  const failed = calls.filter(({ code }) => code !== 'OK').map(({ lane, code }) => `${lane} ${code}`);
  expect({ failed, some: calls.length > 50 }).toEqual({ failed: [], some: true });
}

async function passOf(file: string): Promise<Required<Pass>> {
  return parseCreds(await readFile(file, 'utf8'));
}

async function verdicts(pass: Pass): Promise<string[]> {
  const doors = await Promise.all(['cloud', 'edge-a'].map((site) => doorOf(fabric, site, 'client')));
  return Promise.all(doors.map((door) => knock(door, pass)));
}

const everywhere = (name: string, pass: Pass, verdict: string) =>
  until(name, async () => (await verdicts(pass)).every((each) => each === verdict), patient);

async function rotate(owner: string, validMs: number): Promise<void> {
  const [site = '', service = ''] = owner.split('/');
  const out = await fabric.identity(site, service);
  await rotateService(fabric.admin, { tenant: 'acme', site, service, out, grace: validMs }, systemRandom);
}

async function keysOf(owner: string): Promise<unknown> {
  const { items } = await fabric.admin.get('services', `acme/${owner}`);
  return items[0]?.keys;
}

describe('a registry that is killed', { timeout: 150_000 }, () => {
  it('registry killed - while a key of a service is replaced: nobody is locked out, and done again it is done', async () => {
    const load = await loaded();
    const file = await fabric.identity('edge-a', 'desk');
    const ofDesk = ({ kind, site, name }: Written) =>
      kind === 'service' && site === 'edge-a' && name === 'desk';
    const first = await passOf(file);
    await registry.killedAt(
      registry.stored((document) => ofDesk(document) && document.retiring !== undefined),
      () => rotate('edge-a/desk', 600_000),
    );
    // Whatever became of its answer: the key before is good, and that in the file.
    expect(await keysOf('edge-a/desk')).toBe(2);
    expect(await verdicts(first)).toEqual(['in', 'in']);
    await everywhere('what is in the file is let in', await passOf(file), 'in');

    // Done again; this time the next one is killed while the keys before are made void.
    await registry.killedAt(
      registry.stored((document) => ofDesk(document) && (document.keys as unknown[]).length === 1),
      () => rotate('edge-a/desk', grace),
    );
    expect(await keysOf('edge-a/desk')).toBe(1);
    await everywhere('the key before is void by itself', first, refused);
    await everywhere('the new one is let in', await passOf(file), 'in');
    await requireNoFailure(load);
  });

  it('registry killed - while signing keys are replaced: each step is there or is done again, and no call fails', async () => {
    const load = await loaded();
    const files = await Promise.all(
      owners.map((owner) => fabric.identity(...(owner.split('/') as [string, string]))),
    );
    const before = await Promise.all(files.map(passOf));
    const keys = path.join(fabricLayout(fabric.dir).registry, 'keys');
    const made: Moment = () =>
      until('a key is made', () => access(path.join(keys, 'acme.service.next.nk')).then(() => true), {
        timeout: 30_000,
        every: 1,
      });
    const ofAccount = (isWanted: (document: Written & { jwt: string }) => boolean): Moment =>
      registry.stored(
        (document) => document.kind === 'account' && isWanted(document as Written & { jwt: string }),
      );
    const known = (jwt: string) => signingKeysOf(jwt).service?.length;
    const begin = () => fabric.admin.rotateSigning({ account: 'acme', wait: 5_000 });
    await registry.killedAt(made, begin);
    await registry.killedAt(
      ofAccount(({ jwt, signers }) => known(jwt) === 2 && signers === undefined),
      begin,
    );
    await registry.killedAt(
      ofAccount(({ signers }) => signers !== undefined),
      // One that has just started has not heard from all sites: it says so, and is asked again; but none after it is.
      async () => {
        while ((await begin()).state === 'told');
      },
    );
    await until('users are signed by the new keys', async () => (await begin()).state === 'used', patient);
    for (const owner of owners) await rotate(owner, grace);
    await until(
      'all have new keys',
      async () => (await Promise.all(owners.map(keysOf))).every((count) => count === 1),
      patient,
    );
    const finish = () => fabric.admin.rotateSigning({ account: 'acme', finish: true, wait: 5_000 });
    const atHub = registry.claims(
      ['cloud'],
      'acme',
      ({ signing_keys: all }) =>
        (all as { role?: string }[]).filter(({ role }) => role === 'service').length === 1,
    );
    await until('sites use them', async () => (await begin()).sites.every(({ inForce }) => inForce), patient);
    await registry.killedAt(atHub, finish);
    await until('those before are void', async () => (await finish()).state === 'finished', patient);
    for (const pass of before) await everywhere('credentials of before are void', pass, refused);
    for (const file of files) await everywhere('those of now are let in', await passOf(file), 'in');
    // Who comes now is signed for by a key that all know.
    await everywhere('a newcomer is let in', await passOf(await fabric.identity('cloud', 'newcomer')), 'in');
    await requireNoFailure(load);
  });

  it('registry killed - while many documents are applied: all of them or none, and done again it changes nothing twice', async () => {
    const load = await loaded();
    const many = (name: string) =>
      Array.from({ length: 400 }, (_, index) => policy(`${name}-${index}`, { service: `caller-${index}` }));
    const moments: [string, boolean | undefined, Moment][] = [
      ['sent', undefined, registry.sent],
      ['received', undefined, registry.received],
      ['stored', true, registry.stored(({ name }) => name === 'stored-0')],
    ];
    for (const [name, isThere, moment] of moments) {
      const documents = many(name);
      const { told } = await registry.killedAt(moment, () => fabric.admin.apply(documents));
      const standing = async () => {
        const { items } = await fabric.admin.get('policies');
        return items.filter((each) => String(each.name).startsWith(`${name}-`));
      };
      const before = await standing();
      expect([0, documents.length]).toContain(before.length);
      if (isThere !== undefined || told) expect([name, before.length]).toEqual([name, documents.length]);
      const again = await fabric.admin.apply(documents);
      const now = await standing();
      expect([name, now.length]).toEqual([name, documents.length]);
      // With the revisions that they had.
      if (before.length > 0) expect(now).toEqual(before);
      await until(
        'it is in force everywhere',
        async () => {
          const { sites } = await fabric.admin.inForce({ revision: again.revision, wait: 5_000 });
          return sites.every(({ state }) => state === 'in-force');
        },
        patient,
      );
    }
    await requireNoFailure(load);
  });

  it('registry killed - what administrators did was recorded once, and the chain is whole', async () => {
    const made = new Map<string, number>();
    await until(
      'all records are collected',
      async () => {
        made.clear();
        for (const { key, before } of await readActs(fabric, 'acme')) {
          if (before === null && /-\d+$/.test(key)) made.set(key, (made.get(key) ?? 0) + 1);
        }
        return made.size === 1_200;
      },
      patient,
    );
    expect([...made].filter(([, times]) => times !== 1)).toEqual([]);
    const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'any', from: 'beginning' }, ports);
    const { problems } = await verifyChains(console, () => {}).finally(() => console.close());
    expect(problems).toEqual([]);
  });
});
