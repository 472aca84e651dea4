import { createChainVerifier, firstPrev } from '@causeway/audit';
import { createKeys } from '@causeway/identity';
import { createSigner, systemRandom, verifySignature } from '@causeway/transport';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ManualClock, manualClock, settle } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { type Chain, createChain, type StoredBlock } from './chain.ts';
import { type MemoryStore, memoryStore, recordOf } from './test-support.ts';

const signer = createSigner(createKeys('user', systemRandom).seed);

let clock: ManualClock;
let store: MemoryStore;
let stored: StoredBlock[];
let chain: Chain;

function open(start = { seq: 0, hash: firstPrev, streamSeq: 0 }): Chain {
  return createChain({
    ...{ tenant: 'acme', site: 'edge-a', gateway: 'gw-1', start, store, clock, logger: silent },
    sign: signer.sign,
    onStored: (block) => stored.push(block),
  });
}

beforeEach(() => {
  clock = manualClock();
  store = memoryStore();
  stored = [];
  chain = open();
});

const calls = (block: { records: StoredBlock['records'] } | undefined) =>
  block?.records.map(({ call }) => call);
const classes = () => store.blocks.map(({ headers }) => headers['Causeway-Class']);

/** Problems that the audit's own verifier finds in what is stored. */
function problems(): string[] {
  const verifier = createChainVerifier({ keysOf: () => [signer.publicKey], verify: verifySignature });
  for (const { subject, headers, body } of store.blocks) {
    verifier.add({ subject, header: (name) => headers[name], body });
  }
  const { problems: found, chains } = verifier.report();
  expect(chains.map(({ last }) => last)).toEqual(store.blocks.length === 0 ? [] : [store.blocks.length]);
  return found.map(({ kind, text }) => `${kind}: ${text}`);
}

describe('blocks', () => {
  test('chain - records that come together go out together, within 5 ms, in their order', async () => {
    for (const call of ['a', 'b', 'c']) chain.add(recordOf(call), 'g');
    expect([chain.waiting, store.attempts]).toEqual([3, 0]);
    await clock.advance(40);
    await settle();
    expect(stored.map(calls)).toEqual([['a', 'b', 'c']]);
    expect(stored[0]).toMatchObject({ seq: 1, streamSeq: 1 });
    expect(chain.waiting).toBe(0);
  });

  test('chain - blocks are chained and signed: the verifier finds nothing, and all of a change', async () => {
    for (let round = 0; round < 5; round += 1) {
      chain.add(recordOf(`a${round}`), 'g');
      if (round % 2 === 1) chain.add(recordOf(`d${round}`, { decision: 'denied', code: 'NO_ROUTE' }), 'g');
      await clock.advance(40);
      await settle();
    }
    expect(store.blocks).toHaveLength(7);
    expect(problems()).toEqual([]);
    expect(chain.position).toEqual({ seq: 7, hash: store.blocks.at(-1)?.hash, streamSeq: 7 });
    const [first] = store.blocks.splice(2, 1);
    expect(first).toBeDefined();
    const verifier = createChainVerifier({ keysOf: () => [signer.publicKey], verify: verifySignature });
    for (const { subject, headers, body } of store.blocks)
      verifier.add({ subject, header: (name) => headers[name], body });
    expect(verifier.report().problems.map(({ kind }) => kind)).toContain('gap');
  });

  test('chain - who waits for a record hears when it is stored, not before, and nobody else is waited for', async () => {
    const heard: string[] = [];
    store.behave('lost');
    chain.add(recordOf('a'), 'g');
    chain.add(recordOf('b'), 'g', () => heard.push('b'));
    await clock.advance(1);
    await settle();
    expect([store.attempts, heard]).toEqual([1, []]);
    chain.add(recordOf('c'), 'g', () => heard.push('c'));
    await clock.advance(50);
    await settle();
    expect(stored.map(calls)).toEqual([['a', 'b'], ['c']]);
    expect(heard).toEqual(['b', 'c']);
    chain.add(recordOf('d'), 'g');
    await clock.advance(3);
    await settle();
    expect(stored).toHaveLength(2);
    await clock.advance(1);
    await settle();
    expect(stored.map(calls).at(-1)).toEqual(['d']);
  });

  test('chain - where a record never gets into the stream, who waits for it hears nothing', async () => {
    let heard = false;
    store.behave(...Array<'lost'>(20).fill('lost'));
    chain.add(recordOf('a'), 'g', () => {
      heard = true;
    });
    await clock.advance(500);
    chain.close();
    await clock.advance(60_000);
    await settle();
    expect([heard, stored.length]).toEqual([false, 0]);
  });

  test('chain - a chain that is opened again goes on where it ended', async () => {
    chain.add(recordOf('a'), 'g');
    await clock.advance(40);
    await settle();
    chain.close();
    chain = open(chain.position);
    chain.add(recordOf('b'), 'g');
    await clock.advance(40);
    await settle();
    expect(store.blocks).toHaveLength(2);
    expect(problems()).toEqual([]);
  });

  test('chain - accesses and refusals are blocks of their own, and neither keeps the other waiting', async () => {
    for (let n = 0; n < 1500; n += 1) chain.add(recordOf(`a${n}`), 'g');
    chain.add(recordOf('d', { decision: 'denied', code: 'DENIED' }), 'g');
    chain.add(recordOf('l', { decision: 'limited', code: 'RATE_LIMITED' }), 'g');
    chain.add(recordOf('f', { decision: 'failed', code: 'NO_INSTANCE' }), 'g');
    await clock.advance(40);
    await settle();
    expect(classes()).toEqual(['access', 'refusal', 'access', 'access']);
    expect(calls(stored[1])).toEqual(['d', 'l']);
    expect(calls(stored[3])?.at(-1)).toBe('f');
    expect(problems()).toEqual([]);
  });
});

