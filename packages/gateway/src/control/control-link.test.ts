import { type BeatReply, encodeJson, type Logger } from '@causeway/protocol';
import { createHubClock, createReplyMux, systemRandom } from '@causeway/transport';
import type { Msg, NatsConnection } from 'nats';
import { beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock, settle } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { type ControlLink, createControlLink } from './control-link.ts';

/** What the registry does with a request: an answer; a refusal of its own; or nobody listens there. */
type Registry = (subject: string, body: unknown) => { body: object; code?: string } | 'nobody';

let clock: ManualClock;
let registry: Registry;
let logged: unknown[];
let asked: [subject: string, body: unknown][];
let link: ControlLink;

/** A connection whose other end is `registry`. */
function standInConnection(): NatsConnection {
  let hear = (_error: Error | null, _message: Msg) => {};
  return {
    subscribe: (_pattern: string, options: { callback: typeof hear }) => {
      hear = options.callback;
      return { unsubscribe() {} };
    },
    publish: (subject: string, payload: Uint8Array, { reply }: { reply: string }) => {
      const body = JSON.parse(Buffer.from(payload).toString()) as unknown;
      asked.push([subject, body]);
      const answer = registry(subject, body);
      const message =
        answer === 'nobody'
          ? { subject: reply, data: new Uint8Array(), headers: { code: 503 }, size: () => 0 }
          : { subject: reply, data: encodeJson(answer.body), size: () => 0 };
      queueMicrotask(() => hear(null, message as unknown as Msg));
    },
    closed: () => new Promise(() => {}),
    isClosed: () => false,
  } as unknown as NatsConnection;
}

const refusing = (code: string) => () => ({ body: { code, number: 403, reason: 'as told' } });
const answering = (reply: object) => () => ({ body: { time: 1, revision: 3, ...reply } });

beforeEach(() => {
  clock = manualClock();
  logged = [];
  asked = [];
  registry = () => 'nobody';
  const logger: Logger = {
    ...silent,
    info: (_, message) => void logged.push(message),
    warn: (fields, message) => void logged.push((fields as { code?: string }).code ?? message),
  };
  const connection = standInConnection();
  const prefix = '_INBOX.edge-a.gateway.gw-1';
  const mux = createReplyMux({ connection, prefix, clock, random: systemRandom });
  const hub = createHubClock(clock);
  link = createControlLink({ site: 'edge-a', gateway: 'gw-1', mux, hub, clock, logger });
});

it('control link - where no registry listens, publishing is UNREACHABLE and may be tried again', async () => {
  await expect(link.publish('acme', 'quotes', [])).rejects.toMatchObject({
    code: 'UNREACHABLE',
    retryable: true,
  });
});

it('control link - the registry’s own refusal comes through', async () => {
  registry = refusing('DENIED');
  await expect(link.publish('acme', 'quotes', [])).rejects.toMatchObject({ code: 'DENIED' });
});

it('control link - it works before renewals are started, and renews only from then on', async () => {
  registry = answering({});
  expect(await link.publish('acme', 'quotes', [])).toBe(3);
  await clock.advance(10_000);
  expect(asked.map(([subject]) => subject)).toEqual(['control.edge-a.register']);
  const replies: BeatReply[] = [];
  registry = answering({ bucket: 'made then', confirmed: { sequence: 4, created: 'then' } });
  link.start({ status: () => ({ revision: 2 }), onReply: (reply) => replies.push(reply) });
  await clock.advance(2_000);
  expect(asked.slice(1)).toEqual([
    ['control.edge-a.renew', { protocol: 2, gateway: 'gw-1', revision: 2 }],
    ['control.edge-a.renew', { protocol: 2, gateway: 'gw-1', revision: 2 }],
  ]);
  await settle();
  expect(replies).toHaveLength(2);
  expect(replies[0]).toMatchObject({ revision: 3, bucket: 'made then' });
  expect(link.confirmed).toEqual({ sequence: 4, created: 'then' });
  link.close();
});

it('control link - memory is told to a registry that takes it, and to no other', async () => {
  const memory = { rss: 90_000_000, age: 0 };
  const told = () => (asked.at(-1)?.[1] as { memory?: object; serverMemory?: object }) ?? {};
  const older: Registry = (_, body) =>
    Object.hasOwn(body as object, 'memory')
      ? { body: { code: 'INVALID_REQUEST', number: 400, reason: 'is not a known field', pointer: '/memory' } }
      : { body: { time: 1, revision: 3 } };
  registry = older;
  link.start({ status: () => ({ revision: 2, memory, serverMemory: undefined }), onReply: () => {} });
  await clock.advance(4_000);
  expect(told()).not.toHaveProperty('memory');
  registry = answering({ takes: ['memory'] });
  await clock.advance(4_000);
  expect(told()).toMatchObject({ memory });
  expect(told()).not.toHaveProperty('serverMemory');
  registry = older;
  await clock.advance(4_000);
  expect(told()).not.toHaveProperty('memory');
  expect(logged).toEqual(['registry reached', 'INVALID_REQUEST', 'registry reached']);
  link.close();
});

