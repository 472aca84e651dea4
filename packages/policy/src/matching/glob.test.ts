import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob, matchesLabels } from './glob.ts';

test.each([
  ['*', 'desk', true],
  ['desk', 'desk', true],
  ['desk', 'desks', false],
  ['desk*', 'desk', true],
  ['desk*', 'desk-eu', true],
  ['*desk', 'help-desk', true],
  ['edge-*-a', 'edge-1-a', true],
  ['edge-*-a', 'edge-a', false],
  ['a*a', 'a', false],
  ['*-*', 'edge-a', true],
  ['a*b*c', 'abc', true],
  ['a*b*b', 'ab', false],
  ['', 'desk', false],
])('glob - %s and %s: %s', (pattern, name, expected) => {
  expect(matchesGlob(pattern, name)).toBe(expected);
});

test('glob - agrees with a regular expression', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, name) => {
      const expression = new RegExp(`^${glob.replaceAll(/\*+/g, '.*')}$`);
      expect(matchesGlob(glob, name)).toBe(expression.test(name));
    }),
    { numRuns: 2_000 },
  );
});

test('labels - every one that is asked for has to be there, with a value that fits', () => {
  const labels = { team: 'trading', env: 'prod-eu' };
  expect(matchesLabels({ team: 'trading' }, labels)).toBe(true);
  expect(matchesLabels({ team: 'trading', env: 'prod-*' }, labels)).toBe(true);
  expect(matchesLabels({ team: 'risk', env: 'prod-*' }, labels)).toBe(false);
  expect(matchesLabels({ region: '*' }, labels)).toBe(false);
  expect(matchesLabels({ constructor: '*' }, labels)).toBe(false);
  expect(matchesLabels({ team: '*' }, undefined)).toBe(false);
});
