import { ensureOps, findNatsServer, type StreamMessage, streamNames } from '@causeway/nats-server';
import type { Logger } from '@causeway/protocol';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { until } from '../../../../test/support/until.ts';
import { type ConsoleReading, type Grant, startReading } from './reading.ts';

let fabric: BareFabric;
let ops: BareClient;
let opened: Grant[];
let released: Grant[];
let warnings: string[];
let heard: string[];
let readings: ConsoleReading[];

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  ops = await bareClient(fabric, fabric.ops);
}, 60_000);
afterAll(() => fabric?.dispose());

beforeEach(async () => {
  for (const stream of [streamNames.audit, streamNames.flow])
    await ops.jsm.streams.delete(stream).catch(() => undefined);
  await ensureOps(ops.jsm);
  [opened, released, warnings, heard, readings] = [[], [], [], [], []];
});
afterEach(() => Promise.all(readings.map((reading) => reading.stop())));

const logger: Logger = { ...silent, warn: (_, message) => void warnings.push(message) };
const last = async () => (await ops.jsm.streams.info(streamNames.audit)).state.last_seq;

async function store(...texts: string[]): Promise<void> {
  for (const text of texts) await ops.js.publish('from.edge-a.audit.acme.edge-a.gw-1.access', text);
}

/** What the registry does for a console; `after` is as it would have been asked. */
async function grant(after: number | undefined, allow = {}): Promise<Grant> {
  const start = after ?? (await last());
  const name = `console-${opened.length}-${start}`;
  const inbox = `_INBOX.ops.any.${name}`;
  const request = {
    stream_name: streamNames.audit,
    config: {
      durable_name: `ops-${name}`,
      ack_policy: 'none',
      deliver_policy: 'by_start_sequence',
      opt_start_seq: start + 1,
      deliver_subject: `${inbox}.audit`,
      idle_heartbeat: 200 * 1e6,
    },
  };
  const answer = await ops.connection.request(
    `$JS.API.CONSUMER.DURABLE.CREATE.${streamNames.audit}.ops-${name}`,
    JSON.stringify(request),
  );
  const { num_pending: audit } = answer.json<{ num_pending: number }>();
  const reply = { jwt: '', name, start, heartbeat: 200, pending: { audit, flow: 0 }, signers: {} };
  const made = { reply, inbox, connection: await fabric.connect(fabric.ops, allow) };
  opened.push(made);
  return made;
}

function read(open: (after: number | undefined) => Promise<Grant> = grant): ConsoleReading {
  const reading = startReading({
    kind: 'audit',
    first: undefined,
    start: undefined,
    open,
    async release(each) {
      released.push(each);
      await each.connection.close();
    },
    onMessage: ({ data }: StreamMessage) => void heard.push(new TextDecoder().decode(data)),
    ports: { clock: systemClock, random: systemRandom, logger },
  });
  readings.push(reading);
  return reading;
}

describe('reading', () => {
  test('reading - one that heard nothing goes on where it began, through an outage, with one warning', async () => {
    await store('before');
    let failures = 0;
    let away = false;
    const reading = read(async (after) => {
      if (!away) return grant(after);
      failures += 1;
      throw new Error('the registry is away');
    });
    await reading.caughtUp;
    away = true;
    await opened[0]?.connection.close();
    await until('it tries again', () => failures >= 2);
    await store('meanwhile', 'and again');
    away = false;
    await until('it goes on', () => opened.length === 2);
    await store('afterwards');
    await until('all of it', () => heard.includes('afterwards'));
    expect(heard).toEqual(['meanwhile', 'and again', 'afterwards']);
    expect(warnings).toEqual(['console interrupted; trying again']);
    expect(released).toEqual([opened[0]]);
  });

  test('reading - a second outage has a warning of its own, and nothing comes twice', async () => {
    const reading = read();
    await reading.caughtUp;
    for (const [round, text] of ['a', 'b', 'c'].entries()) {
      await store(text);
      await until(`${text} is heard`, () => heard.includes(text));
      await opened[round]?.connection.close();
      await until('it goes on', () => opened.length === round + 2);
      await until('it says so', () => warnings.length === round + 1);
    }
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  test('reading - a consumer that is gone shows by its silence', async () => {
    const reading = read();
    await reading.caughtUp;
    await store('first');
    await until('the first', () => heard.includes('first'));
    await ops.jsm.consumers.delete(streamNames.audit, `ops-${opened[0]?.reply.name}`);
    await store('second');
    await until('the second', () => heard.includes('second'));
    expect(heard).toEqual(['first', 'second']);
  });

  test('reading - a subscription that is refused says what was refused', async () => {
    const deny = { sub: { deny: ['_INBOX.ops.>'] } };
    const reading = read((after) => grant(after, deny));
    await expect(reading.caughtUp).rejects.toMatchObject({
      message: expect.stringMatching(/^the hub refuses to deliver on _INBOX\.ops\.any\.console-0-0\.audit$/),
      cause: { message: expect.stringContaining('Permissions Violation') },
    });
    expect(warnings).toEqual(['console cannot read']);
    await until('its grant is released', () => released.length === 1);
  });

  test('reading - one that can never be opened rejects', async () => {
    const reading = read(() => Promise.reject(new Error('the registry is away')));
    await expect(reading.caughtUp).rejects.toThrow('the registry is away');
    await reading.stop();
  });

  test('reading - stopping does not wait for a grant under way, which is released when it comes', async () => {
    const answer = Promise.withResolvers<void>();
    const reading = read(async (after) => {
      await answer.promise;
      return grant(after);
    });
    const before = systemClock.monotonic();
    await reading.stop();
    expect(systemClock.monotonic() - before).toBeLessThan(500);
    await expect(reading.caughtUp).rejects.toThrow('reading audit was stopped');
    expect(opened).toEqual([]);
    answer.resolve();
    await until('the late grant is released', () => released.length === 1);
    await store('late');
    expect(heard).toEqual([]);
  });

  test('reading - stopping does not wait for the next attempt', async () => {
    let away = false;
    const reading = read(async (after) => {
      if (away) throw new Error('the registry is away');
      return grant(after);
    });
    await reading.caughtUp;
    away = true;
    await opened[0]?.connection.close();
    await until('the outage', () => warnings.length === 1);
    const before = systemClock.monotonic();
    await reading.stop();
    expect(systemClock.monotonic() - before).toBeLessThan(150);
  });
});
