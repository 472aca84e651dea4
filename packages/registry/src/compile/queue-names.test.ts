import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQueueNames } from './queue-names.ts';

const key = { tenant: 'acme', service: 'quotes', major: 1, fromSite: 'edge-a', toSite: 'edge-b' };

test('queue names - the same for the same, from one start of the registry to the next', () => {
  expect(createQueueNames('secret')(key)).toBe(createQueueNames('secret')({ ...key }));
  expect(createQueueNames('secret')(key)).toMatch(/^[A-Za-z0-9_-]{27}$/);
});

test('queue names - another for each tenant, API, caller site and serving site', () => {
  const name = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  const anyKey = fc.record({
    tenant: name,
    service: name,
    major: fc.nat({ max: 99 }),
    fromSite: name,
    toSite: name,
  });
  const names = createQueueNames('secret');
  fc.assert(
    fc.property(anyKey, anyKey, (one, other) => {
      expect(names(one) === names(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
  const changed = [{ tenant: 'b' }, { service: 'b' }, { major: 2 }, { fromSite: 'b' }, { toSite: 'any' }];
  const all = [key, ...changed.map((change) => ({ ...key, ...change }))].map(names);
  expect(new Set(all).size).toBe(all.length);
});

test('queue names - nobody without the secret can make them', () => {
  expect(createQueueNames('one')(key)).not.toBe(createQueueNames('other')(key));
});
