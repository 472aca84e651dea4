import { flowKeys } from '@causeway/audit';
import type { AuditRecord } from '@causeway/protocol';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { type ManualClock, manualClock, settle } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import type { StoredBlock } from '../records/chain.ts';
import { recordOf } from '../records/test-support.ts';
import { createFlowWriter, type FlowStore, type FlowWriter } from './flow-writer.ts';

/** `late`: given up, and committed when the stream comes to it, before whatever is sent next. */
type Behaviour = 'commits' | 'answer lost' | 'lost' | 'late';

/** A counter stream in memory: batches are whole or not at all. */
function memoryFlow() {
  const counters = new Map<string, number>();
  const batches: { subjects: number; blocks: number; through: number }[] = [];
  const behaviours: Behaviour[] = [];
  let watermark = 0;
  const late: (() => void)[] = [];
  const store: FlowStore = {
    async commit(increments, advance, through) {
      await Promise.resolve();
      const behaviour = behaviours.shift() ?? 'commits';
      const commit = () => {
        for (const [subject, value] of increments)
          counters.set(subject, (counters.get(subject) ?? 0) + value);
        watermark += advance;
        batches.push({ subjects: increments.size, blocks: advance, through });
      };
      if (behaviour === 'late') late.push(commit);
      else {
        for (const other of late.splice(0)) other();
        if (behaviour !== 'lost') commit();
      }
      if (behaviour !== 'commits') throw new Error('timeout');
    },
    async settled() {
      for (const commit of late.splice(0)) commit();
      if (flow.blind) throw new Error('no answer');
      return watermark;
    },
  };
  const flow = {
    store,
    counters,
    batches,
    blind: false,
    behave: (...next: Behaviour[]) => void behaviours.push(...next),
    get watermark() {
      return watermark;
    },
  };
  return flow;
}

let clock: ManualClock;
let flow: ReturnType<typeof memoryFlow>;
let writer: FlowWriter;
let seq: number;

beforeEach(() => {
  clock = manualClock();
  flow = memoryFlow();
  seq = 0;
  writer = createFlowWriter({ start: 0, countedThrough: 0, store: flow.store, clock, logger: silent });
});

function block(...records: AuditRecord[]): StoredBlock {
  seq += 1;
  return { seq, streamSeq: seq * 10, records };
}

/** What a recount of the records gives. */
function recount(blocks: readonly StoredBlock[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const record of blocks.flatMap(({ records }) => records)) {
    for (const [subject, value] of flowKeys(record)) sums.set(subject, (sums.get(subject) ?? 0) + value);
  }
  return sums;
}

test('flow writer - blocks are written once a second, as one batch with their number', async () => {
  const blocks = [
    block(recordOf('a'), recordOf('b')),
    block(recordOf('c', { code: 'DENIED', decision: 'denied' })),
  ];
  for (const each of blocks) writer.add(each);
  await clock.advance(999);
  expect(flow.batches).toEqual([]);
  await clock.advance(1);
  await settle();
  expect(flow.batches).toEqual([{ subjects: 6, blocks: 2, through: 20 }]);
  expect(flow.counters).toEqual(recount(blocks));
  expect([flow.watermark, writer.countedThrough]).toEqual([2, 20]);
  await clock.advance(5_000);
  expect(flow.batches).toHaveLength(1);
  writer.close();
  expect(clock.timers).toBe(0);
});

test('flow writer - a batch touches no more than 990 counters', async () => {
  const blocks = Array.from({ length: 40 }, (_, index) =>
    block(
      ...Array.from({ length: 100 }, (__, n) =>
        recordOf(`c${n}`, { to: { service: `s${index}`, major: 1, endpoint: `e${n}` } }),
      ),
    ),
  );
  for (const each of blocks) writer.add(each);
  await writer.flush();
  expect(flow.batches.length).toBeGreaterThan(20);
  for (const { subjects } of flow.batches) expect(subjects).toBeLessThanOrEqual(990);
  expect(flow.counters).toEqual(recount(blocks));
  expect(flow.watermark).toBe(40);
});

