import { findNatsServer } from '@causeway/nats-server';
import { type JetStreamClient, StorageType } from '@nats-io/jetstream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { until } from '../../../../test/support/until.ts';
import { accountOf, failureOf } from '../test-support.ts';
import { readBucket } from './read-bucket.ts';
import { type AnyDocument, type DocumentStore, keyOf, openDocumentStore } from './store.ts';
import { BucketConflict, type BucketWrite, writeBucket } from './write-bucket.ts';

let fabric: BareFabric;
let hub: BareClient;
let js: JetStreamClient;

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  hub = await bareClient(fabric, fabric.hub);
  js = hub.js;
}, 60_000);
afterAll(() => fabric?.dispose());

beforeEach(async () => {
  for (const bucket of ['documents', 'compiled']) {
    await hub.jsm.streams.delete(`KV_${bucket}`).catch(() => undefined);
    await hub.jsm.streams.add({
      name: `KV_${bucket}`,
      subjects: [`$KV.${bucket}.>`],
      storage: StorageType.Memory,
      max_msgs_per_subject: 8,
      allow_atomic: true,
      allow_rollup_hdrs: true,
      allow_direct: true,
    });
  }
});

const read = async () =>
  Object.fromEntries((await readBucket(js, 'documents')).map(({ key, value }) => [key, value]));
const write = (...writes: BucketWrite[]) => writeBucket(js, 'documents', writes);

describe('bucket', () => {
  test('bucket - an empty one reads as nothing', async () => {
    expect(await readBucket(js, 'documents')).toEqual([]);
  });

  test('bucket - what is written is read, with the sequence of its last change', async () => {
    expect(await write({ key: 'a', value: 1 })).toBe(1);
    expect(await write({ key: 'b', value: { x: 2 } }, { key: 'a', value: 3 })).toBe(3);
    const at = expect.any(Number);
    expect(await readBucket(js, 'documents')).toEqual([
      { key: 'b', value: { x: 2 }, revision: 2, at },
      { key: 'a', value: 3, revision: 3, at },
    ]);
  });

  test('bucket - one expectation that is not met writes nothing at all', async () => {
    await write({ key: 'a', value: 1 }, { key: 'b', value: 1 });
    for (const at of [0, 1, 2]) {
      const writes: BucketWrite[] = ['c', 'd', 'e'].map((key) => ({ key, value: 2, expected: 0 }));
      writes[at] = { key: 'b', value: 2, expected: 1 };
      await expect(writeBucket(js, 'documents', writes)).rejects.toBeInstanceOf(BucketConflict);
    }
    expect(await read()).toEqual({ a: 1, b: 1 });
    await expect(write({ key: 'a', value: 9, expected: 0 })).rejects.toBeInstanceOf(BucketConflict);
    expect(await write({ key: 'c', value: 2, expected: 0 }, { key: 'b', value: 2, expected: 2 })).toBe(4);
  });

  test('bucket - a deleted key reads as gone, and can be made again', async () => {
    await write({ key: 'a', value: 1 }, { key: 'b', value: 1 });
    await write({ key: 'a', value: undefined });
    await write({ key: 'b', value: undefined }, { key: 'c', value: 1 });
    expect(await read()).toEqual({ a: undefined, b: undefined, c: 1 });
    await write({ key: 'a', value: 2 });
    expect((await read()).a).toBe(2);
  });

  test('bucket - a thousand keys are one change, more are several', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, n): BucketWrite => ({ key: `k${n}`, value: n, expected: 0 }));
    const spoiled = many(1_000).with(999, { key: 'k0', value: 0, expected: 77 });
    await expect(writeBucket(js, 'documents', spoiled)).rejects.toBeInstanceOf(BucketConflict);
    expect(await read()).toEqual({});
    expect(await writeBucket(js, 'documents', many(1_000))).toBe(1_000);
    const compiled = many(2_100).map(({ key, value }) => ({ key, value }));
    expect(await writeBucket(js, 'compiled', compiled)).toBe(2_100);
    expect(await readBucket(js, 'compiled')).toHaveLength(2_100);
  });
});