describe('bounds of a block', () => {
  test('chain - at most 512 records', async () => {
    for (let n = 0; n < 1100; n += 1) chain.add(recordOf(`c${n}`), 'g');
    await clock.advance(40);
    await settle();
    expect(stored.map(({ records }) => records.length)).toEqual([512, 512, 76]);
    expect(stored.flatMap(({ records }) => records.map(({ call }) => call))).toEqual(
      Array.from({ length: 1100 }, (_, n) => `c${n}`),
    );
  });

  test('chain - at most 256 KiB', async () => {
    const reason = 'x'.repeat(1000);
    for (let n = 0; n < 500; n += 1)
      chain.add(recordOf(`c${n}`, { decision: 'failed', code: 'SERVICE_ERROR', reason }), 'g');
    await clock.advance(40);
    await settle();
    expect(store.blocks.length).toBeGreaterThan(1);
    for (const { body } of store.blocks) expect(body.length).toBeLessThanOrEqual(256 * 1024);
    expect(stored.reduce((sum, { records }) => sum + records.length, 0)).toBe(500);
  });

  test('chain - at most 120 groups of counters', async () => {
    for (let n = 0; n < 250; n += 1) chain.add(recordOf(`c${n}`), `group-${n}`);
    await clock.advance(40);
    await settle();
    expect(stored.map(({ records }) => records.length)).toEqual([120, 120, 10]);
  });
});

