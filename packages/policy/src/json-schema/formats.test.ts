import { Ajv2020, type Format } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addMeteredFormats, knownFormats } from './formats.ts';
import { createSteps } from './steps.ts';

type Check = (text: string) => boolean;

const steps = createSteps(Number.POSITIVE_INFINITY);
const metered = new Ajv2020();
addMeteredFormats(metered, steps);
const formatOf = (name: string) => metered.formats[name] as Check | object | true;

const original = new Ajv2020();
(formatsPlugin as unknown as (ajv: Ajv2020) => void)(original);

/** Long texts made of pieces that formats repeat, each with an end that spoils it. */
const pieces = [
  'a',
  '1',
  'a.',
  'a-',
  'a-a.',
  'a@',
  ':',
  '::',
  'a:',
  '@',
  '/a',
  '//',
  '%41',
  '{a}',
  '{a,',
  '1.',
  '~0',
  '(',
  'T',
  'A\n',
  'AAAA',
];
const beginnings = [
  '',
  'a@',
  'http://',
  'http://a/',
  'a:',
  'P',
  '2020-01-01T00:00:00.',
  '/',
  '#/',
  '{',
  '1/',
];

for (const name of knownFormats()) {
  const format = formatOf(name);
  if (typeof format !== 'function') continue;
  test(`formats - ${name} takes time linear in the text`, { timeout: 20_000 }, () => {
    // With the square of the length it would be minutes.
    for (const beginning of beginnings) {
      for (const piece of pieces)
        (format as Check)(`${beginning}${piece.repeat(50_000 / piece.length)}\u0000`);
    }
  });
}

test('formats - each takes steps by the length of the text', () => {
  steps.left = 1000;
  expect(() => (formatOf('uri') as Check)('a'.repeat(1000))).toThrow('too many steps');
  steps.left = Number.POSITIVE_INFINITY;
});

test('formats - a url is what it was before it was made linear', () => {
  const part = fc.constantFrom(
    'http://',
    'ftp://',
    'https:',
    'a',
    'example.com',
    ':',
    '@',
    '/',
    '.',
    '-',
    '1',
    '10.0.0.1',
    '8.8.8.8',
    ' ',
    'é',
    'com',
    ':80',
  );
  const before = original.formats.url as Format as RegExp;
  const check = formatOf('url') as Check;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 9 }), fc.boolean(), (parts, whole) => {
      const text = `${whole ? 'http://' : ''}${parts.join('')}`;
      expect(check(text)).toBe(before.test(text));
    }),
    { numRuns: 1000 },
  );
});
