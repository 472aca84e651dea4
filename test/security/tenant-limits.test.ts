import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, readSite } from '@causeway/fabric';
import { decodeJwt } from '@causeway/identity';
import { RequestError, TimeoutError } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';
import { connectRawLeaf, type RawLeaf } from './leaf/raw-leaf.ts';
import { linksOf } from './support/doors.ts';
import { accountAt, admitWitnesses, type Witnesses } from './support/witness.ts';

const sites = ['cloud', 'edge-a', 'edge-b'];
const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { say: { request: {}, reply: {} } },
} as const;
const target = { service: 'quotes', major: 1, endpoint: 'say', site: undefined };

let fabric: TestFabric;
let witnesses: Witnesses;
const leafs: RawLeaf[] = [];

beforeAll(async () => {
  fabric = await startTestFabric({ tenants: ['acme', 'globex'], watchdogMs: 1_000 });
  for (const tenant of ['acme', 'globex']) {
    await fabric.admin.apply([
      { kind: 'policy', name: 'all', tenant, from: {}, to: { service: 'quotes' }, effect: 'allow' },
    ]);
  }
  const server = await fabric.connect('edge-a', 'quotes', 'globex');
  await server.serve(manifest, { say: () => ({}) });
  witnesses = await admitWitnesses(fabric, sites);
}, 90_000);
afterAll(async () => {
  for (const leaf of leafs) leaf.close();
  await witnesses?.close();
  await fabric?.[Symbol.asyncDispose]();
});

let names = 0;
async function rawLeaf(tenant: string): Promise<RawLeaf> {
  const { host, ports } = await readSite(fabric.dir, 'cloud');
  const creds = path.join(fabricLayout(fabric.dir).site('edge-b').leafCreds, `${tenant}.leaf.creds`);
  const ca = await readFile(fabric.ca, 'utf8');
  names += 1;
  const own = { name: `raw-${names}`, cluster: `raw-${names}` };
  const leaf = await connectRawLeaf({ host, port: ports.leaf as number, ca, creds, ...own });
  leafs.push(leaf);
  return leaf;
}

describe('limits of a tenant', () => {
  it('limits - the claims of every tenant hold each of them, and no JetStream', async () => {
    for (const tenant of ['acme', 'globex']) {
      for (const site of sites) {
        const { limits } = decodeJwt((await accountAt(fabric, site, tenant)).jwt).nats as {
          limits: Record<string, unknown>;
        };
        expect(limits).toMatchObject({ conn: 1_006, leaf: 6, subs: 50_000, payload: 1_048_576 });
        expect(Object.keys(limits).filter((name) => /storage|streams|consumer/.test(name))).toEqual([]);
      }
    }
  });

  it('limits - JetStream answers nobody in a tenant’s account, whatever he may say there', async () => {
    for (const site of sites) {
      const { connection } = await witnesses.at(site, 'acme');
      for (const subject of ['$JS.API.INFO', '$JS.API.STREAM.LIST', `$JS.${site}.API.INFO`]) {
        const asked = connection.request(subject, '', { timeout: 500 });
        const outcome = await asked.then(
          (reply) => reply.json<{ error?: { err_code?: number } }>().error?.err_code,
          (error: unknown) =>
            error instanceof RequestError || error instanceof TimeoutError ? 'no answer' : error,
        );
        // 10039: JetStream is not enabled for the account.
        expect(['no answer', 10_039]).toContain(outcome);
      }
    }
  });

  it('limits - a leaf that subscribes without end is stopped at 5,000, and others go on', {
    timeout: 60_000,
  }, async () => {
    const leaf = await rawLeaf('acme');
    for (let n = 0; n < 6_000; n += 1) leaf.subscribe(`_INBOX.edge-b.flood.n${n}.*`);
    await leaf.flush();
    const counted = (await linksOf(fabric)).filter(({ name }) => name?.startsWith('raw-'));
    const most = Math.max(0, ...counted.map(({ subscriptions_list: list = [] }) => list.length));
    expect(most).toBeLessThanOrEqual(5_000);
    const caller = await fabric.connect('cloud', 'desk', 'globex');
    await until('a call of the other tenant', () => caller.call(target, {}));
    leaf.close();
  });

  it('limits - a message that is too large ends who sends it, and nobody else', {
    timeout: 60_000,
  }, async () => {
    const leaf = await rawLeaf('acme');
    leaf.publish('call.edge-b.desk.cloud.quotes.v1.say', 'x'.repeat(1_048_577));
    await until('the hub has cut it', () => leaf.closed);
    const caller = await fabric.connect('cloud', 'desk', 'globex');
    expect(await caller.call(target, {})).toEqual({});
  });

  it('limits - links of one site take no other tenant’s place, and are cut to what a site may have', {
    timeout: 120_000,
  }, async () => {
    const before = (await linksOf(fabric)).filter(({ name }) => name === 'edge-a').map(({ id }) => id);
    const opened: RawLeaf[] = [];
    let refused = '';
    while (refused === '' && opened.length < 12) {
      await rawLeaf('acme').then(
        (leaf) => opened.push(leaf),
        (error: unknown) => {
          refused = (error as Error).message;
        },
      );
    }
    // Six links of the account, two of them honest.
    expect(opened.length).toBeLessThanOrEqual(5);
    expect(refused).toContain('leaf refused');
    const caller = await fabric.connect('cloud', 'desk', 'globex');
    expect(await caller.call(target, {})).toEqual({});
    const open = () => opened.filter(({ closed }) => !closed).length;
    await until('the watchdog has cut what is too much', () => open() <= 1, { timeout: 60_000 });
    const now = (await linksOf(fabric)).filter(({ name }) => name === 'edge-a').map(({ id }) => id);
    expect(now.sort()).toEqual(before.sort());
  });
});
