import {
  admitSite,
  ensureHub,
  ensureSite,
  findNatsServer,
  purgeConfirmed,
  retireSite,
  startNatsServer,
} from '@causeway/nats-server';
import { Kvm } from '@nats-io/kv';
import { headers } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  type BareSite,
  bareClient,
  bareFabric,
} from '../support/bare-operator.ts';
import { until } from '../support/until.ts';

let fabric: BareFabric;
let hub: BareClient;
let a: BareClient;
let b: BareClient;

/** Figures for whoever runs the tests. */
function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

function edge(name: string): BareSite {
  return fabric.edges[name] as BareSite;
}

function increment(by: number, more: Record<string, string> = {}) {
  const fields = headers();
  fields.set('Nats-Incr', String(by));
  for (const [key, value] of Object.entries(more)) fields.set(key, value);
  return fields;
}

/** A counter's value, by the direct read that ops consoles use; 0 where there is none. */
async function counter({ jsm }: BareClient, subject: string): Promise<number> {
  const message = await jsm.direct.getMessage('FLOW', { last_by_subj: subject });
  return message === null ? 0 : Number(message.json<{ val: string }>().val);
}

async function count({ jsm }: BareClient, stream: string, filter = '>'): Promise<number> {
  const info = await jsm.streams.info(stream, { subjects_filter: filter });
  return Object.values(info.state.subjects ?? {}).reduce((sum, each) => sum + each, 0);
}

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric(['edge-a', 'edge-b'], { binary });
  [hub, a, b] = await Promise.all([
    bareClient(fabric, fabric.hub),
    bareClient(fabric, edge('edge-a')),
    bareClient(fabric, edge('edge-b')),
  ]);
  await ensureHub(hub.jsm, { edges: [] });
  await admitSite(hub.jsm, 'edge-a');
  await ensureSite(a.jsm, { site: 'edge-a' });
  await ensureHub(hub.jsm, { edges: ['edge-a'] });
  // A site that joins later.
  await admitSite(hub.jsm, 'edge-b');
  await ensureSite(b.jsm, { site: 'edge-b' });
  await ensureHub(hub.jsm, { edges: ['edge-a', 'edge-b'] });
}, 60_000);

afterAll(() => fabric?.dispose());

