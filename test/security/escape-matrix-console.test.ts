import { readFile } from 'node:fs/promises';
import { createKeys } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';
import { allCounted } from './support/counted.ts';
import { type RawClient, rawClient } from './support/raw-client.ts';
import { sites } from './support/roster.ts';
import { admitWitnesses, type Witnesses } from './support/witness.ts';

/** A console as its user has it: a name, credentials, and a connection. */
interface Console {
  readonly name: string;
  readonly tenant: string;
  readonly client: RawClient;
  /** What it was sent, by subject. */
  readonly heard: string[];
}

let fabric: TestFabric;
let ca: string;
let witnesses: Witnesses;
/** Whoever may do anything in the account of consoles, and in that of the control plane. */
let ops: RawClient;
let control: RawClient;
let managers: JetStreamManager[];
/** The one that tries, and its neighbours. */
let console: Console;
let neighbours: Console[];

async function openRawConsole(tenant: string): Promise<{ name: string; client: RawClient }> {
  const keys = createKeys('user', systemRandom);
  const { jwt, name } = await fabric.admin.console({ key: keys.publicKey, tenant, from: 'beginning' });
  return { name, client: await rawClient(fabric.url('cloud'), ca, { jwt, seed: keys.seed }) };
}

async function openConsole(tenant: string): Promise<Console> {
  const { name, client } = await openRawConsole(tenant);
  const heard: string[] = [];
  for (const subject of [
    // Word for word: JetStream takes no notice of a listener by wildcard that comes later.
    `_INBOX.ops.${tenant}.${name}.audit`,
    `_INBOX.ops.${tenant}.${name}.flow`,
    tenant === 'any' ? 'discovery.>' : `discovery.${tenant}.>`,
  ]) {
    client.connection.subscribe(subject, { callback: (_, message) => void heard.push(message.subject) });
  }
  await client.connection.flush();
  return { name, tenant, client, heard };
}

/** All that JetStream keeps in both accounts: streams, what is in them, consumers and how far they are. */
async function state(): Promise<string[]> {
  const found: string[] = [];
  for (const manager of managers) {
    for await (const { config, created, state: now } of manager.streams.list()) {
      const { state: full } = await manager.streams.info(config.name, { subjects_filter: '>' });
      const subjects = Object.keys(full.subjects ?? {}).sort();
      found.push(
        `${config.name} ${created} ${now.first_seq}-${now.last_seq} ${now.messages} ${subjects.join(' ')}`,
      );
      for await (const consumer of manager.consumers.list(config.name)) {
        // Its own is its own to move.
        if (consumer.name === `ops-${console.name}`) continue;
        const at = consumer.name.startsWith('ops-') ? consumer.delivered.stream_seq : '';
        found.push(`${config.name}/${consumer.name} ${consumer.created} ${consumer.paused ?? false} ${at}`);
      }
    }
  }
  return found.sort();
}

/** The state, once nothing honest is on its way any more. */
async function settled(): Promise<string[]> {
  let before = await state();
  return until(
    'everything honest has been stored',
    async () => {
      const now = await state();
      const same = now.join('\n') === before.join('\n');
      before = now;
      return same && now;
    },
    { every: 300 },
  );
}

beforeAll(async () => {
  fabric = await startTestFabric();
  ca = await readFile(fabric.ca, 'utf8');
  await fabric.admin.apply([
    {
      kind: 'policy',
      name: 'trader-quotes',
      from: { site: 'edge-a', service: 'trader' },
      to: { service: 'quotes', major: 1, endpoints: ['say'], site: 'edge-a' },
      effect: 'allow',
    },
  ]);
  const quotes = await fabric.connect('edge-a', 'quotes');
  await quotes.serve(
    {
      kind: 'api',
      service: 'quotes',
      version: '1.0.0',
      endpoints: { say: { request: {}, reply: {} } },
    } as const,
    { say: () => ({}) },
  );
  const trader = await fabric.connect('edge-a', 'trader');
  await until('quotes can be reached', () =>
    trader.call({ service: 'quotes', major: 1, endpoint: 'say', site: undefined }, {}),
  );
  witnesses = await admitWitnesses(fabric, sites);
  ops = await witnesses.at('cloud', 'OPS');
  control = await witnesses.at('cloud', 'CONTROL');
  managers = await Promise.all([ops, control].map(({ connection }) => jetstreamManager(connection)));
  console = await openConsole('acme');
  neighbours = [await openConsole('acme'), await openConsole('any')];
  await until('records and counters of edge-a in the cloud', async () => {
    const text = (await state()).join('\n');
    const there = text.includes('from.edge-a.audit.acme') && text.includes('from.edge-a.flow.edge-a.acme');
    return there && (await allCounted(managers[0] as JetStreamManager));
  });
});
afterAll(async () => {
  for (const each of [console, ...(neighbours ?? [])]) await each?.client.close();
  await witnesses?.close();
  await fabric?.[Symbol.asyncDispose]();
});

