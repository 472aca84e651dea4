import { countOf, flowKeys } from '@causeway/audit';
import type { AuditRecord } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { createRecordQueue, type RecordQueue } from './record-queue.ts';
import { recordOf } from './test-support.ts';

const few = 2_000;
const denied = (call: string, more: Partial<AuditRecord> = {}) =>
  recordOf(call, { decision: 'denied', code: 'DENIED', policy: null, requestBytes: 7, ...more });

/** A queue in which that many records of others wait. */
function crowded(waiting = few): RecordQueue {
  const queue = createRecordQueue();
  for (let at = 0; at < waiting; at += 1)
    queue.add(denied(`o${at}`, { from: { site: 'edge-b', service: 'o' } }), 'o');
  return queue;
}

function drain(queue: RecordQueue): AuditRecord[] {
  const records: AuditRecord[] = [];
  while (queue.length > 0) records.push(...queue.take().map(({ line }) => JSON.parse(line) as AuditRecord));
  return records;
}

test('record queue - each refusal stands for itself while few wait', () => {
  const queue = crowded(few - 3);
  for (const call of ['a', 'b', 'c']) expect(queue.add(denied(call), 'g')).toBe(true);
  expect(drain(queue).map(countOf)).toEqual(Array.from({ length: few }, () => 1));
});

test('record queue - of a crowd, one caller’s refusals of one endpoint are one record that counts them', () => {
  const queue = crowded();
  const room = Array.from({ length: 5_000 }, (_, at) =>
    queue.add(denied(`f${at}`, { requestBytes: at % 10 }), 'g'),
  );
  expect(room.filter(Boolean)).toHaveLength(1);
  const [record, ...more] = drain(queue).slice(few);
  expect(more).toEqual([]);
  expect(record).toMatchObject({ call: 'f0', code: 'DENIED', count: 5_000 });
  expect(record?.requestBytes).toBeGreaterThanOrEqual(3);
  expect(record?.requestBytes).toBeLessThanOrEqual(6);
  expect(flowKeys(record as AuditRecord).get('flow.edge-a.acme.edge-b.desk.quotes.v1.latest.calls')).toBe(
    5_000,
  );
});

test('record queue - who waits for a record that was folded, or put back, goes with it', () => {
  const queue = crowded();
  let stored = 0;
  for (const call of ['a', 'b', 'c']) queue.add(denied(call), 'g', () => (stored += 1));
  queue.putBack(queue.take());
  const waiters: (() => void)[] = [];
  while (queue.length > 0) waiters.push(...queue.take().flatMap((item) => item.waiters ?? []));
  for (const waiter of waiters) waiter();
  expect(stored).toBe(3);
});

test('record queue - what differs in caller, endpoint, outcome or code stays apart', () => {
  const queue = crowded();
  const to = { service: 'quotes', major: 1, endpoint: 'history', requested: 'any' };
  const kinds = [
    denied('a'),
    denied('b', { from: { site: 'edge-b', service: 'risk' } }),
    denied('c', { to }),
    denied('d', { decision: 'limited', code: 'RATE_LIMITED' }),
    denied('e', { decision: 'failed', code: 'INVALID_REQUEST' }),
  ];
  for (const record of [...kinds, ...kinds]) queue.add(record, 'g');
  expect(
    drain(queue)
      .slice(few)
      .map(({ call, count }) => [call, count]),
  ).toEqual(kinds.map(({ call }) => [call, 2]));
});

test('record queue - what a caller makes up takes no room: endpoints, and reports of calls', () => {
  const queue = crowded();
  const made = (at: number) => ({ service: 'quotes', major: 1, endpoint: `e${at}`, requested: 'any' });
  for (let at = 0; at < 100; at += 1) {
    queue.add(denied(`a${at}`, { code: 'NO_ROUTE', to: made(at) }), 'g');
    queue.add(
      denied(`b${at}`, { decision: 'reported', code: 'UNREACHABLE', to: { ...made(at), service: `s${at}` } }),
      'g',
    );
  }
  expect(
    drain(queue)
      .slice(few)
      .map(({ call, count }) => [call, count]),
  ).toEqual([
    ['a0', 100],
    ['b0', 100],
  ]);
});

test('record queue - a call that an instance was asked keeps its record, whatever waits', () => {
  const queue = crowded();
  const asked = [recordOf('ok'), recordOf('late', { code: 'DEADLINE_EXCEEDED', instance: 'one' })];
  for (const record of [...asked, ...asked]) expect(queue.add(record, 'g')).toBe(true);
  expect(drain(queue).slice(few)).toEqual([...asked, ...asked]);
});

test('record queue - what was taken is folded into no more, and what is put back comes first', () => {
  const queue = crowded();
  queue.add(denied('a'), 'g');
  const all: string[] = [];
  const taken = queue.take();
  queue.putBack(taken);
  while (queue.length > 0) all.push(...queue.take().map(({ record }) => record.call));
  expect(all).toEqual([...Array.from({ length: few }, (_, at) => `o${at}`), 'a']);
  expect(queue.add(denied('b'), 'g')).toBe(true);
});
