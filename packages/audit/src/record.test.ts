import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRecord, recordOf } from './generate.test-support.ts';
import { classOf, outcomeKey, recordLine } from './record.ts';

test('record - a line is one line, and reads back as the record', () => {
  fc.assert(
    fc.property(anyRecord, fc.string({ unit: 'binary' }), (record, text) => {
      const line = recordLine({ ...record, reason: text });
      expect(line).not.toMatch(/[\r\n]/);
      expect(JSON.parse(line)).toEqual({ ...record, reason: text });
    }),
  );
});

test('record - class and outcome follow the decision and the code', () => {
  expect(classOf(recordOf())).toBe('access');
  expect(classOf(recordOf({ decision: 'failed' }))).toBe('access');
  for (const decision of ['denied', 'limited', 'reported'] as const) {
    expect(classOf(recordOf({ decision }))).toBe('refusal');
  }
  expect(outcomeKey(recordOf({ code: 'DENIED' }))).toBe('DENIED');
});
