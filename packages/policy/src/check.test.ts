import type { Manifest } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { checkManifest } from './check-manifest.ts';
import { checkPolicy } from './check-policy.ts';
import { manifestOf } from './generate.test-support.ts';
import { compileSchema } from './json-schema/compile-schema.ts';
import { nearest } from './nearest.ts';

const policy = { kind: 'policy', name: 'p', from: {}, to: { service: 'quotes' }, effect: 'allow' };

test('policy - a good one passes', () => {
  const value = { ...policy, from: { site: '*' }, limits: { rate: 5, burst: 10, concurrency: 2 } };
  expect(checkPolicy(value)).toEqual({ value });
});

for (const [name, value, pointer, problem] of [
  ['a mistyped field', { ...policy, efect: 'deny' }, '/efect', 'did you mean "effect"?'],
  [
    'a mistyped inner field',
    { ...policy, to: { service: 'q', endpoint: ['x'] } },
    '/to/endpoint',
    '"endpoints"?',
  ],
  [
    'a field like none',
    { ...policy, from: { planet: 'x' } },
    '/from/planet',
    'known fields: site, service, labels, tenant',
  ],
  ['a field of every object', { ...policy, constructor: 1 }, '/constructor', 'is not a known field'],
  ['a missing field', { ...policy, effect: undefined }, '/effect', 'is missing'],
  [
    'an unknown effect',
    { ...policy, effect: 'permit' },
    '/effect',
    'must be one of ["allow","deny"], got "permit"',
  ],
  ['a number for a name', { ...policy, name: 123 }, '/name', 'must be string, got 123'],
  ['a long name', { ...policy, name: 'x'.repeat(64) }, '/name', `got "${'x'.repeat(39)}…`],
  ['any for *', { ...policy, from: { site: 'any' } }, '/from/site', 'write "*"'],
  ['a reserved name', { ...policy, name: 'registry' }, '/name', 'reserved'],
  ['a reserved service', { ...policy, to: { service: 'gateway' } }, '/to/service', 'reserved'],
  ['burst without rate', { ...policy, limits: { burst: 3 } }, '/limits', 'rate'],
  ['an audit mode on a deny', { ...policy, effect: 'deny', audit: 'strict' }, '/audit', 'no meaning'],
  ['an audit mode that there is not', { ...policy, audit: 'never' }, '/audit', 'prompt'],
  ['limits on a deny', { ...policy, effect: 'deny', limits: { rate: 1 } }, '/limits', 'no meaning'],
  ['a reason on an allow', { ...policy, reason: 'so' }, '/reason', 'no meaning'],
  ['a lease on a deny', { ...policy, effect: 'deny', offline: '1h' }, '/offline', 'no meaning'],
  ['a lease of nothing', { ...policy, offline: '5s' }, '/offline', 'from 10s'],
  ['a lease that is none', { ...policy, offline: 'long' }, '/offline', 'got "long"'],
  ['a day that is none', { ...policy, expires: '2026-02-30T00:00:00Z' }, '/expires', 'no such day'],
  ['a time without its offset', { ...policy, notBefore: '2026-02-03T00:00:00' }, '/notBefore', 'got "2026'],
  [
    'an end before the beginning',
    { ...policy, notBefore: '2026-02-03T00:00:00Z', expires: '2026-02-03T01:00:00+01:00' },
    '/expires',
    'not after notBefore',
  ],
  [
    'another tenant',
    { ...policy, tenant: 'acme', from: { tenant: 'beta' } },
    '/from/tenant',
    'no call crosses',
  ],
  [
    'two tenants',
    { ...policy, from: { tenant: 'a' }, to: { service: 'q', tenant: 'b' } },
    '/to/tenant',
    'no call',
  ],
  ['labels that ask for nothing', { ...policy, from: { labels: {} } }, '/from/labels', 'fewer'],
  ['a list', [policy], '', 'object'],
] as const) {
  test(`policy - ${name} is refused with its place`, () => {
    const { fault } = checkPolicy(value);
    expect(fault?.pointer).toBe(pointer);
    expect(fault?.problem).toContain(problem);
  });
}

const withRequest = (request: unknown): unknown => {
  const manifest: Manifest = manifestOf('quotes');
  return { ...manifest, endpoints: { latest: { request, reply: true } } };
};
const at = '/endpoints/latest/request';