describe('streams', () => {
  it('streams - are as wanted when they are ensured again', async () => {
    const before = await hub.jsm.streams.info('AUDIT');
    await ensureHub(hub.jsm, { edges: ['edge-a', 'edge-b'] });
    await ensureSite(a.jsm, { site: 'edge-a' });
    const after = await hub.jsm.streams.info('AUDIT');
    expect(after.config).toEqual(before.config);
    expect(after.config.sources?.map(({ name, external }) => external?.api ?? name).sort()).toEqual([
      '$JS.edge-a.API',
      '$JS.edge-b.API',
      'AUDIT_cloud',
    ]);
  });

  it('streams - records of every site reach the cloud, stamped with the site they came from', async () => {
    for (let n = 0; n < 20; n++) {
      await a.js.publish('audit.acme.edge-a.gw-1.access', `a${n}`, { msgID: `a${n}` });
      await b.js.publish('audit.acme.edge-b.gw-1.refusal', `b${n}`, { msgID: `a${n}` });
      await hub.js.publish('audit.acme.cloud.gw-1.access', `c${n}`, { msgID: `c${n}` });
    }
    for (const subject of [
      'from.edge-a.audit.acme.edge-a.gw-1.access',
      'from.edge-b.audit.acme.edge-b.gw-1.refusal',
      'from.cloud.audit.acme.cloud.gw-1.access',
    ]) {
      await until(`20 records on ${subject}`, async () => (await count(hub, 'AUDIT', subject)) === 20, {
        timeout: 20_000,
      });
    }
    expect(await count(hub, 'AUDIT')).toBe(60);
    // The same id at two sites is two records: the cloud has no duplicate window that one could spoil.
    expect((await hub.jsm.streams.info('AUDIT')).config.duplicate_window ?? 0).toBe(0);
    // In order, and each once.
    const last = await hub.jsm.direct.getMessage('AUDIT', {
      last_by_subj: 'from.edge-a.audit.acme.edge-a.gw-1.access',
    });
    expect(last?.string()).toBe('a19');
  });

  it('streams - counters of every site add up in the cloud, each under its site', async () => {
    const subject = (site: string) => `flow.${site}.acme.${site}.desk.quotes.v1.latest.calls`;
    for (let n = 0; n < 5; n++) {
      await a.js.publish(subject('edge-a'), '', { headers: increment(3) });
      await hub.js.publish(subject('cloud'), '', { headers: increment(2) });
    }
    await until('15 of edge-a', async () => (await counter(hub, `from.edge-a.${subject('edge-a')}`)) === 15);
    await until('10 of the cloud', async () => (await counter(hub, `from.cloud.${subject('cloud')}`)) === 10);
  });

  it('streams - a batch of increments is stored as a whole or not at all', async () => {
    const calls = 'flow.edge-a.acme.edge-a.batch.quotes.v1.latest.calls';
    const blocks = 'flow.edge-a.acme.gateway.gw-1.blocks';
    const good = await a.js.startBatch(calls, '', { headers: increment(7) });
    const ack = await good.commit(blocks, '', { headers: increment(1) });
    expect(ack.count).toBe(2);
    expect([await counter(a, calls), await counter(a, blocks)]).toEqual([7, 1]);
    const bad = await a.js.startBatch(calls, '', { headers: increment(100) });
    await expect(
      bad.commit(blocks, '', { headers: increment(1, { 'Nats-Incr': 'many' }) }),
    ).rejects.toThrow();
    expect([await counter(a, calls), await counter(a, blocks)]).toEqual([7, 1]);
  });

  it('streams - a counter keeps the headers of its last increment', async () => {
    const subject = 'flow.edge-a.acme.gateway.gw-9.blocks';
    await a.js.publish(subject, '', { headers: increment(1, { 'Causeway-Through': '41' }) });
    const batch = await a.js.startBatch('flow.edge-a.acme.edge-a.x.y.v1.z.calls', '', {
      headers: increment(1),
    });
    await batch.commit(subject, '', { headers: increment(2, { 'Causeway-Through': '43' }) });
    const message = await a.jsm.direct.getMessage('FLOW', { last_by_subj: subject });
    expect(message?.header.get('Causeway-Through')).toBe('43');
    expect(message?.json()).toEqual({ val: '3' });
    const stamped = await until('it is in the cloud', () =>
      hub.jsm.direct.getMessage('FLOW', { last_by_subj: `from.edge-a.${subject}` }),
    );
    expect(stamped.header.get('Causeway-Through')).toBe('43');
  });

  it('streams - what is compiled for a site reaches that site alone', async () => {
    const bucket = await new Kvm(hub.connection).open('compiled');
    await bucket.put('edge-a.serve.acme.quotes.v1', 'for a');
    await bucket.put('edge-b.serve.acme.quotes.v1', 'for b');
    const mirrorOf = (at: BareClient, site: string) =>
      at.jsm.direct.getMessage('KV_compiled', { last_by_subj: `$KV.compiled.${site}.serve.acme.quotes.v1` });
    expect((await until('edge-a has its own', () => mirrorOf(a, 'edge-a'))).string()).toBe('for a');
    expect((await until('edge-b has its own', () => mirrorOf(b, 'edge-b'))).string()).toBe('for b');
    expect(await count(a, 'KV_compiled')).toBe(1);
    expect(await count(b, 'KV_compiled')).toBe(1);
    expect(await mirrorOf(a, 'edge-b')).toBeNull();
  });
});

