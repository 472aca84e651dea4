import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ailments, fabricLayout, readSite } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';
import { connectRawLeaf, type RawLeaf } from './leaf/raw-leaf.ts';
import { startRogueEdge } from './leaf/rogue-edge.ts';
import { linksOf } from './support/doors.ts';

const watchdogMs = 250;
const manifest = (service: string, version = '1.0.0') =>
  ({ kind: 'api', service, version, endpoints: { say: { request: {}, reply: {} } } }) as const;
const allow = (service: string) => ({
  ...{ kind: 'policy', name: `all-${service}`, tenant: 'acme', from: {}, to: { service }, effect: 'allow' },
});

let fabric: TestFabric;
beforeAll(async () => {
  fabric = await startTestFabric({ tenants: ['acme', 'globex'], watchdogMs });
}, 90_000);
afterAll(() => fabric?.[Symbol.asyncDispose]());

/** Lines of the registry's log with this message. */
async function logged(message: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(fabricLayout(fabric.dir).logs, 'registry.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.includes(message))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
const cuts = () => logged('a link of a site was cut by the watchdog');

async function hubDoor(): Promise<{ host: string; port: number; ca: string }> {
  const { host, ports } = await readSite(fabric.dir, 'cloud');
  return { host, port: ports.leaf as number, ca: await readFile(fabric.ca, 'utf8') };
}
const leafCreds = (site: string, tenant: string) =>
  path.join(fabricLayout(fabric.dir).site(site).leafCreds, `${tenant}.leaf.creds`);

describe('watchdog', () => {
  it('watchdog - an innocent site is not cut, whatever comes and goes there', {
    timeout: 120_000,
  }, async () => {
    const callers = [await fabric.connect('cloud', 'caller'), await fabric.connect('edge-b', 'caller')];
    for (let round = 0; round < 6; round += 1) {
      const service = `service-${round}`;
      const server = await fabric.connect('edge-a', service);
      await server.serve(manifest(service), { say: () => ({}) });
      await fabric.admin.apply([allow(service)]);
      const target = { service, major: 1, endpoint: 'say', site: undefined };
      for (const caller of callers) {
        await until(`${service} can be reached`, () => caller.call(target, {}), { timeout: 20_000 });
      }
      await server.serve(manifest(service, '2.0.0'), { say: () => ({}) });
      if (round % 2 === 0) {
        await fabric.admin.delete({ kind: 'policy', tenant: 'acme', name: `all-${service}`, force: true });
        await fabric.admin.delete({ kind: 'api', tenant: 'acme', name: `${service}.v1`, force: true });
      } else {
        await fabric.admin.delete({
          ...{ kind: 'service', tenant: 'acme', site: 'edge-a', name: service, force: true },
        });
      }
    }
    const changes = await logged('compiled for a site');
    expect(changes.length).toBeGreaterThan(10);
    expect(await cuts()).toEqual([]);
  });

  it('watchdog - the server of a site that is taken over is cut for what its clients listen for', {
    timeout: 90_000,
  }, async () => {
    const { host, port } = await hubDoor();
    const folder = path.join(fabric.dir, '..', 'rogue');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { path: binary } = await findNatsServer({});
    const edge = await startRogueEdge({
      ...{ binary, folder, serverName: 'edge-b-too', domain: 'edge-b', caFile: fabric.ca },
      hubLeafUrl: `tls://${host}:${port}`,
      leafCreds: { globex: leafCreds('edge-b', 'globex') },
    });
    try {
      const client = await edge.connect('globex');
      const cutsOf = async () => (await cuts()).filter(({ tenant }) => tenant === 'globex');
      const wide = ['call.>', 'call.*.*.any.>', 'call.cloud.*.any.quotes.v1.*'];
      for (const subject of [...wide, '_INBOX.edge-b.own.>']) client.subscribe(subject);
      await client.flush();
      const carried = async () =>
        (await linksOf(fabric)).find(({ name }) => name === 'edge-b-too')?.subscriptions_list ?? [];
      // What the server may pass on has come, so what came before it has not.
      await until('the rogue link is up', async () => (await carried()).includes('_INBOX.edge-b.own.>'));
      expect((await carried()).filter((subject) => wide.includes(subject))).toEqual([]);
      expect(await cutsOf()).toEqual([]);
      // This its server does pass on, as it does all calls to the site itself.
      client.subscribe('>');
      await client.flush();
      await until('it is cut', async () => (await cutsOf()).length > 0);
      const [cut] = await cutsOf();
      expect(cut).toMatchObject({ site: 'edge-b', tenant: 'globex' });
      expect(cut?.reason).toBe('listens for >, which it may not host');
    } finally {
      await edge.stop();
    }
  });

  it('watchdog - a site that listens for calls of others is cut, kept out, and named', {
    timeout: 120_000,
  }, async () => {
    const server = await fabric.connect('edge-a', 'quotes');
    await server.serve(manifest('quotes'), { say: () => ({}) });
    await fabric.admin.apply([allow('quotes')]);
    const caller = await fabric.connect('cloud', 'caller');
    const target = { service: 'quotes', major: 1, endpoint: 'say', site: undefined };
    await until('quotes can be reached', () => caller.call(target, {}), { timeout: 20_000 });
    const failed: unknown[] = [];
    let calls = 0;
    let over = false;
    const load = (async () => {
      while (!over) {
        await caller.call(target, {}).catch((error: unknown) => failed.push(error));
        calls += 1;
      }
    })();
    const others = async () =>
      (await linksOf(fabric))
        .filter(({ name }) => name === 'edge-a')
        .map(({ id }) => id)
        .sort();
    const before = await others();

    const door = await hubDoor();
    const creds = leafCreds('edge-b', 'acme');
    let refused = '';
    let times = 0;
    let tries = 0;
    try {
      while (!refused.includes('Authorization Violation')) {
        tries += 1;
        expect([tries < 20, refused]).toEqual([true, refused]);
        const leaf = await connectRawLeaf({
          ...door,
          creds,
          name: `raw-${times}`,
          cluster: `raw-${times}`,
        }).catch((error: unknown) => {
          refused = (error as Error).message;
        });
        if (!leaf) {
          // One that is cut while it still shakes hands is told of the cut; the next is not let in.
          expect(refused).toMatch(/Authorization Violation|User Authentication Revoked/);
          continue;
        }
        times += 1;
        leaf.subscribe('call.cloud.*.any.quotes.v1.*', 'guess', 100_000);
        await until('the raw link is cut', () => (leaf as RawLeaf).closed, { timeout: 20_000 });
        expect(times).toBeLessThan(10);
      }
      expect(times).toBeGreaterThanOrEqual(2);
    } finally {
      over = true;
      await load;
    }
    const status = await fabric.admin.status();
    expect(status.sites.find(({ name }) => name === 'edge-b')?.cutOff).toEqual([
      { account: 'acme', reason: expect.stringContaining('call.cloud.*.any.quotes.v1.*') },
    ]);
    expect(ailments(status, ['cloud', 'edge-a', 'edge-b'], ['acme', 'globex'])).toContainEqual(
      expect.stringMatching(/^site edge-b is kept out of acme by the watchdog: it listens for call\.cloud/),
    );
    expect(await cuts()).toContainEqual(expect.objectContaining({ site: 'edge-b', tenant: 'acme' }));
    expect((await cuts()).filter(({ site }) => site !== 'edge-b')).toEqual([]);
    // Neighbours, and the load of one, did not notice.
    expect(failed).toEqual([]);
    expect(calls).toBeGreaterThan(50);
    expect(await others()).toEqual(before);
  });
});
