import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apiName, majorOf, parseApiEndpoint } from './api-name.ts';
import { goodTokens } from './subjects/generate.test-support.ts';

const parts = fc.record({
  service: goodTokens.name,
  major: goodTokens.major.map(Number),
  endpoint: goodTokens.endpoint,
  site: fc.option(goodTokens.name, { nil: undefined }),
});

test('api name - an endpoint as it is written is taken apart into what it was made of', () => {
  fc.assert(
    fc.property(parts, (each) => {
      const text = `${apiName(each.service, each.major)}.${each.endpoint}${each.site === undefined ? '' : `@${each.site}`}`;
      expect(parseApiEndpoint(text)).toEqual(each);
    }),
  );
});

test.each([
  '',
  'quotes',
  'quotes.v1',
  'quotes.1.latest',
  'quotes.v01.latest',
  'quotes.v10000.latest',
  'quotes.v1.latest.more',
  'quotes.v1.latest@',
  'quotes.v1.latest@edge-a@edge-b',
  'quotes.v1.latest@any',
  'quotes.v1.latest@Edge',
  'Quotes.v1.latest',
  'registry.v1.latest',
  'quotes.v1.la_test',
  'quotes.v1.*',
  '*.v1.latest',
  ' quotes.v1.latest',
  'quotes.v1.latest\n',
])('api name - %j names no endpoint', (text) => {
  expect(parseApiEndpoint(text)).toBeUndefined();
});

test('api name - the major of a version is its first number', () => {
  expect(['0.1.2', '1.2.3', '9999.0.0'].map(majorOf)).toEqual([0, 1, 9999]);
});