describe('purging', () => {
  it('purging - only what the cloud has confirmed and the counters have taken in, never a chain’s last block', async () => {
    for (let n = 0; n < 10; n++) await a.js.publish('audit.zeta.edge-a.gw-1.access', `z${n}`);
    const first = (await a.jsm.streams.info('AUDIT')).state;
    const floor = async () => (await a.jsm.consumers.info('AUDIT', 'edge-a')).ack_floor.stream_seq;
    await until('the cloud has confirmed', async () => (await floor()) === first.last_seq, {
      timeout: 20_000,
    });
    const nothing = await purgeConfirmed(a.jsm, { site: 'edge-a', counted: () => 0 });
    expect(nothing).toEqual({ confirmed: first.last_seq, blocks: 0 });
    // acme has 20 blocks, of which the counters have 12; zeta's are all counted.
    const purged = await purgeConfirmed(a.jsm, {
      site: 'edge-a',
      counted: ({ tenant }) => (tenant === 'acme' ? 12 : Number.MAX_SAFE_INTEGER),
    });
    expect(purged.blocks).toBe(12 + 9);
    expect(await count(a, 'AUDIT', 'audit.acme.>')).toBe(8);
    const last = await a.jsm.streams.getMessage('AUDIT', { last_by_subj: 'audit.zeta.edge-a.gw-1.*' });
    expect(last?.string()).toBe('z9');
    // The cloud has them all, and goes on.
    await a.js.publish('audit.zeta.edge-a.gw-1.access', 'z10');
    await until(
      '11 blocks in the cloud',
      async () => (await count(hub, 'AUDIT', 'from.edge-a.audit.zeta.>')) === 11,
    );
  }, 30_000);
});

describe('retiring', () => {
  it('retiring - what was compiled for a site goes, and no other site’s', async () => {
    const { jsm } = hub;
    await admitSite(jsm, 'edge-c');
    const bucket = await new Kvm(hub.connection).open('compiled');
    await bucket.put('edge-c.revision', '1');
    const others = await count(hub, 'KV_compiled', '$KV.compiled.edge-a.>');
    await retireSite(jsm, 'edge-c');
    expect(await count(hub, 'KV_compiled', '$KV.compiled.edge-c.>')).toBe(0);
    expect(await count(hub, 'KV_compiled', '$KV.compiled.edge-a.>')).toBe(others);
    await expect(jsm.consumers.info('KV_compiled', 'edge-c')).rejects.toThrow('consumer not found');
  });
});

describe('without the cloud', () => {
  it('cut off - an edge goes on, and all arrives once, within seconds of the hub’s return', async () => {
    const calls = 'flow.edge-b.acme.edge-b.desk.quotes.v1.latest.calls';
    const before = await count(hub, 'AUDIT', 'from.edge-b.>');
    fabric.hub.server?.kill('SIGKILL');
    await fabric.hub.server?.exited;
    for (let n = 0; n < 50; n++) {
      await b.js.publish('audit.acme.edge-b.gw-1.access', `cut${n}`);
      await b.js.publish(calls, '', { headers: increment(2) });
    }
    expect(await counter(b, calls)).toBe(100);
    fabric.hub.server = await startNatsServer(fabric.hub.start);
    const start = performance.now();
    const since = () => Math.round(performance.now() - start);
    await until('records', async () => (await count(hub, 'AUDIT', 'from.edge-b.>')) === before + 50, {
      timeout: 20_000,
    });
    const records = since();
    await until('counters', async () => (await counter(hub, `from.edge-b.${calls}`)) === 100, {
      timeout: 20_000,
    });
    const counters = since();
    const bucket = await new Kvm(hub.connection).open('compiled');
    await bucket.put('edge-b.revision', 'after');
    const get = { last_by_subj: '$KV.compiled.edge-b.revision' };
    await until('the mirror', () => b.jsm.direct.getMessage('KV_compiled', get), { timeout: 20_000 });
    report(`after the hub was ready: records ${records} ms, counters ${counters} ms, mirror ${since()} ms`);
    expect(since()).toBeLessThan(10_000);
  }, 60_000);
});
