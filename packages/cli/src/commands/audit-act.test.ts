import type { AdminRecord } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { actLine } from './audit-act.ts';

const record: AdminRecord = {
  ...{ at: 0, tenant: 'acme', admin: 'ada', scope: 'any', op: 'apply', key: 'policy.acme.p1', revision: 7 },
  ...{ before: { effect: 'allow', limits: { rate: 1 } }, after: { effect: 'deny', limits: { rate: 2 } } },
};

test.each([
  ['a change', record, 'r7 changed /effect /limits/rate'],
  ['something new', { ...record, before: null }, 'r7 created'],
  ['something that is gone', { ...record, after: null }, 'r7 deleted'],
  [
    'refusals',
    { ...record, before: null, after: null, refused: { code: 'DENIED', reason: 'no', count: 3 } },
    'DENIED x3 no',
  ],
])('audit act - %s in one line', (_, act, end) => {
  expect(actLine(act)).toBe(`1970-01-01T00:00:00.000Z acme ada@any apply policy.acme.p1 ${end}`);
});
