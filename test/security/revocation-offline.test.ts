import { readFile } from 'node:fs/promises';
import { parseCreds } from '@causeway/identity';
import type { CausewayError } from '@causeway/protocol';
import type { Causeway, ManifestOf } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LinkProxy, proxyLink } from '../faults/support/link-proxy.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';
import { doorOf } from './support/doors.ts';
import { knock } from './support/knock.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
} as const satisfies ManifestOf;
const latest = { service: 'quotes', major: 1, endpoint: 'latest', site: undefined };

/** The least that a policy may say. */
const leaseMs = 10_000;

let fabric: TestFabric;
let link: LinkProxy;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
  link = await proxyLink(fabric.dir, 'edge-a');
  await fabric.admin.apply([
    {
      ...{ kind: 'policy', name: 'all', tenant: 'acme', from: {}, to: { service: 'quotes' } },
      ...{ effect: 'allow', offline: '10s' },
    },
  ]);
  await (await fabric.connect('edge-a', 'quotes')).serve(manifest, { latest: () => 'here' });
}, 120_000);
afterAll(async () => {
  await link?.close();
  await fabric?.[Symbol.asyncDispose]();
});

/** What a call came to: its reply, or the code it was refused with. */
const outcome = (caller: Causeway) =>
  caller.call(latest, null).catch((error: CausewayError) => error.code) as Promise<string>;

describe('revocation of one whose site cannot hear of it', () => {
  it('revocation - it falls with the site’s lease, and is cut as soon as the site hears of it', async () => {
    const trader = await fabric.connect('edge-a', 'trader');
    const desk = await fabric.connect('edge-a', 'desk');
    await until(
      'calls succeed',
      async () => (await outcome(trader)) === 'here' && (await outcome(desk)) === 'here',
    );
    const pass = parseCreds(await readFile(await fabric.identity('edge-a', 'trader'), 'utf8'));
    const own = await doorOf(fabric, 'edge-a', 'client');
    link.cut();
    const revoked = performance.now();
    const { sites } = await fabric.admin.revoke({
      ...{ tenant: 'acme', site: 'edge-a', service: 'trader' },
      wait: 1_000,
    });
    expect(sites).toEqual([
      { site: 'cloud', inForce: true },
      // Named, with what protects meanwhile.
      { site: 'edge-a', inForce: false, seen: expect.any(Number), lease: leaseMs },
    ]);
    expect(await knock(await doorOf(fabric, 'cloud', 'client'), pass)).toBe('Authorization Violation');
    // At its own site nobody knows.
    expect(await outcome(trader)).toBe('here');
    expect(await knock(own, pass)).toBe('in');
    await until('the lease ends', async () => (await outcome(trader)) === 'LEASE_EXPIRED', {
      timeout: 4 * leaseMs,
      every: 100,
    });
    // It ran from when the site heard last, some moments before the cut.
    expect(performance.now() - revoked).toBeGreaterThan(leaseMs / 2);
    expect(await outcome(desk)).toBe('LEASE_EXPIRED');

    link.resume();
    const after = new Set<string>();
    await until(
      'its own server refuses it',
      async () => {
        after.add(await outcome(trader));
        return (await knock(own, pass)) === 'Authorization Violation';
      },
      { timeout: 30_000 },
    );
    // The link was back before its server knew, and still no call of its was admitted.
    expect([...after]).not.toContain('here');
    await until('the others go on', async () => (await outcome(desk)) === 'here', { timeout: 30_000 });
    expect(await outcome(trader)).toBe('REVOKED');
    const { sites: later } = await fabric.admin.revoke({
      ...{ tenant: 'acme', site: 'edge-a', service: 'trader' },
      wait: 8_000,
    });
    expect(later?.map(({ inForce }) => inForce)).toEqual([true, true]);
  }, 120_000);
});
