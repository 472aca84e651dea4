import type { AdminRecord } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { createRemembered } from './remembered.ts';

const key = 'policy.acme.p';
const act = (revision: number, after: Readonly<Record<string, unknown>> = {}): AdminRecord => ({
  ...{ at: 1, tenant: 'acme', admin: 'ada', scope: 'any', op: 'apply', key, revision, before: null },
  after,
});
const revisions = (records: readonly AdminRecord[]) => records.map(({ revision }) => revision);

test('remembered - acts of a document after a revision, oldest first', () => {
  const remembered = createRemembered();
  for (const revision of [1, 2, 3]) remembered.add(act(revision));
  remembered.add({ ...act(4), key: 'policy.acme.other' });
  expect(revisions(remembered.of(key, 1))).toEqual([2, 3]);
});

test.each([
  ['of very many', 5_000, {}],
  ['of very large ones', 500, { reason: 'x'.repeat(100_000) }],
])('remembered - %s the last are kept, and not all', (_, count, document) => {
  const remembered = createRemembered();
  for (let revision = 1; revision <= count; revision += 1) remembered.add(act(revision, document));
  const kept = revisions(remembered.of(key, 0));
  expect(kept.at(-1)).toBe(count);
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.length).toBeLessThan(count / 2);
});
