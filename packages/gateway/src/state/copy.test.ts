import { ensureSite, findNatsServer, streamNames } from '@causeway/nats-server';
import type { CompiledReply } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { until } from '../../../../test/support/until.ts';
import { type CompiledCopy, createCompiledCopy } from './copy.ts';

let fabric: BareFabric;
let server: BareClient;

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  server = await bareClient(fabric, fabric.hub);
}, 60_000);
afterAll(() => fabric?.dispose());

/** What the registry answers next, and what it was asked. */
let replies: (() => Partial<CompiledReply> | Promise<Partial<CompiledReply>>)[];
let asked: object[];
let keys: Set<string>;
let copy: CompiledCopy;

beforeEach(async () => {
  await ensureSite(server.jsm, { site: 'edge-a' });
  replies = [];
  asked = [];
  keys = new Set();
  copy = createCompiledCopy({
    site: 'edge-a',
    manager: server.jsm,
    state: { revision: 7, keys },
    async ask(since) {
      asked.push(since);
      const next = replies.shift();
      if (!next) throw new Error('the registry is away');
      return { time: 1, position: 0, full: false, more: false, entries: [], ...(await next()) };
    },
    clock: systemClock,
    logger: silent,
  });
});
afterEach(async () => {
  copy.close();
  await server.jsm.streams.delete(streamNames.compiled);
});

/** The key's last value; undefined where it was never there, null where it was deleted. */
async function stored(key: string): Promise<unknown> {
  const subject = `$KV.compiled.edge-a.${key}`;
  const message = await server.jsm.streams.getMessage(streamNames.compiled, { last_by_subj: subject });
  if (!message) return undefined;
  return message.header.get('KV-Operation') === 'DEL' ? null : message.json();
}

const reaches = (mark: object) =>
  until('the position is stored', async () => {
    expect(await stored('position')).toEqual(mark);
    return true;
  });

const entry = (key: string, n = 1) => ({ key, value: { n } });

it('copy - begins at nothing, and goes on in the bucket that it is of', async () => {
  replies.push(() => ({ position: 40, bucket: 'old', full: true, entries: [entry('a'), entry('revision')] }));
  copy.refresh();
  await reaches({ position: 40, bucket: 'old' });
  replies.push(() => ({ position: 44, bucket: 'old', entries: [entry('b'), { key: 'a' }] }));
  copy.refresh();
  await reaches({ position: 44, bucket: 'old' });
  expect(asked).toEqual([{ since: 0 }, { since: 40, bucket: 'old' }]);
  expect([await stored('a'), await stored('b')]).toEqual([null, { n: 1 }]);
});

it('copy - of a hub that was made anew it takes the whole table, and drops what that does not list', async () => {
  replies.push(() => ({ position: 40, bucket: 'old', full: true, entries: [entry('a'), entry('b')] }));
  copy.refresh();
  await reaches({ position: 40, bucket: 'old' });
  keys.add('a').add('b');
  copy.heard({ revision: 7, bucket: 'old' });
  expect(asked).toHaveLength(1);
  // The same revision, by chance.
  replies.push(() => ({ position: 60, bucket: 'new', full: true, entries: [entry('b', 2)] }));
  copy.heard({ revision: 7, bucket: 'new' });
  await reaches({ position: 60, bucket: 'new' });
  expect(asked.at(-1)).toEqual({ since: 40, bucket: 'old' });
  expect([await stored('a'), await stored('b')]).toEqual([null, { n: 2 }]);
});

it('copy - that there is nothing for the site in the new bucket is kept in mind too', async () => {
  replies.push(() => ({ bucket: 'new', full: true }));
  copy.refresh();
  await reaches({ position: 0, bucket: 'new' });
  copy.heard({ revision: 7, bucket: 'new' });
  expect(asked).toHaveLength(1);
});

it('copy - a table of several replies counts as empty until all of it is here', async () => {
  keys.add('gone');
  const rest = Promise.withResolvers<Partial<CompiledReply>>();
  replies.push(() => ({ position: 30, bucket: 'b', full: true, more: true, entries: [entry('a')] }));
  replies.push(() => rest.promise);
  copy.refresh();
  await reaches({ position: 0, bucket: 'b' });
  expect([await stored('a'), await stored('gone')]).toEqual([{ n: 1 }, undefined]);
  rest.resolve({ position: 50, bucket: 'b', entries: [entry('c')] });
  await reaches({ position: 50, bucket: 'b' });
  expect(asked).toEqual([{ since: 0 }, { since: 30, bucket: 'b' }]);
  expect([await stored('c'), await stored('gone')]).toEqual([{ n: 1 }, null]);
});

it('copy - a stream that is made anew is never given a part of the table alone', async () => {
  replies.push(() => ({ position: 40, bucket: 'b', full: true, entries: [entry('a')] }));
  copy.refresh();
  await reaches({ position: 40, bucket: 'b' });
  // Deleted and made anew while the registry is being asked for what came since.
  replies.push(async () => {
    await server.jsm.streams.delete(streamNames.compiled);
    await ensureSite(server.jsm, { site: 'edge-a' });
    return { position: 41, bucket: 'b', entries: [entry('c')] };
  });
  replies.push(() => ({ position: 41, bucket: 'b', full: true, entries: [entry('a'), entry('c')] }));
  copy.refresh();
  await reaches({ position: 41, bucket: 'b' });
  expect(asked.slice(1)).toEqual([{ since: 40, bucket: 'b' }, { since: 0 }]);
  expect([await stored('a'), await stored('c')]).toEqual([{ n: 1 }, { n: 1 }]);
});

it('copy - a larger table than one batch holds comes over as a whole', async () => {
  const entries = Array.from({ length: 900 }, (_, n) => entry(`key-${n}`));
  for (let n = 0; n < 1_200; n++) keys.add(`old-${n}`);
  replies.push(() => ({ position: 900, bucket: 'b', full: true, entries }));
  copy.refresh();
  await reaches({ position: 900, bucket: 'b' });
  expect([await stored('key-899'), await stored('old-1199')]).toEqual([{ n: 1 }, null]);
});
