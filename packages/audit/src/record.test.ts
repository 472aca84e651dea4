import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRecord, recordOf } from './generate.test-support.ts';
import { classOf, outcomeKey, recordLine } from './record.ts';

test('record - a line is what JSON.stringify gives', () => {
  fc.assert(
    fc.property(anyRecord, fc.string({ unit: 'binary' }), (record, text) => {
      const wild = { ...record, call: text, policy: text, reason: text };
      expect(recordLine(record)).toBe(JSON.stringify(record));
      expect(JSON.parse(recordLine(wild))).toEqual(JSON.parse(JSON.stringify(wild)));
    }),
    { numRuns: 500 },
  );
});

test('record - a number that is none is written as JSON writes it', () => {
  const record = recordOf({ durationMicros: Number.NaN });
  expect(recordLine(record)).toBe(JSON.stringify(record));
});

test('record - class and outcome follow the decision and the code', () => {
  expect(classOf(recordOf())).toBe('access');
  expect(classOf(recordOf({ decision: 'failed' }))).toBe('access');
  for (const decision of ['denied', 'limited', 'reported'] as const) {
    expect(classOf(recordOf({ decision }))).toBe('refusal');
  }
  expect(outcomeKey(recordOf({ code: 'DENIED' }))).toBe('DENIED');
});
