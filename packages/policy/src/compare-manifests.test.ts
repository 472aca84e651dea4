import type { EndpointDescription, Manifest } from '@causeway/protocol';
import { expect, test } from 'vitest';
import { compareManifests, sameContract, withStanding } from './compare-manifests.ts';

const latest: EndpointDescription = {
  request: {
    type: 'object',
    required: ['symbol', 'day'],
    properties: { symbol: { type: 'string', description: 'ticker' }, description: { type: 'string' } },
  },
  reply: { type: 'number' },
  idempotent: true,
  checkReply: true,
};
const published: Manifest = { kind: 'api', service: 'quotes', version: '1.0.0', endpoints: { latest } };
const withLatest = (changes: Partial<EndpointDescription>): Manifest => ({
  ...published,
  endpoints: { latest: { ...latest, ...changes } },
});

test('compare - the same is the same, whatever the order of fields and the tenant', () => {
  const { kind, service, version, endpoints } = published;
  expect(compareManifests(published, { tenant: 'acme', endpoints, version, service, kind })).toEqual({
    verdict: 'same',
    differences: [],
  });
});

const request = latest.request as Record<string, unknown>;
const other = { ...latest, description: 'new' };

for (const [name, proposed, verdict, pointers] of [
  ['an endpoint added', { endpoints: { latest, more: other } }, 'changed', ['/endpoints/more']],
  [
    'an endpoint removed',
    { endpoints: { more: other } },
    'incompatible',
    ['/endpoints/latest', '/endpoints/more'],
  ],
  ['a patch version', { version: '1.0.1' }, 'changed', ['/version']],
  ['another major', { version: '2.0.0' }, 'incompatible', ['/version']],
  ['another service', { service: 'quote' }, 'incompatible', ['/service']],
  ['a description', { description: 'x' }, 'changed', ['/description']],
] as const) {
  test(`compare - ${name} is ${verdict}`, () => {
    const found = compareManifests(published, { ...published, ...proposed });
    expect(found.verdict).toBe(verdict);
    expect(found.differences.map(({ pointer }) => pointer)).toEqual(pointers);
  });
}

const properties = request.properties as object;
const place = '/endpoints/latest';

for (const [name, changes, verdict, pointer] of [
  ['a schema’s title', { request: { ...request, title: 'x' } }, 'changed', `${place}/request`],
  [
    'the order of a set',
    { request: { ...request, required: ['day', 'symbol'] } },
    'changed',
    `${place}/request`,
  ],
  ['a type', { reply: { type: 'string' } }, 'incompatible', `${place}/reply/type`],
  ['less required', { request: { ...request, required: ['day'] } }, 'changed', `${place}/request/required`],
  [
    'more required',
    { request: { ...request, required: ['symbol', 'day', 'hour'] } },
    'incompatible',
    `${place}/request/required`,
  ],
  ['a lower limit of replies', { maxReplyBytes: 10 }, 'changed', `${place}/maxReplyBytes`],
  [
    'a property named description',
    { request: { ...request, properties: { ...properties, description: { type: 'null' } } } },
    ...(['incompatible', `${place}/request/properties/description/type`] as const),
  ],
  ['a lower limit', { maxRequestBytes: 10 }, 'incompatible', `${place}/maxRequestBytes`],
  ['a higher limit', { maxRequestBytes: 900_000 }, 'changed', `${place}/maxRequestBytes`],
  ['idempotent taken back', { idempotent: false }, 'incompatible', `${place}/idempotent`],
  ['checkReply taken back', { checkReply: false }, 'incompatible', `${place}/checkReply`],
] as const) {
  test(`compare - ${name} is ${verdict}, at its place`, () => {
    const found = compareManifests(published, withLatest(changes));
    expect([found.verdict, ...found.differences.map((difference) => difference.pointer)]).toEqual([
      verdict,
      pointer,
    ]);
    expect(sameContract(published, withLatest(changes))).toBe(pointer === `${place}/request`);
  });
}

test('compare - a difference says what was and what is', () => {
  const { differences } = compareManifests(published, withLatest({ reply: { type: 'string' } }));
  const why = 'callers may be given a value that is not of type number, which the published schema rules out';
  expect(differences).toEqual([
    {
      pointer: '/endpoints/latest/reply/type',
      what: `was "number", is "string": ${why}`,
      before: 'number',
      after: 'string',
      why,
      breaking: true,
    },
  ]);
});

test('compare - larger replies than were published break, and so does every difference at once', () => {
  const limited = withLatest({ maxReplyBytes: 10 });
  const { verdict, differences } = compareManifests(limited, withLatest({ idempotent: false, reply: {} }));
  expect(verdict).toBe('incompatible');
  expect(differences.filter(({ breaking }) => breaking).map(({ pointer }) => pointer)).toEqual([
    '/endpoints/latest/reply/type',
    '/endpoints/latest/idempotent',
    '/endpoints/latest/maxReplyBytes',
  ]);
});

test('compare - what the manifest’s $defs ask for belongs to the endpoints that refer to them', () => {
  const withDefs = ($defs: Manifest['$defs'], request: object = { $ref: '#/$defs/symbol' }): Manifest => ({
    ...{ ...published, ...($defs ? { $defs } : {}) },
    endpoints: { latest: { request: { ...request }, reply: true } },
  });
  const before = withDefs({ symbol: { type: 'string', maxLength: 5 } });
  const pointersOf = (after: Manifest) => {
    const { verdict, differences } = compareManifests(before, after);
    return [verdict, ...differences.map(({ pointer }) => pointer)];
  };
  expect(pointersOf(withDefs({ symbol: { type: 'string', maxLength: 4 } }))).toEqual([
    'incompatible',
    '/$defs/symbol/maxLength',
  ]);
  expect(pointersOf(withDefs({ symbol: { type: 'string', maxLength: 6 } }))).toEqual([
    'changed',
    '/$defs/symbol/maxLength',
  ]);
  // Written out where it is used, it asks for the same.
  expect(pointersOf(withDefs(undefined, { type: 'string', maxLength: 5 }))[0]).toBe('changed');
  expect(sameContract(before, withDefs({ symbol: { type: 'string', maxLength: 6 } }))).toBe(false);
});

test('compare - an owner and a deprecation change without breaking; who says nothing of them keeps them', () => {
  const deprecated = { date: '2027-01-31', note: 'call prices' };
  const { verdict, differences } = compareManifests(published, { ...published, owner: 'desk', deprecated });
  expect([verdict, ...differences.map(({ pointer }) => pointer)]).toEqual([
    'changed',
    '/owner',
    '/deprecated',
  ]);
  expect(sameContract({ ...published, deprecated }, published)).toBe(true);
  expect(sameContract(published, { ...published, deprecated })).toBe(false);
  expect(withStanding({ ...published, deprecated }, published)).toEqual({ ...published, deprecated });
});
