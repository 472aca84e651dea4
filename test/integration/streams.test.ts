import {
  auditStream,
  type Confirmed,
  collector,
  consumerReset,
  ensureHub,
  ensureOps,
  ensureSite,
  findNatsServer,
  purgeConfirmed,
} from '@causeway/nats-server';
import { headers } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  type BareSite,
  bareClient,
  bareFabric,
} from '../support/bare-operator.ts';

let fabric: BareFabric;
let hub: BareClient;
let ops: BareClient;
let a: BareClient;
let b: BareClient;

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

/** Configurations of all streams and consumers that a connection sees. */
async function everything({ jsm }: BareClient): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { config } of jsm.streams.list()) {
    found.push(config);
    for await (const consumer of jsm.consumers.list(config.name))
      found.push([consumer.config, consumer.created]);
  }
  return found;
}

/** What the collecting reader would say it has stored: a sequence, and which stream it is of. */
async function confirmedAt(client: BareClient, sequence: number): Promise<Confirmed> {
  const { created } = await consumerReset(client.connection, auditStream('edge-a'), collector, sequence + 1);
  return { sequence, created };
}

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric(['edge-a', 'edge-b'], { binary });
  [hub, ops, a, b] = await Promise.all([
    bareClient(fabric, fabric.hub),
    bareClient(fabric, fabric.ops),
    bareClient(fabric, edge('edge-a')),
    bareClient(fabric, edge('edge-b')),
  ]);
  await ensureHub(hub.jsm);
  await ensureOps(ops.jsm);
  await ensureSite(a.jsm, { site: 'edge-a' });
  await ensureSite(b.jsm, { site: 'edge-b', limits: { siteAuditBytes: 64 * 1024 } });
}, 60_000);

afterAll(() => fabric?.dispose());

describe('streams', () => {
  it('streams - are as they were when they are ensured again, their consumers the same', async () => {
    const before = await Promise.all([hub, ops, a].map(everything));
    expect(before.map((each) => each.length)).toEqual([9, 2, 8]);
    await ensureHub(hub.jsm);
    await ensureOps(ops.jsm);
    await ensureSite(a.jsm, { site: 'edge-a' });
    expect(await Promise.all([hub, ops, a].map(everything))).toEqual(before);
  });

  it('streams - what is collected is kept under its site in OPS, and CONTROL has no such stream', async () => {
    const subject = 'from.edge-a.audit.acme.edge-a.gw-1.access';
    await ops.js.publish(subject, 'good');
    await expect(
      ops.js.publish(subject.slice('from.edge-a.'.length), 'bad', { timeout: 500 }),
    ).rejects.toThrow();
    expect(await count(ops, 'AUDIT')).toBe(1);
    expect((await ops.jsm.direct.getMessage('AUDIT', { last_by_subj: subject }))?.string()).toBe('good');
    await expect(hub.js.publish(subject, '', { timeout: 500 })).rejects.toThrow();
    await expect(hub.jsm.streams.info('AUDIT')).rejects.toThrow('stream not found');
  });

  it('streams - of counters the cloud keeps the last value of each site and subject, stored as a whole', async () => {
    const subject = (site: string) => `from.${site}.flow.edge-a.acme.edge-a.desk.quotes.v1.latest.calls`;
    const to = subject;
    const batch = await ops.js.startBatch(to('edge-a'), '{"val":"3"}');
    batch.add(to('edge-b'), '{"val":"9"}');
    await batch.commit(to('edge-a'), '{"val":"5"}');
    expect([await counter(ops, subject('edge-a')), await counter(ops, subject('edge-b'))]).toEqual([5, 9]);
    expect(await count(ops, 'FLOW')).toBe(2);
  });

  it('streams - a site’s records are refused when the stream is full; what is stored stays', async () => {
    const block = new Uint8Array(4 * 1024);
    const fill = async () => {
      for (let n = 0; n < 32; n++) await b.js.publish('audit.acme.edge-b.gw-1.access', block);
    };
    await expect(fill()).rejects.toThrow('maximum bytes exceeded');
    const { state } = await b.jsm.streams.info('AUDIT');
    expect(state.first_seq).toBe(1);
    expect(state.messages).toBeGreaterThan(8);
  });

  it('streams - an edge’s copy of the table takes in its own keys, and none of another site', async () => {
    await a.js.publish('$KV.compiled.edge-a.revision', '{"revision":1}');
    await expect(a.js.publish('$KV.compiled.edge-b.revision', '', { timeout: 500 })).rejects.toThrow();
    expect(await count(a, 'KV_compiled')).toBe(1);
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
  });
});

describe('purging', () => {
  it('purging - only what the cloud has confirmed and the counters have taken in, never a chain’s last block', async () => {
    for (let n = 0; n < 20; n++) await a.js.publish('audit.acme.edge-a.gw-1.access', `a${n}`);
    for (let n = 0; n < 10; n++) await a.js.publish('audit.zeta.edge-a.gw-1.access', `z${n}`);
    const all = Number.MAX_SAFE_INTEGER;
    const unconfirmed = await purgeConfirmed(a.jsm, {
      site: 'edge-a',
      confirmed: await confirmedAt(a, 0),
      counted: () => all,
    });
    expect(unconfirmed).toEqual({ confirmed: 0, blocks: 0 });
    const confirmed = await confirmedAt(a, 25);
    const uncounted = await purgeConfirmed(a.jsm, { site: 'edge-a', confirmed, counted: () => 0 });
    expect(uncounted).toEqual({ confirmed: 25, blocks: 0 });
    // acme has 20 blocks, of which the counters have 12; zeta's are all counted, five of them confirmed.
    const purged = await purgeConfirmed(a.jsm, {
      site: 'edge-a',
      confirmed,
      counted: ({ tenant }) => (tenant === 'acme' ? 12 : all),
    });
    expect(purged).toEqual({ confirmed: 25, blocks: 12 + 5 });
    expect(await count(a, 'AUDIT', 'audit.acme.>')).toBe(8);
    await purgeConfirmed(a.jsm, { site: 'edge-a', confirmed: await confirmedAt(a, 30), counted: () => all });
    for (const [tenant, text] of [
      ['acme', 'a19'],
      ['zeta', 'z9'],
    ]) {
      expect(await count(a, 'AUDIT', `audit.${tenant}.>`)).toBe(1);
      const last = await a.jsm.streams.getMessage('AUDIT', { last_by_subj: `audit.${tenant}.edge-a.gw-1.*` });
      expect(last?.string()).toBe(text);
    }
  });

  it('purging - of a stream made anew the cloud has confirmed nothing', async () => {
    const confirmed = await confirmedAt(a, 5);
    await a.jsm.streams.delete('AUDIT');
    await ensureSite(a.jsm, { site: 'edge-a' });
    for (let n = 0; n < 10; n++) await a.js.publish('audit.acme.edge-a.gw-1.access', `new${n}`);
    const counted = () => Number.MAX_SAFE_INTEGER;
    expect(await purgeConfirmed(a.jsm, { site: 'edge-a', confirmed, counted })).toEqual({
      confirmed: 0,
      blocks: 0,
    });
    expect(await count(a, 'AUDIT')).toBe(10);
    const now = await purgeConfirmed(a.jsm, { site: 'edge-a', confirmed: await confirmedAt(a, 5), counted });
    expect(now.blocks).toBe(5);
  });
});
