import {
  collector as collectorName,
  collectPrefix,
  ensureOps,
  findNatsServer,
  readerConsumer,
} from '@causeway/nats-server';
import { systemClock } from '@causeway/transport';
import type { MsgHdrs } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  type BareSite,
  bareClient,
  bareFabric,
  silent,
} from '../../../../test/support/bare-operator.ts';
import { manyHeaders } from '../../../../test/support/many-headers.ts';
import { until } from '../../../../test/support/until.ts';
import { type SiteCollector, startSiteCollector } from './site-collector.ts';

const own = 'audit.acme.edge-a.gw-1.access';
let fabric: BareFabric;
let ops: BareClient;
/** The site's own JetStream. Its streams take anything: the site is its owner's to configure. */
let edge: BareClient;
const running: SiteCollector[] = [];

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric(['edge-a'], { binary });
  ops = await bareClient(fabric, fabric.ops);
  edge = await bareClient(fabric, fabric.edges['edge-a'] as BareSite);
}, 60_000);
afterAll(() => fabric?.dispose());

beforeEach(async () => {
  await ensureOps(ops.jsm);
  await edge.jsm.streams.add({ name: 'AUDIT', subjects: ['audit.>', 'from.>', 'junk.>'] });
  await edge.jsm.streams.add({ name: 'FLOW', subjects: ['flow.>'] });
  for (const stream of ['AUDIT', 'FLOW']) await edge.jsm.consumers.add(stream, readerConsumer(collectorName));
});
afterEach(async () => {
  for (const collector of running.splice(0)) await collector.stop();
  for (const stream of ['AUDIT', 'FLOW']) {
    await edge.jsm.streams.delete(stream);
    await ops.jsm.streams.delete(stream).catch(() => undefined);
  }
});

async function start(kind: 'audit' | 'flow'): Promise<SiteCollector> {
  const prefix = collectPrefix('edge-a');
  const collector = await startSiteCollector({
    site: 'edge-a',
    kind,
    connection: await fabric.connect(fabric.hub, {}, { inboxPrefix: prefix }),
    js: ops.js,
    manager: ops.jsm,
    admits: (tenant) => tenant === 'acme',
    clock: systemClock,
    logger: silent,
  });
  running.push(collector);
  return collector;
}

async function store(subject: string, body: string | Uint8Array, headers?: MsgHdrs): Promise<number> {
  return (await edge.js.publish(subject, body, headers ? { headers } : {})).seq;
}

const kept = async (stream: string) =>
  (await ops.jsm.streams.info(stream, { subjects_filter: '>' })).state.subjects ?? {};