test('flow writer - a batch that was lost is written again; what came since goes with it', async () => {
  flow.behave('lost');
  const blocks = [block(recordOf('a'))];
  writer.add(blocks[0] as StoredBlock);
  await clock.advance(1_000);
  await settle();
  expect([flow.batches.length, writer.countedThrough]).toEqual([0, 0]);
  blocks.push(block(recordOf('b')));
  writer.add(blocks[1] as StoredBlock);
  await writer.flush();
  expect(flow.batches).toEqual([{ subjects: 5, blocks: 2, through: 20 }]);
  expect(flow.counters).toEqual(recount(blocks));
});

test('flow writer - a batch whose answer was lost is not counted twice: the watermark knows', async () => {
  flow.behave('answer lost');
  const blocks = [block(recordOf('a'))];
  writer.add(blocks[0] as StoredBlock);
  await writer.flush();
  expect([flow.watermark, writer.countedThrough]).toEqual([1, 10]);
  await clock.advance(5_000);
  expect(flow.counters).toEqual(recount(blocks));
});

test('flow writer - nothing is written while it is not known what was: an outage counts nothing twice', async () => {
  flow.behave('answer lost');
  flow.blind = true;
  const blocks = [block(recordOf('a')), block(recordOf('b'))];
  writer.add(blocks[0] as StoredBlock);
  await clock.advance(3_000);
  await settle();
  expect(writer.countedThrough).toBe(0);
  writer.add(blocks[1] as StoredBlock);
  await clock.advance(3_000);
  expect(flow.batches).toHaveLength(1);
  flow.blind = false;
  await clock.advance(1_000);
  await settle();
  expect(flow.counters).toEqual(recount(blocks));
  expect([flow.watermark, writer.countedThrough]).toEqual([2, 20]);
});

test('flow writer - a block that is missing leaves the watermark at the number of the last', async () => {
  const [first, , third] = [block(recordOf('a')), block(recordOf('b')), block(recordOf('c'))];
  writer.add(first as StoredBlock);
  await writer.flush();
  writer.add(third as StoredBlock);
  await writer.flush();
  expect([flow.watermark, writer.countedThrough]).toEqual([3, 30]);
});

test('flow writer - one that goes on from a watermark counts what lies beyond it', async () => {
  writer.close();
  const earlier = block(recordOf('a'));
  writer.add(earlier);
  await writer.flush();
  const next = createFlowWriter({ start: 1, countedThrough: 10, store: flow.store, clock, logger: silent });
  expect(next.countedThrough).toBe(10);
  const later = block(recordOf('b'));
  next.add(later);
  await next.flush();
  expect(flow.counters).toEqual(recount([earlier, later]));
  expect(flow.watermark).toBe(2);
});

test('flow writer - whatever is lost on the way, counters end as a recount of the records', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('add' as const, 'tick' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'lost' as const,
        'answer lost' as const,
        'late' as const,
        'blind' as const,
        'seeing' as const,
      ),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const run = memoryFlow();
      const time = manualClock();
      const under = createFlowWriter({
        start: 0,
        countedThrough: 0,
        store: run.store,
        clock: time,
        logger: silent,
      });
      const blocks: StoredBlock[] = [];
      seq = 0;
      for (const each of steps) {
        if (each === 'add') {
          blocks.push(block(recordOf(`c${seq}`)));
          under.add(blocks.at(-1) as StoredBlock);
        } else if (each === 'tick') await time.advance(1_000);
        else if (each === 'lost' || each === 'answer lost' || each === 'late') run.behave(each);
        else run.blind = each === 'blind';
        await settle();
      }
      run.blind = false;
      await time.advance(50_000);
      await under.flush();
      expect(run.counters).toEqual(recount(blocks));
      expect(run.watermark).toBe(blocks.length);
      under.close();
    }),
    { numRuns: 60 },
  );
});
