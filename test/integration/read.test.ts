import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  apiPrefixOf,
  ConsumerResetError,
  collector,
  collectPrefix,
  consumerReset,
  ensureSite,
  findNatsServer,
  readFromStart,
  type StreamMessage,
  startNatsServer,
} from '@causeway/nats-server';
import { systemClock } from '@causeway/transport';
import type { MsgHdrs, NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  type BareSite,
  bareClient,
  bareFabric,
  silent,
} from '../support/bare-operator.ts';
import { manyHeaders } from '../support/many-headers.ts';
import { until } from '../support/until.ts';

let fabric: BareFabric;
let a: BareClient;

function site(): BareSite {
  return fabric.edges['edge-a'] as BareSite;
}

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric(['edge-a'], { binary });
  a = await bareClient(fabric, site());
  await ensureSite(a.jsm, { site: 'edge-a' });
}, 60_000);

afterAll(() => fabric?.dispose());

describe('reading from the start', () => {
  const rights = {
    pub: {
      allow: ['$JS.API.CONSUMER.RESET.KV_compiled.gw-1', '$JS.API.CONSUMER.MSG.NEXT.KV_compiled.gw-1'],
    },
    sub: { allow: ['_INBOX.edge-a.gateway.gw-1.>'] },
  };
  const inboxPrefix = '_INBOX.edge-a.gateway.gw-1';

  function reader(connection: NatsConnection, seen: Map<string, string>) {
    return readFromStart({
      connection,
      stream: 'KV_compiled',
      consumer: 'gw-1',
      clock: systemClock,
      log: silent,
      onMessage: (message: StreamMessage) => {
        seen.set(message.subject, Buffer.from(message.data).toString());
      },
    });
  }

  it('reading - with NEXT and RESET alone: all current keys, then live, again after a restart', async () => {
    const put = (key: string, value: string) => a.js.publish(`$KV.compiled.edge-a.${key}`, value);
    await put('revision', '1');
    for (let n = 0; n < 300; n++) await put(`see.acme.s${n % 100}`, `v${n}`);
    const connection = await fabric.connect(site(), rights, { inboxPrefix });
    const seen = new Map<string, string>();
    const first = reader(connection, seen);
    await first.caughtUp;
    expect(seen.size).toBe(101);
    expect(seen.get('$KV.compiled.edge-a.see.acme.s7')).toMatch(/^v(7|107|207)$/);
    await put('see.acme.live', 'yes');
    await until('a live change', () => seen.get('$KV.compiled.edge-a.see.acme.live') === 'yes');
    await first.stop();

    // A gateway that starts again, on the same consumer, sees everything again.
    const again = new Map<string, string>();
    const second = reader(connection, again);
    await second.caughtUp;
    expect(again).toEqual(seen);

    // The server goes away and comes back; the reader goes on by itself, with nothing twice.
    again.clear();
    site().server?.kill('SIGKILL');
    await site().server?.exited;
    site().server = await startNatsServer(site().start);
    await until('a change is stored', () => put('see.acme.meanwhile', 'yes'));
    await until(
      'what changed meanwhile',
      () => again.get('$KV.compiled.edge-a.see.acme.meanwhile') === 'yes',
      {
        timeout: 20_000,
      },
    );
    expect([...again.keys()]).toEqual(['$KV.compiled.edge-a.see.acme.meanwhile']);
    await second.stop();
  }, 60_000);

  it('reading - nothing stored is caught up at once; a stream made anew is read from its start', async () => {
    const { jsm, js, connection } = a;
    await jsm.streams.add({ name: 'ANEW', subjects: ['anew.>'] });
    const consumer = { durable_name: 'r', ack_policy: 'none', deliver_policy: 'all' } as const;
    await jsm.consumers.add('ANEW', consumer);
    const seen: string[] = [];
    let anew = 0;
    const reader = readFromStart({
      connection,
      stream: 'ANEW',
      consumer: 'r',
      clock: systemClock,
      log: silent,
      heartbeat: 500,
      onMessage: (message) => void seen.push(Buffer.from(message.data).toString()),
      onAnew: () => {
        anew += 1;
      },
    });
    await reader.caughtUp;
    for (const text of ['1', '2', '3']) await js.publish('anew.x', text);
    await until('three messages', () => seen.length === 3);
    await jsm.streams.delete('ANEW');
    await jsm.streams.add({ name: 'ANEW', subjects: ['anew.>'] });
    await js.publish('anew.x', 'one');
    await jsm.consumers.add('ANEW', consumer);
    await until('the new message', () => seen.at(-1) === 'one');
    expect([seen, anew]).toEqual([['1', '2', '3', 'one'], 1]);
    await reader.stop();
    await jsm.streams.delete('ANEW');
  });

  it('reading - under traffic and two restarts: every message once, in order', async () => {
    const { jsm, js, connection } = a;
    await jsm.streams.add({ name: 'BUSY', subjects: ['busy'] });
    await jsm.consumers.add('BUSY', { durable_name: 'r', ack_policy: 'none', deliver_policy: 'all' });
    const seen: number[] = [];
    const reader = readFromStart({
      connection,
      stream: 'BUSY',
      consumer: 'r',
      clock: systemClock,
      log: silent,
      batch: 50,
      onMessage: ({ data }) => void seen.push(Number(Buffer.from(data).toString())),
    });
    const total = 900;
    for (let n = 0; n < total; n++) {
      if (n === 300 || n === 600) {
        site().server?.kill('SIGKILL');
        await site().server?.exited;
        site().server = await startNatsServer(site().start);
      }
      await until(`message ${n} is stored`, () => js.publish('busy', String(n), { msgID: `busy${n}` }));
    }
    await until('all are read', () => seen.length >= total, { timeout: 20_000 });
    expect(seen).toEqual(Array.from({ length: total }, (_, n) => n));
    await reader.stop();
    await jsm.streams.delete('BUSY');
  }, 60_000);

  it('reading - over the link, while the hub and then the edge are killed: every record once, in order', async () => {
    const audit = 'audit.acme.edge-a.gw-1.access';
    const allow = {
      pub: {
        allow: ['MSG.NEXT', 'RESET'].map(
          (verb) => `${apiPrefixOf('edge-a')}.CONSUMER.${verb}.AUDIT.${collector}`,
        ),
      },
      sub: { allow: [`${collectPrefix('edge-a')}.>`] },
    };
    const connection = await fabric.connect(fabric.hub, allow, { inboxPrefix: collectPrefix('edge-a') });
    const seen: string[] = [];
    const reader = readFromStart({
      connection,
      stream: 'AUDIT',
      consumer: collector,
      apiPrefix: apiPrefixOf('edge-a'),
      clock: systemClock,
      log: silent,
      onMessage: ({ data }) => void seen.push(Buffer.from(data).toString()),
    });
    const wanted: string[] = [];
    const store = async (text: string) => {
      await until(`${text} is stored`, () => a.js.publish(audit, text, { msgID: text }));
      wanted.push(text);
    };
    for (const [victim, name] of [
      [fabric.hub, 'hub'],
      [site(), 'edge'],
    ] as const) {
      for (let n = 0; n < 100; n++) await store(`${name}-before-${n}`);
      await until(`all before the ${name} is killed`, () => seen.length === wanted.length, {
        timeout: 20_000,
      });
      victim.server?.kill('SIGKILL');
      await victim.server?.exited;
      if (name === 'hub') for (let n = 0; n < 50; n++) await store(`alone-${n}`);
      victim.server = await startNatsServer(victim.start);
      for (let n = 0; n < 50; n++) await store(`${name}-after-${n}`);
      await until(`all after the ${name} came back`, () => seen.length >= wanted.length, { timeout: 30_000 });
    }
    expect(seen).toEqual(wanted);
    expect(reader.position()).toBe(wanted.length);
    expect(reader.created()).toBe((await a.jsm.consumers.info('AUDIT', collector)).created);
    await reader.stop();
    await a.jsm.streams.purge('AUDIT');
  }, 90_000);

  it('reading - a handler that throws gets the same message again', async () => {
    for (let n = 0; n < 20; n++) await a.js.publish('audit.acme.edge-a.gw-1.access', `a${n}`);
    const seen: string[] = [];
    let thrown = 0;
    const reader = readFromStart({
      connection: a.connection,
      stream: 'AUDIT',
      consumer: 'gw-1',
      clock: systemClock,
      log: silent,
      onMessage: (message) => {
        const text = Buffer.from(message.data).toString();
        if (text === 'a5' && thrown++ < 2) throw new Error('not now');
        seen.push(text);
      },
    });
    await reader.caughtUp;
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => `a${n}`));
    await reader.stop();
  });

  /** A stream with these messages, its only reader's consumer, and a way to hear what the reader asks for. */
  async function stored(name: string, messages: readonly { body: Uint8Array; headers?: MsgHdrs }[]) {
    await a.jsm.streams.add({ name, subjects: [`${name}.x`] });
    await a.jsm.consumers.add(name, { durable_name: 'r', ack_policy: 'none', deliver_policy: 'all' });
    for (const { body, headers } of messages)
      await a.js.publish(`${name}.x`, body, headers ? { headers } : {});
    const asked: string[] = [];
    a.connection.subscribe(`$JS.API.CONSUMER.MSG.NEXT.${name}.r`, {
      callback: (_error, { reply = '' }) => void asked.push(reply),
    });
    await a.connection.flush();
    return asked;
  }

  it('reading - a request is for so many bytes, and large messages come in as many requests as they need', async () => {
    const body = new Uint8Array(600_000);
    const asked = await stored(
      'LARGE',
      Array.from({ length: 30 }, () => ({ body })),
    );
    const debug: object[] = [];
    const seen: number[] = [];
    const reader = readFromStart({
      connection: a.connection,
      stream: 'LARGE',
      consumer: 'r',
      clock: systemClock,
      log: { ...silent, child: () => ({ ...silent, debug: (fields) => void debug.push(fields) }) },
      onMessage: ({ sequence }) => void seen.push(sequence),
    });
    await reader.caughtUp;
    expect(seen).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
    expect(asked.length).toBeGreaterThan(2);
    expect(debug).toEqual([]);
    await reader.stop();
    await a.jsm.streams.delete('LARGE');
  });

  it('reading - headers that are too many are left out, and told of; what is behind them comes', async () => {
    const body = new TextEncoder().encode('x');
    // The most that a stream stores.
    await stored('HEADED', [
      { body, headers: manyHeaders(5_000) },
      { body, headers: manyHeaders(3) },
    ]);
    const warned: object[] = [];
    const seen: (number | undefined)[] = [];
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const reader = readFromStart({
      connection: a.connection,
      stream: 'HEADED',
      consumer: 'r',
      clock: systemClock,
      log: { ...silent, child: () => ({ ...silent, warn: (fields) => void warned.push(fields) }) },
      onMessage: ({ headers }) => void seen.push(headers?.keys().length),
    });
    await reader.caughtUp;
    delay.disable();
    expect(seen).toEqual([undefined, 3]);
    expect(warned).toEqual([{ subject: 'HEADED.x', sequence: 1 }]);
    expect(delay.max).toBeLessThan(1_000_000_000);
    await reader.stop();
    await a.jsm.streams.delete('HEADED');
  });

  it.each([
    ['many messages', 5_000, 10],
    ['large ones', 100, 900_000],
  ])(
    'reading - %s that nobody asked for have no room: it stops listening, and goes on after',
    async (_, count, size) => {
      const asked = await stored(
        'FLOODED',
        Array.from({ length: 10 }, (_none, at) => ({ body: new Uint8Array(at) })),
      );
      const gate = Promise.withResolvers<void>();
      const seen: number[] = [];
      const reader = readFromStart({
        connection: a.connection,
        stream: 'FLOODED',
        consumer: 'r',
        clock: systemClock,
        log: silent,
        async onMessage({ data }) {
          await gate.promise;
          seen.push(data.length);
        },
      });
      await until('the reader has asked', () => asked.length > 0);
      const [inbox = ''] = asked;
      const flooder = await fabric.connect(site());
      const forged = new Uint8Array(size);
      for (let at = 0; at < count; at += 1) {
        flooder.publish(inbox, forged);
        if (at % 10 === 0) await flooder.flush();
      }
      // While the handler is still at the first message, nobody hears what else comes.
      await until('nobody listens', () =>
        flooder.request(inbox, forged.subarray(0, 1), { timeout: 500 }).then(
          () => false,
          (error) =>
            error instanceof Error && /no responders/i.test(String(error.message) + String(error.cause)),
        ),
      );
      gate.resolve();
      await until('the stream is read', () => seen.length === 10);
      await a.js.publish('FLOODED.x', new Uint8Array(10));
      await until('what comes is read', () => seen.length === 11);
      expect(seen).toEqual(Array.from({ length: 11 }, (_none, at) => at));
      await reader.stop();
      await flooder.close();
      await a.jsm.streams.delete('FLOODED');
    },
  );

  it('reading - RESET to a sequence is refused by a consumer of last_per_subject', async () => {
    await a.jsm.consumers.add('KV_compiled', {
      durable_name: 'last',
      ack_policy: 'none',
      deliver_policy: 'last_per_subject',
      filter_subject: '$KV.compiled.edge-a.>',
    });
    await expect(consumerReset(a.connection, 'KV_compiled', 'last', 1)).rejects.toThrow(ConsumerResetError);
    await expect(
      consumerReset(a.connection, 'KV_compiled', 'none-such', 1, { timeout: 300 }),
    ).rejects.toThrow('timeout');
    await a.jsm.consumers.delete('KV_compiled', 'last');
  });
});
