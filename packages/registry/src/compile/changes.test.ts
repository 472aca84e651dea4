import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Changes, createChanges } from './changes.ts';

const bucket = 'made then';

/** What a site has that takes in replies as its gateway does, from `since` until there is no more. */
function takeIn(changes: Changes, site: string, since: number, table: Map<string, unknown>): number {
  let position = since;
  let listed: Set<string> | undefined;
  for (let replies = 0; replies < 100; replies++) {
    const reply = changes.since(site, position, bucket);
    if (reply.full) listed = new Set();
    for (const { key, value } of reply.entries) {
      listed?.add(key);
      if (value === undefined) table.delete(key);
      else table.set(key, value);
    }
    position = reply.position;
    if (reply.more) continue;
    for (const key of table.keys()) if (listed && !listed.has(key)) table.delete(key);
    return position;
  }
  throw new Error('there is always more');
}

it('changes - since 0 gives the whole table, without what was deleted', () => {
  const changes = createChanges(bucket);
  changes.set('edge-a', 'one', { n: 1 }, 1);
  changes.set('edge-b', 'other', { n: 9 }, 2);
  changes.set('edge-a', 'two', { n: 2 }, 3);
  changes.set('edge-a', 'one', undefined, 4);
  expect(changes.since('edge-a', 0, bucket)).toEqual({
    position: 4,
    bucket,
    full: true,
    more: false,
    entries: [{ key: 'two', value: { n: 2 } }],
  });
});

it('changes - since a position gives what came after it in its order, deletions included', () => {
  const changes = createChanges(bucket);
  changes.set('edge-a', 'z', { n: 1 }, 5);
  changes.set('edge-a', 'a', { n: 2 }, 7);
  changes.set('edge-a', 'm', { n: 3 }, 8);
  changes.set('edge-a', 'z', undefined, 9);
  expect(changes.since('edge-a', 5, bucket)).toEqual({
    position: 9,
    bucket,
    full: false,
    more: false,
    entries: [{ key: 'a', value: { n: 2 } }, { key: 'm', value: { n: 3 } }, { key: 'z' }],
  });
  expect(changes.since('edge-a', 9, bucket)).toEqual({
    position: 9,
    bucket,
    full: false,
    more: false,
    entries: [],
  });
});

it('changes - a site that is ahead begins anew, and one that nothing is known of is empty', () => {
  const changes = createChanges(bucket);
  changes.set('edge-a', 'a', { n: 1 }, 3);
  expect(changes.since('edge-a', 4, bucket)).toMatchObject({
    position: 3,
    full: true,
    entries: [{ key: 'a' }],
  });
  expect(changes.since('edge-x', 4, bucket)).toEqual({
    position: 0,
    bucket,
    full: true,
    more: false,
    entries: [],
  });
});

it.each(['made before', undefined])('changes - a position in bucket %j says nothing: all comes', (other) => {
  const changes = createChanges(bucket);
  for (let n = 1; n <= 60; n++) changes.set('edge-a', `key-${n % 7}`, { n }, n);
  changes.set('edge-a', 'key-0', undefined, 61);
  const reply = changes.since('edge-a', 40, other);
  expect(reply).toMatchObject({ position: 61, bucket, full: true, more: false });
  expect(reply.entries.map(({ key }) => key).sort()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `key-${n}`));
  // The same position by chance is none the better for it.
  expect(changes.since('edge-a', 61, other)).toEqual(reply);
  expect(changes.since('edge-a', 61, bucket).entries).toEqual([]);
});

it('changes - one reply stays within what a message and an atomic batch hold', () => {
  const changes = createChanges(bucket);
  for (let n = 1; n <= 2_000; n++) changes.set('many', `key-${n}`, { n }, n);
  // Three bytes in UTF-8 for each character.
  for (let n = 1; n <= 10; n++) changes.set('large', `key-${n}`, { text: '名'.repeat(80_000) }, n);
  for (const [site, count] of [
    ['many', 2_000],
    ['large', 10],
  ] as const) {
    const first = changes.since(site, 0, bucket);
    expect(first.more).toBe(true);
    expect(first.entries.length).toBeLessThanOrEqual(900);
    expect(Buffer.byteLength(JSON.stringify(first))).toBeLessThan(700_000);
    const table = new Map<string, unknown>();
    expect(takeIn(changes, site, 0, table)).toBe(count);
    expect(table.size).toBe(count);
  }
});

it('changes - an entry too large for its neighbours comes alone, never not at all', () => {
  const changes = createChanges(bucket);
  changes.set('edge-a', 'large', { text: 'x'.repeat(700_000) }, 1);
  changes.set('edge-a', 'small', {}, 2);
  expect(changes.since('edge-a', 0, bucket).entries.map(({ key }) => key)).toEqual(['large']);
  expect(takeIn(changes, 'edge-a', 0, new Map())).toBe(2);
});

it('changes - replaying the replies from any position gives the table', () => {
  const change = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.option(fc.nat(), { nil: undefined }),
    site: fc.constantFrom('edge-a', 'edge-b'),
    looks: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.nat({ max: 40 }), (made, ahead) => {
      const changes = createChanges(bucket);
      const wanted = new Map<string, unknown>();
      const copy = new Map<string, unknown>();
      let reached = 0;
      for (const [index, { key, value, site, looks }] of made.entries()) {
        const document = value === undefined ? undefined : { value };
        changes.set(site, key, document, index + 1);
        if (site === 'edge-a' && document === undefined) wanted.delete(key);
        else if (site === 'edge-a') wanted.set(key, document);
        if (looks) reached = takeIn(changes, 'edge-a', reached, copy);
      }
      takeIn(changes, 'edge-a', reached, copy);
      expect(copy).toEqual(wanted);
      // One that claims to be elsewhere, with what never was: from the start, or from ahead.
      for (const since of [0, made.length + 1 + ahead]) {
        const strange = new Map<string, unknown>([['never', 1]]);
        takeIn(changes, 'edge-a', since, strange);
        expect(strange).toEqual(wanted);
      }
    }),
  );
});