test('manifest - a good one passes, with formats, inner references and annotations', () => {
  const request = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['symbol'],
    additionalProperties: false,
    properties: {
      symbol: { $ref: '#/$defs/symbol' },
      since: { type: 'string', format: 'date' },
      next: { $ref: '#' },
    },
    $defs: { symbol: { type: 'string', 'x-unit': 'ticker', description: 'as traded', examples: ['MSFT'] } },
  };
  expect(checkManifest(withRequest(request)).fault).toBeUndefined();
  const validate = compileSchema(request).value;
  expect(validate?.({ symbol: 'MSFT', since: '2010-01-01' })).toBeUndefined();
  expect(validate?.({ symbol: 1 })).toEqual({ pointer: '/symbol', problem: 'must be string' });
  expect(validate?.({ symbol: 'x', since: 'May' })?.pointer).toBe('/since');
});

let deep: unknown = {};
for (let level = 0; level < 5000; level += 1) deep = { not: deep };

for (const [name, schema, pointer, problem] of [
  ['a wrong type', { type: 'strnig' }, `${at}/type`, 'must be'],
  ['a mistyped keyword', { requird: ['a'] }, `${at}/requird`, 'did you mean "required"?'],
  ['a mistyped inner keyword', { items: { maxlength: 3 } }, `${at}/items/maxlength`, '"maxLength"?'],
  ['a remote reference', { $ref: 'https://example.com/a' }, `${at}/$ref`, 'not inside'],
  ['a dangling reference', { allOf: [{ $ref: '#/$defs/no' }] }, `${at}/allOf/0/$ref`, 'not in this schema'],
  ['an older dialect', { $schema: 'http://json-schema.org/draft-07/schema#' }, `${at}/$schema`, '2020-12'],
  ['an asynchronous schema', { $async: true }, `${at}/$async`, 'not a keyword'],
  ['a broken pattern', { pattern: '(' }, `${at}/pattern`, ''],
  ['an unknown format', { format: 'datetime' }, `${at}/format`, 'did you mean "date-time"?'],
  ['a broken pattern of names', { patternProperties: { '(': {} } }, `${at}/patternProperties/(`, ''],
  ['a name of its own', { $id: 'https://example.com/b' }, `${at}/$id`, 'not admitted'],
  ['endless nesting', deep, at, 'nested more than'],
  ['a list', [], at, ''],
  ['a number', 3, at, ''],
] as const) {
  test(`manifest - a schema with ${name} is refused with its place`, () => {
    const { fault } = checkManifest(withRequest(schema));
    expect(fault?.pointer).toBe(pointer);
    expect(fault?.problem).toContain(problem);
  });
}

test('manifest - the sizes of its schemas together are bounded, and the endpoint named that brings too much', () => {
  const request = {
    properties: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`p${at}`, { type: 'string' }])),
  };
  const withEndpoints = (count: number): unknown => ({
    ...manifestOf('quotes'),
    endpoints: Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`e${at}`, { request, reply: { type: 'object' } }]),
    ),
  });
  expect(checkManifest(withEndpoints(5)).fault).toBeUndefined();
  const { fault } = checkManifest(withEndpoints(100));
  expect(fault?.pointer).toBe('/endpoints/e9/request');
  expect(fault?.problem).toContain('15000 are taken');
});

test('manifest - 256 endpoints of some fields each are within the bounds', { timeout: 20_000 }, () => {
  const names = Array.from({ length: 256 }, (_, at) => `e${at}`);
  const request = { type: 'object', required: ['symbol'], properties: { symbol: { type: 'string' } } };
  const reply = { type: 'object', properties: { price: { type: 'number' }, at: { type: 'string' } } };
  const endpoints = Object.fromEntries(names.map((name) => [name, { request, reply }]));
  expect(checkManifest({ ...manifestOf('quotes'), endpoints }).fault).toBeUndefined();
});

test('manifest - names are checked, and a property may be named like a keyword', () => {
  expect(checkManifest(manifestOf('registry')).fault?.pointer).toBe('/service');
  expect(checkManifest(manifestOf('quotes', '1.0.0', ['any'])).fault?.pointer).toBe('/endpoints/any');
  expect(checkManifest(manifestOf('quotes', '1.0.0', ['Get it'])).fault).toEqual({
    pointer: '/endpoints/Get it',
    problem: expect.stringMatching(/^is a name that will not do: it must match pattern/),
  });
  expect(checkManifest({ ...manifestOf('quotes'), endpoint: {} }).fault?.problem).toContain('"endpoints"?');
  expect(checkManifest(withRequest({ properties: { $async: { type: 'string' } } })).fault).toBeUndefined();
});