describe('site collector', () => {
  it('site collector - what is not the site’s to say is refused and counted, and the rest is collected behind it', async () => {
    const first = await start('audit');
    const stored = (last: number) => until(`${last} is stored`, () => first.position?.sequence === last);
    await stored(await store(own, 'one'));
    const refused: [string, string | Uint8Array][] = [
      ['audit.acme.edge-b.gw-1.access', 'x'],
      ['audit.globex.edge-a.gw-1.access', 'x'],
      ['audit.any.edge-a.registry.admin', 'x'],
      ['from.edge-b.audit.acme.edge-b.gw-1.access', 'x'],
      ['junk.x', 'x'],
      // With its stamp and its position it would be more than the hub's server takes, and be tried for ever.
      [own, new Uint8Array(1_048_000)],
    ];
    for (const [subject, body] of refused) await store(subject, body);
    await until('all are refused', () => first.refused === refused.length);
    // The position at the hub is that of the last message there.
    expect(first.position?.sequence).toBe(1);
    const last = await store(own, 'two');
    await stored(last);
    expect(await kept('AUDIT')).toEqual({ [`from.edge-a.${own}`]: 2 });
    await store('junk.y', 'x');
    await until('that too', () => first.refused === refused.length + 1);
    await first.stop();

    // A registry that starts again reads again only what nothing was stored behind.
    const second = await start('audit');
    expect(second.position?.sequence).toBe(last);
    await until('the last one is refused again', () => second.refused === 1);
    await store(own, 'three');
    await until('it goes on', () => second.position?.sequence === last + 2);
    expect(await kept('AUDIT')).toEqual({ [`from.edge-a.${own}`]: 3 });
  });

  it('site collector - of counters only whole numbers come in, under the names of the site and its tenants', async () => {
    const flow = await start('flow');
    const name = (site: string, tenant: string, endpoint: string) =>
      `flow.${site}.${tenant}.edge-a.desk.quotes.v1.${endpoint}.calls`;
    const refused: [string, string][] = [
      [name('edge-b', 'acme', 'say'), '{"val":"1"}'],
      [name('edge-a', 'globex', 'say'), '{"val":"1"}'],
      ['flow.edge-b.acme.gateway.gw-1.blocks', '{"val":"1"}'],
      [name('edge-a', 'acme', 'minus'), '{"val":"-1"}'],
      [name('edge-a', 'acme', 'long'), `{"val":"${'1'.repeat(41)}"}`],
      [name('edge-a', 'acme', 'text'), 'x'],
    ];
    for (const [subject, body] of refused) await store(subject, body);
    await store(name('edge-a', 'acme', 'say'), '{"val":"7"}');
    const last = await store('flow.edge-a.acme.gateway.gw-1.blocks', '{"val":"3"}');
    await until('the last is stored', () => flow.position?.sequence === last);
    expect(flow.refused).toBe(refused.length);
    expect(Object.keys(await kept('FLOW')).sort()).toEqual([
      `from.edge-a.${name('edge-a', 'acme', 'say')}`,
      'from.edge-a.flow.edge-a.acme.gateway.gw-1.blocks',
    ]);
  });

  it('site collector - of headers only those of blocks and watermarks are copied, and of too many none', async () => {
    const audit = await start('audit');
    const written = (lines: readonly string[]) =>
      ({
        encode: () => new TextEncoder().encode(`NATS/1.0\r\n${lines.join('\r\n')}\r\n\r\n`),
      }) as unknown as MsgHdrs;
    const lines = ['Causeway-Seq: 7', 'Causeway-Through: 9', 'Causeway-More: x', 'X-Other: y'];
    const forged = ['Causeway-Copied-Sequence: 5', 'Causeway-Copied-From: never', 'causeway-sig: z'];
    await store(own, 'mixed', written([...lines, ...forged]));
    await store(own, 'malformed', written([...lines, 'Causeway-Sig: a\nb']));
    const last = await store(own, 'many', manyHeaders(5_000));
    await until('all are stored', () => audit.position?.sequence === last);
    const headersAt = async (seq: number) => {
      const found = (await ops.jsm.streams.getMessage('AUDIT', { seq }))?.header;
      // Besides, the registry's own expectations and batches are stored.
      const names = (found?.keys() ?? []).filter((name) => !name.startsWith('Nats-'));
      return Object.fromEntries(names.map((name) => [name, found?.get(name)]));
    };
    const position = (sequence: number) => ({
      'Causeway-Copied-Sequence': String(sequence),
      'Causeway-Copied-From': audit.position?.created,
    });
    expect(await headersAt(1)).toEqual({ 'Causeway-Seq': '7', 'Causeway-Through': '9', ...position(1) });
    expect(await headersAt(2)).toEqual(position(2));
    expect(await headersAt(3)).toEqual(position(3));
  });

  it('site collector - while the cloud cannot store, it takes a little and waits, and misses nothing', async () => {
    const audit = await start('audit');
    await ops.jsm.streams.delete('AUDIT');
    const total = 4_000;
    for (let at = 0; at < total; at += 500) {
      await Promise.all(Array.from({ length: 500 }, () => store(own, 'x')));
    }
    let before = -1;
    const delivered = await until(
      'nothing more is taken from the site',
      async () => {
        const now = (await edge.jsm.consumers.info('AUDIT', collectorName)).delivered.stream_seq;
        const still = now > 0 && now === before;
        before = now;
        return still && now;
      },
      { every: 400 },
    );
    expect(delivered).toBeLessThan(total / 2);
    await ensureOps(ops.jsm);
    await until('all is stored', () => audit.position?.sequence === total, { timeout: 20_000 });
    expect(await kept('AUDIT')).toEqual({ [`from.edge-a.${own}`]: total });
    expect(audit.refused).toBe(0);
  }, 60_000);
});
