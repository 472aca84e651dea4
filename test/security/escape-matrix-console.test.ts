import { readFile } from 'node:fs/promises';
import { createKeys } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { headers as createHeaders } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';
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
    `_INBOX.ops.${tenant}.${name}.>`,
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
    return text.includes('from.edge-a.audit.acme') && text.includes('from.edge-a.flow.edge-a.acme');
  });
});
afterAll(async () => {
  for (const each of [console, ...(neighbours ?? [])]) await each?.client.close();
  await witnesses?.close();
  await fabric?.[Symbol.asyncDispose]();
});

/** Every request that it may make of JetStream: what comes back is a text, a stored message or an empty status. */
function requests(): [subject: string, body: string][] {
  const next = JSON.stringify({ batch: 1, no_wait: true });
  return ['AUDIT', 'FLOW'].flatMap((stream): [string, string][] => [
    [`$JS.API.CONSUMER.INFO.${stream}.ops-${console.name}`, ''],
    [`$JS.API.CONSUMER.RESET.${stream}.ops-${console.name}`, JSON.stringify({ seq: 1 })],
    [`$JS.API.CONSUMER.MSG.NEXT.${stream}.ops-${console.name}`, next],
    // The end of the stream, so that the next answer is empty.
    [`$JS.API.CONSUMER.RESET.${stream}.ops-${console.name}`, JSON.stringify({ seq: 1_000_000 })],
    [`$JS.API.CONSUMER.MSG.NEXT.${stream}.ops-${console.name}`, next],
    [`$JS.API.CONSUMER.MSG.NEXT.${stream}.ops-${console.name}`, JSON.stringify({ batch: 1, expires: 1 })],
    ...(stream === 'FLOW'
      ? [[`$JS.API.DIRECT.GET.FLOW.from.edge-a.flow.edge-a.acme.none`, ''] as [string, string]]
      : []),
  ]);
}