/** Requests that would read, move or destroy what JetStream keeps, were any of them permitted. */
function requests(): [subject: string, body: string][] {
  const next = JSON.stringify({ batch: 1, no_wait: true });
  return ['AUDIT', 'FLOW'].flatMap((stream): [string, string][] => [
    [`$JS.API.CONSUMER.INFO.${stream}.ops-${console.name}`, ''],
    [`$JS.API.CONSUMER.RESET.${stream}.ops-${console.name}`, JSON.stringify({ seq: 1 })],
    [`$JS.API.CONSUMER.MSG.NEXT.${stream}.ops-${console.name}`, next],
    [`$JS.API.CONSUMER.DELETE.${stream}.ops-${neighbours[0]?.name}`, ''],
    [`$JS.API.STREAM.INFO.${stream}`, ''],
    [`$JS.API.STREAM.PURGE.${stream}`, ''],
    [`$JS.API.STREAM.DELETE.${stream}`, ''],
    [`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify({ seq: 1 })],
    [`$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ seq: 1 })],
  ]);
}

/** Subjects of both accounts, and of others, that would change or deceive; `free` is none of them. */
const targets = [
  ...['x', '*', '>', 'in'].flatMap((guess) => [
    `in.${guess}.from.edge-a.audit.acme.edge-a.gw-1.access`,
    `in.${guess}.from.edge-a.flow.edge-a.acme.edge-a.trader.quotes.v1.say.calls`,
  ]),
  'in.>',
  'from.edge-a.audit.acme.edge-a.gw-1.access',
  'from.edge-a.flow.edge-a.acme.edge-a.trader.quotes.v1.say.calls',
  'audit.acme.cloud.gw-1.access',
  'audit.acme.cloud.registry.admin',
  'flow.cloud.acme.edge-a.trader.quotes.v1.say.calls',
  '$KV.documents.policy.acme.matrix',
  '$KV.documents.policy.acme.trader-quotes',
  '$KV.compiled.edge-a.serve.acme.quotes.v1',
  'control.edge-a.renew',
  'collect.edge-a.matrix.matrix',
  'admin.any.root.apply',
  'enroll.matrix',
  '_INBOX.edge-a.gateway.gw-1.changed',
  '_INBOX.cloud.gateway.gw-1.changed',
  '_INBOX.cloud.registry.matrix.matrix',
  '$JS.edge-a.API.CONSUMER.RESET.AUDIT.cloud',
  '$JS.edge-a.API.STREAM.PURGE.AUDIT',
  '$SYS.REQ.CLAIMS.UPDATE',
  '$SYS.REQ.SERVER.PING.KICK',
];

/**
 * JetStream publishes its answer wherever a request says, with nobody's permissions, also as another request. So a
 * console may send it none: what it hears is sent to it.
 */
describe('escape matrix, consoles', () => {
  it('escape matrix, consoles - every request to JetStream is refused, whatever reply it names, and changes nothing', async () => {
    const before = await settled();
    const heard: string[] = [];
    const ear = ops.connection.subscribe('>', { callback: (_, { subject }) => void heard.push(subject) });
    await ops.connection.flush();
    const replies = [...targets, '$JS.API.STREAM.DELETE.AUDIT', '$JS.API.STREAM.PURGE.FLOW', 'free'];
    const sent: string[] = [];
    for (const reply of replies) {
      for (const [subject, body] of requests()) {
        console.client.connection.publish(subject, body, { reply });
        sent.push(subject);
      }
    }
    await console.client.settle();
    await ops.connection.flush();
    ear.unsubscribe();
    expect(console.client.refusedPublishes.filter((subject) => subject.startsWith('$JS.')).sort()).toEqual(
      sent.sort(),
    );
    expect(heard.filter((subject) => replies.includes(subject))).toEqual([]);
    expect(await settled()).toEqual(before);
  });

  it('escape matrix, consoles - every target is refused as a subject of its own, too', async () => {
    const before = await settled();
    for (const target of targets.filter((each) => !/[*>]/.test(each)))
      console.client.connection.publish(target, 'x');
    await console.client.settle();
    const refused = new Set(console.client.refusedPublishes);
    expect(targets.filter((target) => !/[*>]/.test(target) && !refused.has(target))).toEqual([]);
    expect(await settled()).toEqual(before);
  });

  it('escape matrix, consoles - it hears its tenant’s records and counters, and nothing else', () => {
    expect(console.heard.some((subject) => subject.startsWith('from.edge-a.audit.acme.'))).toBe(true);
    expect(console.heard.some((subject) => subject.startsWith('from.edge-a.flow.edge-a.acme.'))).toBe(true);
    const own =
      /^(from\.[a-z0-9-]+\.(audit\.acme|flow\.[a-z0-9-]+\.acme)\.|discovery\.acme\.|_INBOX\.ops\.acme\.)/;
    expect(console.heard.filter((subject) => !own.test(subject))).toEqual([]);
  });
});
