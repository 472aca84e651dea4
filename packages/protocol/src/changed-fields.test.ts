import { expect, test } from 'vitest';
import { changedFields } from './changed-fields.ts';

test('changed fields - the innermost fields, whatever their order; lists as a whole', () => {
  const before = { a: 1, to: { service: 'x', endpoints: ['p', { q: 1, r: 2 }] }, 'a/b': true, gone: null };
  expect(
    changedFields(before, {
      'a/b': false,
      to: { endpoints: ['p', { r: 2, q: 1 }], service: 'y' },
      a: 1,
      new: 2,
    }),
  ).toEqual([
    { pointer: '/to/service', before: '"x"', after: '"y"' },
    { pointer: '/a~1b', before: 'true', after: 'false' },
    { pointer: '/gone', before: 'null' },
    { pointer: '/new', after: '2' },
  ]);
  expect(changedFields(before, { ...before, to: { ...before.to, endpoints: ['p'] } })).toMatchObject([
    { pointer: '/to/endpoints' },
  ]);
  expect([changedFields(before, before), changedFields(null, before)]).toEqual([[], []]);
});

test('changed fields - names of objects’ own members are names like others', () => {
  expect(changedFields({ labels: {} }, { labels: { constructor: 'x' } })).toEqual([
    { pointer: '/labels/constructor', after: '"x"' },
  ]);
});

test('changed fields - of very many, and of long ones, some is told', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 'x'.repeat(999)]));
  const found = changedFields({}, many);
  expect([found.length, found[0]?.after?.length]).toEqual([50, 201]);
});