describe('documents', () => {
  const policy = (name: string, effect: 'allow' | 'deny' = 'allow'): AnyDocument => ({
    ...{ kind: 'policy', tenant: 'acme', name, from: {}, to: { service: 'quotes' }, effect },
  });
  const names = (store: DocumentStore) =>
    store.all.policies.map(({ name, effect }) => `${name} ${effect}`).sort();

  test('documents - one that is started again reads what was written', async () => {
    const store = await openDocumentStore(js);
    expect([store.revision, names(store)]).toEqual([0, []]);
    expect(await store.put([])).toBe(0);
    expect(await store.put([policy('a'), policy('b')])).toBe(2);
    expect(await store.put([policy('b', 'deny')])).toBe(3);
    const again = await openDocumentStore(js);
    expect(again.revision).toBe(3);
    expect(names(again)).toEqual(['a allow', 'b deny']);
    expect(again.get('policy.acme.a')).toEqual(store.get('policy.acme.a'));
    expect(await again.put([policy('a', 'deny')])).toBe(4);
  });

  test('documents - of two registries the slower one is told, writes nothing, and sees what stands', async () => {
    const one = await openDocumentStore(js);
    const other = await openDocumentStore(js);
    await one.put([policy('a')]);
    const conflict = await failureOf(other.put([policy('c'), policy('a', 'deny')]));
    expect(conflict).toMatchObject({ code: 'CONFLICT', retryable: true });
    expect(names(other)).toEqual(['a allow']);
    expect(other.revision).toBe(1);
    await other.put([policy('c'), policy('a', 'deny')]);
    expect(names(await openDocumentStore(js))).toEqual(['a deny', 'c allow']);
  });

  test('documents - two writes of one at once: one of them is told', async () => {
    const store = await openDocumentStore(js);
    const results = await Promise.allSettled([store.put([policy('a')]), store.put([policy('a', 'deny')])]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(names(store)).toEqual(names(await openDocumentStore(js)));
  });

  test('documents - writes of different ones at once all stand, each at its own revision', async () => {
    const store = await openDocumentStore(js);
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.put([policy(`p${n}`), policy(`q${n}`)])));
    expect(store.revision).toBe(40);
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.put([policy(`p${n}`, 'deny')])));
    expect(names(store)).toEqual(names(await openDocumentStore(js)));
    expect(store.revision).toBe(60);
  });

  test('documents - a thousand at once go, more are refused before anything is written', async () => {
    const store = await openDocumentStore(js);
    const many = Array.from({ length: 1_001 }, (_, n) => policy(`p${n}`));
    expect((await failureOf(store.put(many))).code).toBe('INVALID_REQUEST');
    expect(await store.put(many.slice(1))).toBe(1_000);
    expect((await openDocumentStore(js)).all.policies).toHaveLength(1_000);
  });

  test('documents - a tenant that has used up its share is told so; what shrinks is taken, and others are', async () => {
    const size = JSON.stringify(policy('p0')).length;
    const limits = { tenantBytes: 3 * size, allBytes: 100 * size };
    const store = await openDocumentStore(js, limits);
    const many = Array.from({ length: 4 }, (_, n) => policy(`p${n}`));
    expect(await failureOf(store.put(many))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await store.put(many.slice(0, 3));
    const again = await openDocumentStore(js, limits);
    expect(await failureOf(again.put(many.slice(3, 4)))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await again.put([policy('p0', 'deny')]);
    await again.put([{ ...policy('q'), tenant: 'other' } as AnyDocument]);
    expect(names(again)).toHaveLength(4);
  });

  /** JetStream whose answers are lost so many times, after the server did what it was asked. */
  function losing(times: number): JetStreamClient {
    let left = times;
    return Object.create(js, {
      publish: {
        value: async (...message: Parameters<JetStreamClient['publish']>) => {
          const ack = await js.publish(...message);
          if (left === 0) return ack;
          left -= 1;
          throw new Error('timeout');
        },
      },
    }) as JetStreamClient;
  }

  test('documents - a write whose answer was lost stands, and is told so', async () => {
    const store = await openDocumentStore(losing(1));
    expect(await store.put([policy('a'), policy('b')])).toBe(2);
    expect(names(store)).toEqual(['a allow', 'b allow']);
    expect(await store.put([policy('a', 'deny')])).toBe(3);
    expect((await hub.jsm.streams.info('KV_documents')).state.messages).toBe(3);
  });

  test('documents - what is deleted is gone with its history, and can be made again', async () => {
    const store = await openDocumentStore(js);
    await store.put([policy('a'), policy('b')]);
    await store.put([policy('a', 'deny')]);
    expect(await store.put([policy('b', 'deny')], ['policy.acme.a', 'policy.acme.never'])).toBe(5);
    expect([names(store), store.isDeleted('policy.acme.a')]).toEqual([['b deny'], true]);
    const again = await openDocumentStore(js);
    expect([again.revision, names(again), again.isDeleted('policy.acme.a')]).toEqual([5, ['b deny'], true]);
    const { messages, num_subjects } = (await hub.jsm.streams.info('KV_documents')).state;
    expect({ messages, num_subjects }).toEqual({ messages: 3, num_subjects: 2 });
    expect(await again.put([policy('a')])).toBe(6);
    expect([names(again), again.isDeleted('policy.acme.a')]).toEqual([['a allow', 'b deny'], false]);
  });

  test('documents - deleting what someone else changed in between is told, and nothing is deleted', async () => {
    const [one, other] = [await openDocumentStore(js), await openDocumentStore(js)];
    await one.put([policy('a'), policy('b')]);
    await other.refresh();
    await one.put([policy('a', 'deny')]);
    const conflict = await failureOf(other.put([], ['policy.acme.b', 'policy.acme.a']));
    expect(conflict.code).toBe('CONFLICT');
    expect(names(other)).toEqual(['a deny', 'b allow']);
    await other.put([], ['policy.acme.b', 'policy.acme.a']);
    expect(names(await openDocumentStore(js))).toEqual([]);
  });

  test('documents - a deletion whose answer was lost is done once; what it frees can be used', async () => {
    const size = JSON.stringify(policy('a')).length;
    const limits = { tenantBytes: size, allBytes: 100 * size };
    await (await openDocumentStore(js)).put([policy('a')]);
    const store = await openDocumentStore(losing(1), limits);
    expect((await failureOf(store.put([policy('b')]))).code).toBe('PAYLOAD_TOO_LARGE');
    expect(await store.put([], ['policy.acme.a'])).toBe(2);
    await store.put([policy('b')]);
    expect(names(await openDocumentStore(js))).toEqual(['b allow']);
  });

  test('documents - marks of old deletions do not add up for ever', async () => {
    const store = await openDocumentStore(js);
    const many = Array.from({ length: 600 }, (_, n) => [policy(`p${n}`), policy(`q${n}`)]);
    for (const half of [0, 1]) {
      const documents = many.map((pair) => pair[half] as AnyDocument);
      await store.put(documents);
      await store.put([], documents.map(keyOf));
    }
    await store.put([policy('p0')]);
    await until('old marks are taken out', async () => {
      const { num_subjects = 0 } = (await hub.jsm.streams.info('KV_documents')).state;
      return num_subjects <= 1_101;
    });
    expect(names(await openDocumentStore(js))).toEqual(['p0 allow']);
  });

  test('documents - what was written past the store is there after a refresh', async () => {
    const store = await openDocumentStore(js);
    await store.put([policy('a')]);
    await (await openDocumentStore(js)).put([policy('a', 'deny'), policy('b')]);
    await store.refresh();
    expect([store.revision, names(store)]).toEqual([3, ['a deny', 'b allow']]);
    await store.refresh();
    expect(store.revision).toBe(3);
  });

  test('documents - whoever watches is told what became another or went, however it was learned', async () => {
    const store = await openDocumentStore(js);
    const told: (readonly string[])[] = [];
    store.watch((keys) => told.push(keys));
    const [one, two] = [accountOf('one'), accountOf('two')];
    await store.put([one, two]);
    await store.put([], [keyOf(one)]);
    expect(told).toEqual([[keyOf(one), keyOf(two)], [keyOf(one)]]);
    expect([store.revisionOf(keyOf(two)), store.revisionOf(keyOf(one))]).toEqual([2, undefined]);
    expect(store.accounts).toEqual([two]);
    await write({ key: keyOf(one), value: one });
    await store.refresh();
    expect(told.at(-1)).toEqual([keyOf(one)]);
    expect(store.accounts).toHaveLength(2);
  });

  test('documents - where the bucket cannot be written or read, what stands in memory stays', async () => {
    const store = await openDocumentStore(js);
    await store.put([policy('a')]);
    await hub.jsm.streams.delete('KV_documents');
    await expect(store.put([policy('b')])).rejects.toThrow();
    expect(names(store)).toEqual(['a allow']);
    expect(store.get('policy.acme.a')).toBeDefined();
  }, 30_000);
});