it('control link - each new fault of the renewals is logged once, the first too', async () => {
  registry = refusing('DENIED');
  link.start({ status: () => ({ revision: 2 }), onReply: () => {} });
  await clock.advance(6_000);
  expect(logged).toEqual(['DENIED']);
  registry = () => 'nobody';
  await clock.advance(6_000);
  registry = answering({});
  await clock.advance(6_000);
  registry = () => 'nobody';
  await clock.advance(6_000);
  expect(logged).toEqual(['DENIED', 'UNREACHABLE', 'registry reached', 'UNREACHABLE']);
  link.close();
});

it('control link - users are told with the newest revision until they are acknowledged, and then no more', async () => {
  const receipts = () => asked.map(([, body]) => body).slice(-1);
  link.receipt(3, ['a']);
  await settle();
  link.receipt(4, ['b']);
  await clock.advance(100);
  expect(receipts()).toEqual([{ gateway: 'gw-1', revision: 4, users: ['a', 'b'] }]);
  registry = answering({});
  await clock.advance(2_000);
  const count = asked.length;
  await clock.advance(10_000);
  expect(asked).toHaveLength(count);
  link.receipt(5, []);
  await settle();
  expect(receipts()).toEqual([{ gateway: 'gw-1', revision: 5, users: [] }]);
});

it('control link - a receipt that is refused is dropped; its users come with the next', async () => {
  registry = refusing('DENIED');
  link.receipt(3, ['a']);
  await clock.advance(10_000);
  expect(asked).toHaveLength(1);
  expect(logged).toEqual(['the registry refused a receipt']);
  registry = answering({});
  link.receipt(4, ['b']);
  await settle();
  expect(asked.at(-1)?.[1]).toEqual({ gateway: 'gw-1', revision: 4, users: ['a', 'b'] });
});

it('control link - a registry one version behind is spoken to in its own, and hears of no buckets', async () => {
  registry = (_, body) => {
    const { protocol = 1, bucket } = body as { protocol?: number; bucket?: string };
    return protocol === 1 && bucket === undefined
      ? { body: { time: 1, revision: 3, position: 0, full: false, more: false, entries: [] } }
      : { body: { code: 'INVALID_REQUEST', number: 400, reason: 'speaks 1', pointer: '/protocol' } };
  };
  expect(await link.publish('acme', 'quotes', [])).toBe(3);
  await link.publish('acme', 'quotes', []);
  await link.compiled({ since: 4, bucket: 'then' });
  expect(asked.map(([, body]) => (body as { protocol?: number }).protocol)).toEqual([2, 1, 1, undefined]);
});

it('control link - who serves is told to a registry that takes it, at once when that changes, four times a second', async () => {
  const serving = { complete: true, apis: {} as Record<string, number[]> };
  const told = () =>
    asked.map(([, body]) => (body as { serving?: typeof serving }).serving?.apis['acme.quotes']?.length);
  registry = (_, body) => {
    // As it was when it was told.
    const copy = structuredClone(body) as object;
    asked.splice(-1, 1, ['renew', copy]);
    return { body: { time: 1, revision: 3, takes: ['serving'] } };
  };
  link.start({ status: () => ({ revision: 2, serving }), onReply: () => {} });
  await clock.advance(300);
  // The first does not know yet that it is taken; the second comes right after it.
  expect(told()).toEqual([undefined, undefined]);
  expect(asked[1]?.[1]).toHaveProperty('serving');
  await clock.advance(300);
  for (let n = 1; n <= 20; n += 1) {
    serving.apis['acme.quotes'] = Array.from({ length: n }, (_, major) => major);
    link.renewSoon();
    await clock.advance(10);
  }
  await clock.advance(250);
  expect(told().slice(2)).toEqual([1, 20]);
  link.close();
  link.renewSoon();
  await clock.advance(5_000);
  expect(told()).toHaveLength(4);
});

it('control link - a registry that is back is noticed within a quarter of a second', async () => {
  let replies = 0;
  link.start({
    status: () => ({ revision: 2 }),
    onReply: () => {
      replies += 1;
    },
  });
  await clock.advance(5_100);
  expect(replies).toBe(0);
  registry = answering({});
  await clock.advance(260);
  expect(replies).toBe(1);
  link.close();
  const count = asked.length;
  await clock.advance(5_000);
  expect(asked).toHaveLength(count);
});