/** Makes every request with that reply, and waits until the server has done all of it. */
async function askWith(reply: string): Promise<void> {
  for (const [subject, body] of requests()) console.client.connection.publish(subject, body, { reply });
  // Of JetStream's requests the last is answered last.
  const mark = `_INBOX.ops.acme.${console.name}.mark.${reply.length}-${console.heard.length}`;
  for (const stream of ['AUDIT', 'FLOW']) {
    console.client.connection.publish(`$JS.API.CONSUMER.INFO.${stream}.ops-${console.name}`, '', {
      reply: mark,
    });
  }
  await until('its own answers', () => console.heard.filter((subject) => subject === mark).length === 2);
  await ops.connection.flush();
  for (const { client } of neighbours) await client.connection.flush();
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
 * Whoever may read a consumer has JetStream publish the answer wherever the request says, in its account and with
 * nobody's permissions: no template prevents it. What must hold is that nothing there minds.
 */
describe('escape matrix, consoles', () => {
  it('escape matrix, consoles - by naming replies a console changes nothing, and nobody who matters hears it', async () => {
    const before = await settled();
    const heard = new Set<string>();
    const elsewhere = new Set<string>();
    const ear = ops.connection.subscribe('>', { callback: (_, { subject }) => void heard.add(subject) });
    const far = control.connection.subscribe('>', {
      // An answer asks for none in return, other than what is honestly said there; `free` is said by nobody.
      callback: (_, { subject, reply }) => void (reply || elsewhere.add(subject)),
    });
    await Promise.all([ops, control].map(({ connection }) => connection.flush()));
    for (const target of [...targets, 'free']) await askWith(target);
    await control.connection.flush();
    ear.unsubscribe();
    far.unsubscribe();
    // The trick itself works: the answers did come out, each where it was said.
    expect(heard).toContain('free');
    expect(targets.filter((target) => !heard.has(target) && !target.startsWith('$'))).toEqual([]);
    // And in the console's own inbox, where they belong.
    expect(console.heard.length).toBeGreaterThan(targets.length);
    expect(elsewhere).not.toContain('free');
    expect(targets.filter((target) => elsewhere.has(target))).toEqual([]);
    expect(neighbours.flatMap((each) => each.heard)).toEqual([]);
    expect(await settled()).toEqual(before);
  });

  it('escape matrix, consoles - nothing that a console can get shows the subject that records are stored by', async () => {
    const { config } = await (managers[0] as JetStreamManager).streams.info('AUDIT');
    const secret = /^in\.([\w-]{20,})\.from\.\*\.audit\.>$/.exec(config.subjects?.[0] ?? '')?.[1];
    expect(secret).toBeDefined();
    const everything = await openRawConsole('any');
    const inbox = `_INBOX.ops.any.${everything.name}.x`;
    const got: string[] = [];
    everything.client.connection.subscribe(`${inbox}.>`, {
      callback: (_, message) => {
        const fields = [...(message.headers ?? [])].map(([name, values]) => `${name}: ${values.join()}`);
        got.push([message.subject, message.reply, ...fields, message.string()].join('\n'));
      },
    });
    const headers = createHeaders();
    headers.set('Nats-Trace-Dest', `${inbox}.trace`);
    const stream = (name: string): [string, string][] => [
      [`$JS.API.CONSUMER.RESET.${name}.ops-${everything.name}`, JSON.stringify({ seq: 1 })],
      [`$JS.API.CONSUMER.INFO.${name}.ops-${everything.name}`, ''],
      [
        `$JS.API.CONSUMER.MSG.NEXT.${name}.ops-${everything.name}`,
        JSON.stringify({ batch: 50, no_wait: true }),
      ],
    ];
    const asked = [
      ...stream('AUDIT'),
      ...stream('FLOW'),
      ['$JS.API.DIRECT.GET.FLOW', JSON.stringify({ seq: 1 })],
      ['$JS.API.DIRECT.GET.FLOW', JSON.stringify({ last_by_subj: `from.edge-a.flow.>` })],
      ['$JS.API.DIRECT.GET.FLOW', JSON.stringify({ multi_last: ['>'], batch: 50 })],
    ] as const;
    for (const [subject, body] of asked) {
      everything.client.connection.publish(subject, body, { reply: `${inbox}.plain` });
      everything.client.connection.publish(subject, body, { reply: `${inbox}.traced`, headers });
    }
    // Asked for outright, in every way there is.
    const refused = [
      'STREAM.INFO',
      'STREAM.NAMES',
      'STREAM.LIST',
      'STREAM.SNAPSHOT',
      'CONSUMER.LIST',
      'STREAM.MSG.GET',
    ];
    for (const verb of refused) {
      const tail = /NAMES$|^STREAM\.LIST$/.test(verb) ? '' : '.AUDIT';
      everything.client.connection.publish(`$JS.API.${verb}${tail}`, '{}', { reply: `${inbox}.refused` });
    }
    for (const event of ['$JS.EVENT.>', 'in.>', '$JS.API.>', '>']) {
      everything.client.connection.subscribe(event, {
        callback: (error, message) => void (error || got.push(`${event} ${message.subject}`)),
      });
    }
    await everything.client.settle();
    const have = (text: string) => got.some((each) => each.includes(text));
    await until('records, counters and its consumers’ descriptions came', () =>
      ['from.edge-a.audit.acme', 'from.edge-a.flow.edge-a', 'ops-console-', 'Causeway-Copied-Sequence'].every(
        have,
      ),
    );
    await everything.client.settle();
    expect(got.filter((each) => each.startsWith(`${inbox}.refused`))).toEqual([]);
    // Tracing too: the server sends its findings only where the asker might publish himself.
    const { refusedPublishes } = everything.client;
    expect(refusedPublishes.filter((subject) => subject.startsWith('$JS.API.'))).toHaveLength(refused.length);
    expect(refusedPublishes.filter((subject) => subject === `${inbox}.trace`)).toHaveLength(asked.length);
    expect(got.filter((each) => each.includes(secret as string))).toEqual([]);
    await everything.client.close();
  });

  it('escape matrix, consoles - a console cannot announce to another by naming its subject as reply', async () => {
    const [other] = neighbours as [Console];
    for (const target of [
      'discovery.acme.quotes.v1.changed',
      'discovery.globex.quotes.v1.changed',
      `_INBOX.ops.acme.${other.name}.matrix.matrix`,
    ]) {
      await askWith(target);
    }
    expect([...new Set(neighbours.flatMap((each) => each.heard))]).toEqual([]);
  });

  // Last, since what it would do is not to be mended.
  it('escape matrix, consoles - an answer of JetStream’s is no request to JetStream', async () => {
    const [other] = neighbours as [Console];
    const before = await settled();
    const changed: string[] = [];
    for (const stream of ['FLOW', 'AUDIT']) {
      for (const verb of [
        `CONSUMER.RESET.${stream}.ops-${other.name}`,
        `CONSUMER.PAUSE.${stream}.ops-${other.name}`,
        `CONSUMER.DELETE.${stream}.ops-${other.name}`,
        `STREAM.MSG.DELETE.${stream}`,
        `STREAM.UPDATE.${stream}`,
        'STREAM.CREATE.matrix',
        `STREAM.PURGE.${stream}`,
        `STREAM.DELETE.${stream}`,
      ]) {
        await askWith(`$JS.API.${verb}`);
        if ((await settled()).join('\n') !== before.join('\n'))
          changed.push(verb.replace(other.name, 'other'));
        // What follows would be seen as changed as well.
        if (changed.length > 0) break;
      }
    }
    expect(changed).toEqual([]);
  });
});
