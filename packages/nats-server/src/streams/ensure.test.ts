import { expect, it } from 'vitest';
import { defaultStreamLimits, reservedBytes, siteAudit } from './config.ts';
import { satisfies } from './ensure.ts';
import { hubStreams } from './hub.ts';

it.each<[string, unknown, unknown, boolean]>([
  ['what the server adds', { a: 1, b: 2 }, { a: 1 }, true],
  ['another value', { a: 1 }, { a: 2 }, false],
  ['something missing', {}, { a: 1 }, false],
  ['what is empty and left out', {}, { a: 0, b: false, c: '' }, true],
  ['one more in a list', { a: [1, 2] }, { a: [1] }, false],
  ['the same list', { a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }, true],
  ['what is not asked for', { a: 1 }, { a: undefined }, true],
])('ensure - %s', (_name, actual, wanted, result) => {
  expect(satisfies(actual, wanted)).toBe(result);
});

it('streams - the hub collects from every site, and stamps what it takes with the site', () => {
  const audit = hubStreams(['edge-a', 'edge-b']).find(({ name }) => name === 'AUDIT');
  expect(audit?.subjects).toBeUndefined();
  expect(
    audit?.sources?.map(({ name, consumer, subject_transforms: transforms }) => [
      name,
      consumer?.name,
      transforms?.[0]?.dest,
    ]),
  ).toEqual([
    ['AUDIT_cloud', 'cloud', 'from.cloud.>'],
    ['AUDIT', 'edge-a', 'from.edge-a.>'],
    ['AUDIT', 'edge-b', 'from.edge-b.>'],
  ]);
});

it('streams - a full stream of records refuses instead of forgetting', () => {
  const audit = siteAudit('edge-a', defaultStreamLimits);
  expect([audit.discard, audit.max_age, audit.deny_delete]).toEqual(['new', 0, true]);
  expect(reservedBytes([audit, { name: 'x', max_bytes: -1 }, { name: 'y' }])).toBe(1024 ** 3);
});