describe('storing', () => {
  test('chain - one block is under way at a time', async () => {
    for (let n = 0; n < 3000; n += 1) {
      chain.add(recordOf(`c${n}`), 'g');
      if (n % 500 === 0) await clock.advance(40);
    }
    await clock.advance(40);
    await settle();
    expect(store.mostAtOnce).toBe(1);
    expect(problems()).toEqual([]);
  });

  test('chain - a block that was lost is stored by the next try, and is the same block', async () => {
    store.behave('lost', 'lost');
    chain.add(recordOf('a'), 'g');
    await clock.advance(40);
    expect(stored).toEqual([]);
    chain.add(recordOf('b'), 'g');
    await clock.advance(200);
    await settle();
    expect(stored.map(calls)).toEqual([['a'], ['b']]);
    expect(store.attempts).toBe(4);
    expect(problems()).toEqual([]);
  });

  test('chain - a block whose answer was lost is not stored twice', async () => {
    store.behave('answer lost');
    chain.add(recordOf('a'), 'g');
    await clock.advance(40);
    expect([store.blocks.length, stored.length, chain.waiting]).toEqual([1, 0, 1]);
    await clock.advance(140);
    await settle();
    expect([store.blocks.length, store.attempts, chain.waiting]).toEqual([1, 1, 0]);
    expect(stored[0]).toMatchObject({ seq: 1, streamSeq: 1 });
  });

  test('chain - while nobody can look whether it was stored, it is not stored again', async () => {
    store.behave('answer lost');
    store.blind = true;
    chain.add(recordOf('a'), 'g');
    await clock.advance(180_000);
    expect([store.attempts, stored.length]).toEqual([1, 0]);
    store.blind = false;
    await clock.advance(2_000);
    await settle();
    expect([store.attempts, store.blocks.length, stored.length]).toEqual([1, 1, 1]);
    chain.add(recordOf('b'), 'g');
    await clock.advance(40);
    await settle();
    expect(problems()).toEqual([]);
  });

  test('chain - a block that the process before had sent is gone on after; nothing is swallowed or stored twice', async () => {
    const before = chain;
    chain = open();
    before.add(recordOf('before'), 'g');
    await clock.advance(40);
    expect(stored.map(calls)).toEqual([['before']]);
    stored = [];
    chain.add(recordOf('a'), 'g');
    await clock.advance(40);
    chain.add(recordOf('b'), 'g');
    await clock.advance(500);
    await settle();
    // The late one is given on as well: its records count too.
    expect(stored.map(calls)).toEqual([['before'], ['a', 'b']]);
    expect(stored.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(problems()).toEqual([]);
  });

  test('chain - of two that write one chain, the one that fell behind stores nothing and takes no more', async () => {
    const other = chain;
    chain = open();
    for (const call of ['x', 'y']) {
      other.add(recordOf(call), 'g');
      await clock.advance(40);
    }
    chain.add(recordOf('a'), 'g');
    await clock.advance(5_000);
    await settle();
    expect([chain.full, chain.waiting, store.blocks.length]).toEqual([true, 1, 2]);
    await chain.flushed();
    expect(other.full).toBe(false);
    expect(problems()).toEqual([]);
  });

  test('chain - in a stream that was made anew it goes on with its numbers', async () => {
    chain.add(recordOf('a'), 'g');
    await clock.advance(40);
    store.blocks.length = 0;
    chain.add(recordOf('b'), 'g');
    await clock.advance(500);
    await settle();
    expect(stored.map(({ seq, streamSeq }) => [seq, streamSeq])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  test('chain - the buffer is full at its bound, and calls may come again once it has room', async () => {
    store.behave('lost');
    chain.add(recordOf('first'), 'g');
    await clock.advance(40);
    for (let n = 1; n < 20_000; n += 1) chain.add(recordOf(`c${n}`), 'g');
    expect([chain.waiting, chain.full]).toEqual([20_000, true]);
    await clock.advance(140);
    await clock.advance(0);
    for (let turn = 0; turn < 200 && chain.waiting > 0; turn += 1) await clock.advance(4);
    expect([chain.waiting, chain.full]).toEqual([0, false]);
    expect(stored.reduce((sum, { records }) => sum + records.length, 0)).toBe(20_000);
  });

  test('chain - flushed resolves when all of it is stored, and at once where nothing waits', async () => {
    await chain.flushed();
    store.behave('lost');
    chain.add(recordOf('a'), 'g');
    let done = false;
    const flushed = chain.flushed().then(() => {
      done = true;
    });
    await clock.advance(40);
    expect(done).toBe(false);
    await clock.advance(140);
    await flushed;
    expect(stored).toHaveLength(1);
  });

  test('chain - closing ends the tries, and whoever waits', async () => {
    store.behave(...Array.from({ length: 99 }, () => 'lost' as const));
    chain.add(recordOf('a'), 'g');
    const flushed = chain.flushed();
    await clock.advance(40);
    chain.close();
    await clock.advance(5_000);
    await flushed;
    expect(store.attempts).toBe(1);
    expect(clock.timers).toBe(0);

    chain = open();
    chain.add(recordOf('b'), 'g');
    const early = chain.flushed();
    chain.close();
    await early;
    expect(clock.timers).toBe(0);
  });
});

describe('floods', () => {
  test('chain - refusals without end leave room for the calls of others, and are counted to the last one', async () => {
    store.blind = true;
    store.behave(...Array.from({ length: 5 }, () => 'lost' as const));
    for (let at = 0; at < 50_000; at += 1) {
      chain.add(recordOf(`r${at}`, { decision: 'denied', code: 'DENIED', policy: null }), 'g');
    }
    expect(chain.full).toBe(false);
    chain.add(recordOf('honest'), 'g');
    store.blind = false;
    await clock.advance(30_000);
    const records = stored.flatMap((block) => block.records);
    const sum = (code: string) =>
      records.filter((each) => each.code === code).reduce((total, { count = 1 }) => total + count, 0);
    expect([sum('DENIED'), sum('OK'), chain.waiting]).toEqual([50_000, 1, 0]);
    expect(problems()).toEqual([]);
  });
});
