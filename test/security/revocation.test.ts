import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { addRevocations, decodeJwt, parseCreds, type Revocations } from '@causeway/identity';
import { systemClock } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';
import { doorOf, linksOf } from './support/doors.ts';
import { knock, type Pass } from './support/knock.ts';
import { rawClient } from './support/raw-client.ts';
import { accountAt, pushClaims, signAgain } from './support/witness.ts';

const refused = 'Authorization Violation';
const sites = ['edge-a', 'cloud', 'edge-b'];

let fabric: TestFabric;
let ca: string;

beforeAll(async () => {
  fabric = await startTestFabric();
  ca = await readFile(fabric.ca, 'utf8');
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

async function passOf(file: string): Promise<Required<Pass>> {
  return parseCreds(await readFile(file, 'utf8'));
}

describe('revocation', () => {
  it('revocation - a revoked service is cut everywhere and comes back nowhere; others are not disturbed', async () => {
    const trader = await passOf(await fabric.identity('edge-a', 'trader'));
    const desk = await passOf(await fabric.identity('edge-a', 'desk'));
    const open = (pass: Pass) => Promise.all(sites.map((site) => rawClient(fabric.url(site), ca, pass)));
    const revoked = await open(trader);
    const others = await open(desk);
    const closed = revoked.map(({ connection }) => connection.closed());
    const { keys, sites: receipts } = await fabric.admin.revoke({
      ...{ tenant: 'acme', site: 'edge-a', service: 'trader' },
      wait: 8_000,
    });
    expect(keys).toBe(1);
    // A receipt of each site's gateway: whoever comes from now on is refused.
    expect(receipts).toEqual(['cloud', 'edge-a', 'edge-b'].map((site) => ({ site, inForce: true })));
    await Promise.all(closed);
    for (const site of sites) {
      expect([site, await knock(await doorOf(fabric, site, 'client'), trader)]).toEqual([site, refused]);
      expect([site, await knock(await doorOf(fabric, site, 'client'), desk)]).toEqual([site, 'in']);
    }
    // They were told of no reconnection: theirs are the same connections still.
    for (const { connection } of others) {
      expect(connection.isClosed()).toBe(false);
      await connection.flush();
    }
    await Promise.all(others.map((client) => client.close()));
  });

  it('revocation - a revoked link is cut and does not come back; those of other sites stay', async () => {
    const file = (site: string) =>
      path.join(fabricLayout(fabric.dir).site(site).leafCreds, 'acme.leaf.creds');
    const lost = await passOf(file('edge-b'));
    const kept = await passOf(file('edge-a'));
    const door = await doorOf(fabric, 'cloud', 'leaf');
    expect([await knock(door, lost), await knock(door, kept)]).toEqual(['in', 'in']);
    const account = await accountAt(fabric, 'cloud', 'acme');
    const has = async (site: string) =>
      (await linksOf(fabric)).some((link) => link.name === site && link.account === account.publicKey);
    await until('both sites are linked', async () => (await has('edge-a')) && (await has('edge-b')));
    const { subject, iat } = decodeJwt(lost.jwt);
    const jwt = await signAgain(fabric, account, (body) => {
      const before = (body.revocations as Revocations | undefined) ?? {};
      body.revocations = addRevocations(before, [{ publicKey: subject, iat }], systemClock.now());
    });
    await pushClaims(fabric, 'cloud', jwt);
    await until('the link of edge-b is gone', async () => !(await has('edge-b')));
    // An edge tries again every 100 ms and its creds are as they were: what it hears is this.
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await knock(door, lost)).toBe(refused);
    expect([await has('edge-b'), await has('edge-a'), await knock(door, kept)]).toEqual([false, true, 'in']);
    // Its other link, into CONTROL, is another user's.
    const control = await accountAt(fabric, 'cloud', 'CONTROL');
    const links = await linksOf(fabric);
    expect(links).toContainEqual(expect.objectContaining({ name: 'edge-b', account: control.publicKey }));
  });
});