test('nearest - finds the likely word and keeps silent where none is near', () => {
  expect(nearest('efect', ['kind', 'effect'])).toBe('effect');
  expect(nearest('Effect', ['effect'])).toBe('effect');
  expect(nearest('planet', ['site', 'service'])).toBeUndefined();
  expect(nearest('x'.repeat(100_000), ['x'])).toBeUndefined();
});

const exampled = (examples: object[], more: object = {}) => ({
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  $defs: { symbol: { type: 'string', maxLength: 4 } },
  endpoints: { latest: { request: { $ref: '#/$defs/symbol' }, reply: { type: 'number' }, examples } },
  ...more,
});

test('manifest - examples fit their schemas, $defs of the manifest are for all endpoints', () => {
  const good = exampled([{ request: 'IBM' }, { request: 'BTC', reply: 2, description: 'a coin' }], {
    owner: 'desk',
    deprecated: { date: '2028-02-29', note: 'call prices' },
  });
  expect(checkManifest(good).fault).toBeUndefined();
});

test.each<[string, object, string, RegExp]>([
  [
    'a request',
    exampled([{ request: 'IBM' }, { request: 'LARGE' }]),
    '/endpoints/latest/examples/1/request',
    /does not fit the request’s schema/,
  ],
  [
    'a reply',
    exampled([{ request: 'IBM', reply: '2' }]),
    '/endpoints/latest/examples/0/reply',
    /must be number/,
  ],
  ['no request', exampled([{ reply: 2 }]), '/endpoints/latest/examples/0/request', /required|missing/],
])(
  'manifest - an example with %s that does not fit is named with its place',
  (_, value, pointer, problem) => {
    expect(checkManifest(value).fault).toEqual({ pointer, problem: expect.stringMatching(problem) });
  },
);

test.each<[string, object, string, RegExp]>([
  [
    'no day of the calendar',
    { deprecated: { date: '2027-02-29' } },
    '/deprecated/date',
    /no day of the calendar/,
  ],
  [
    'a mistyped field of a deprecation',
    { deprecated: { date: '2027-02-28', notes: '' } },
    '/deprecated/notes',
    /"note"/,
  ],
  ['another word for $defs', { definitions: {} }, '/definitions', /did you mean "\$defs"/],
  ['a fault in $defs', { $defs: { symbol: { typ: 'string' } } }, '/$defs/symbol/typ', /"type"/],
  [
    'a reference into nothing',
    { $defs: {} },
    '/endpoints/latest/request/$ref',
    /"#\/\$defs\/symbol" is not in this schema/,
  ],
  [
    'a cycle through $defs',
    { $defs: { symbol: { $ref: '#/$defs/other' }, other: { $ref: '#/$defs/symbol' } } },
    '/$defs/other/$ref',
    /leads back to itself/,
  ],
])('manifest - %s is refused, with its place', (_, more, pointer, problem) => {
  expect(checkManifest(exampled([], more)).fault).toEqual({
    pointer,
    problem: expect.stringMatching(problem),
  });
});

test('manifest - a name in an endpoint’s own $defs and in the manifest’s is refused', () => {
  const value = exampled([]);
  value.endpoints.latest.request = { $ref: '#/$defs/symbol', $defs: { symbol: {} } } as never;
  expect(checkManifest(value).fault?.pointer).toBe('/endpoints/latest/request/$defs/symbol');
});

test('manifest - long annotations in $defs that every endpoint refers to are bounded', () => {
  const symbol = { type: 'string', examples: Array.from({ length: 80_000 }, () => 1) };
  const one = exampled([], { $defs: { symbol } });
  expect(checkManifest(one).fault).toBeUndefined();
  const endpoints = Object.fromEntries(
    Array.from({ length: 256 }, (_, at) => [`e${at}`, one.endpoints.latest]),
  );
  expect(checkManifest({ ...one, endpoints }).fault?.problem).toMatch(/to more than 2000000 characters/);
});
