import fc from 'fast-check';
import { anyToken, asBytes, deep, mark, mutatedObject, someName } from './arbitraries.ts';

/** An operation of one of the desks, with what is said to it. */
export interface Saying {
  readonly op: string;
  readonly body: Buffer;
}

/** A schema nested so deep that whatever recurses runs out of stack: also this program, so text takes its place. */
const deepSchema = fc.constantFrom(50, 500, 9_000).map(deep);

const schema: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<object | boolean>(
      {},
      true,
      { type: 'object' },
      { type: 'string', maxLength: 9 },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      { $ref: '#' },
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } },
      { $ref: 'https://example.org/schema.json' },
      { $dynamicRef: '#x', $dynamicAnchor: 'x' },
      { pattern: '(a+)+$' },
      { pattern: '(?<=x)y' },
      { pattern: '[' },
      { type: 'strnig' },
      { minimum: 'x' },
      { format: 'ip4v' },
      { allOf: [] },
      { properties: { __proto__: { type: 'string' }, constructor: true } },
      JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'),
      { enum: [] },
      { const: { mark } },
      JSON.parse('{"if":true,"then":false,"else":{"not":{}}}'),
      { $id: 'urn:x', $schema: 'http://json-schema.org/draft-04/schema#' },
      { uniqueItems: true, items: { uniqueItems: true } },
      { multipleOf: 1e-300 },
      { maxLength: -1 },
      null,
      'string',
      [],
    ),
  },
  { weight: 1, arbitrary: deepSchema },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

const endpoint = mutatedObject(
  fc.record(
    { request: schema, reply: schema, idempotent: fc.boolean(), checkReply: fc.boolean() },
    { requiredKeys: ['request', 'reply'] },
  ),
);

const endpointName = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('say', 'Say', 'get', 'x'.repeat(63)) },
  { weight: 1, arbitrary: anyToken },
);

const version = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0.1.0', '1.0.0', '1.1.0', '2.0.0') },
  { weight: 1, arbitrary: fc.constantFrom('1', '01.0.0', '10000.0.0', '1.0.0-rc', '', '1.0.9999999') },
);

/** A manifest of a service of that name, good or bad. */
function manifestOf(service: string): fc.Arbitrary<unknown> {
  return mutatedObject(
    fc.record({
      kind: fc.constant('api'),
      service: fc.constant(service),
      version,
      endpoints: fc.dictionary(endpointName, endpoint, { minKeys: 0, maxKeys: 4 }),
    }),
  );
}

const orAny = (name: fc.Arbitrary<string>) => fc.oneof(name, fc.constant('*'));

/**
 * A policy. The good ones touch nothing but the fuzzer's own calls, or what the others of its tenant do would end with
 * the first one that denies everything.
 */
const policy = mutatedObject(
  fc.record(
    {
      kind: fc.constant('policy'),
      name: fc.oneof(
        { weight: 9, arbitrary: fc.nat(15).map((n) => `p-${n}`) },
        { weight: 1, arbitrary: anyToken },
      ),
      from: fc.record({
        site: orAny(fc.constantFrom('edge-a', 'edge-b', 'nowhere')),
        service: fc.constant('nobody'),
      }),
      to: mutatedObject(
        fc.record(
          {
            service: orAny(someName),
            major: fc.constantFrom(0, 1, 2, 9999),
            endpoints: fc.array(endpointName, { maxLength: 3 }),
            site: orAny(someName),
          },
          { requiredKeys: ['service'] },
        ),
      ),
      effect: fc.constantFrom('allow', 'deny'),
      limits: mutatedObject(
        fc.record(
          { rate: fc.double(), burst: fc.integer(), concurrency: fc.integer() },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: ['kind', 'name', 'from', 'to', 'effect'] },
  ),
).map(harmless);

/** Drops what a mutation may have made of the caller: the policy must stay about nobody. */
function harmless(document: unknown): unknown {
  const { from } = document as { from?: { service?: unknown } };
  if (typeof from !== 'object' || from === null || from.service === 'nobody') return document;
  return { ...(document as object), from: { ...from, service: 'nobody' } };
}

const instance = fc.oneof(
  { weight: 6, arbitrary: fc.nat(99).map((n) => `ghost-${n}`) },
  { weight: 1, arbitrary: anyToken },
);
const whole = fc.oneof(fc.nat(9999), fc.constantFrom(-1, 1.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e300));
const opName = (names: readonly string[]) =>
  fc.oneof({ weight: 19, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: anyToken });

function sayings(op: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<Saying> {
  return asBytes(value).map((body) => ({ op, body }));
}

const noRoute = fc.record({
  call: fc.oneof(fc.constant('call-1'), anyToken),
  at: whole,
  toSite: someName,
  service: someName,
  major: fc.constantFrom(0, 1, 9999, 10000),
  endpoint: fc.constantFrom('say', 'any', 'x'.repeat(63), 'x'.repeat(64)),
  code: fc.constantFrom('NO_ROUTE', 'UNREACHABLE', 'OK'),
  requestBytes: whole,
});

/** What a service says to its site's gateway. */
export function serviceSaying(service: string): fc.Arbitrary<Saying> {
  const register = mutatedObject(
    fc.record({
      protocol: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: whole }),
      instance,
      apis: fc.array(
        fc.oneof(
          { weight: 9, arbitrary: manifestOf(service) },
          { weight: 1, arbitrary: manifestOf('victim') },
        ),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    }),
  );
  return fc.oneof(
    { weight: 3, arbitrary: sayings('register', register) },
    { weight: 2, arbitrary: sayings('renew', mutatedObject(fc.record({ instance, healthy: fc.boolean() }))) },
    { weight: 2, arbitrary: sayings('withdraw', mutatedObject(fc.record({ instance }))) },
    {
      weight: 2,
      arbitrary: sayings('discover', mutatedObject(fc.record({ since: whole }, { requiredKeys: [] }))),
    },
    {
      weight: 3,
      arbitrary: sayings(
        'noroute',
        mutatedObject(fc.record({ calls: fc.array(noRoute, { minLength: 1, maxLength: 4 }) })),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(opName(['register', 'x']), asBytes(fc.jsonValue()))
        .map(([op, body]) => ({ op, body })),
    },
  );
}

/** What a gateway says to the registry. */
export function gatewaySaying(tenant: string, service: string): fc.Arbitrary<Saying> {
  const gateway = fc.oneof(
    { weight: 12, arbitrary: fc.constant('gw-1') },
    { weight: 1, arbitrary: anyToken },
  );
  const protocol = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: whole });
  const instances = fc.dictionary(
    fc.oneof(fc.constantFrom(`${tenant}.${service}`, '__proto__', 'acme.ledger', 'a.b.c', ''), anyToken),
    whole,
    { maxKeys: 4 },
  );
  const register = fc.record({
    protocol,
    gateway,
    tenant: fc.oneof(
      { weight: 8, arbitrary: fc.constant(tenant) },
      { weight: 1, arbitrary: fc.constantFrom('acme', 'any', '__proto__') },
    ),
    service: fc.oneof({ weight: 8, arbitrary: fc.constant(service) }, { weight: 1, arbitrary: anyToken }),
    apis: fc.array(manifestOf(service), { minLength: 1, maxLength: 2 }),
  });
  const bucket = fc.oneof(fc.constant('x'), anyToken);
  return fc.oneof(
    { weight: 4, arbitrary: sayings('register', mutatedObject(register)) },
    {
      weight: 3,
      arbitrary: sayings(
        'renew',
        mutatedObject(fc.record({ protocol, gateway, revision: whole, instances })),
      ),
    },
    {
      weight: 1,
      arbitrary: sayings('compiled', mutatedObject(fc.record({ gateway, since: whole, bucket }))),
    },
    {
      weight: 3,
      arbitrary: sayings(
        'receipt',
        mutatedObject(fc.record({ gateway, revision: whole, users: fc.array(anyToken, { maxLength: 3 }) })),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(opName(['renew', 'x']), asBytes(fc.jsonValue()))
        .map(([op, body]) => ({ op, body })),
    },
  );
}

/** What an administrator of the tenant says to the registry. */
export function adminSaying(tenant: string, key: string): fc.Arbitrary<Saying> {
  const document = fc.oneof(
    { weight: 5, arbitrary: policy },
    { weight: 4, arbitrary: fc.constantFrom('made-1', 'made-2').chain(manifestOf) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  const scope = fc.oneof(
    { weight: 9, arbitrary: fc.constant(tenant) },
    { weight: 1, arbitrary: fc.constantFrom('acme', 'any', '*') },
  );
  const site = fc.oneof({ weight: 8, arbitrary: fc.constant('edge-b') }, { weight: 2, arbitrary: anyToken });
  // Never one of those that the fuzzer plays itself: revoked, they would take no part any more.
  const service = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('issued-1', 'issued-2', 'x'.repeat(63), 'x'.repeat(64), '') },
    { weight: 1, arbitrary: fc.constantFrom('any', 'gateway', '*', '>', 'a.b', '{{name()}}') },
  );
  const userKey = fc.oneof(fc.constant(key), fc.constantFrom('U', `U${'A'.repeat(55)}`, 'SUAA', ''));
  const identity = { tenant: scope, site, service };
  const explain = fc.record({
    tenant: scope,
    from: mutatedObject(fc.record({ site, service })),
    to: mutatedObject(
      fc.record({ service, major: whole, endpoint: endpointName, site }, { requiredKeys: ['service'] }),
    ),
  });
  const labels = fc.dictionary(anyToken, anyToken, { maxKeys: 3 });
  return fc.oneof(
    {
      weight: 8,
      arbitrary: sayings(
        'apply',
        mutatedObject(
          fc.record(
            { documents: fc.array(document, { maxLength: 3 }), dryRun: fc.boolean() },
            { requiredKeys: ['documents'] },
          ),
        ),
      ),
    },
    {
      weight: 3,
      arbitrary: sayings(
        'get',
        mutatedObject(
          fc.record({
            kind: fc.constantFrom('apis', 'policies', 'sites', 'services', 'instances', 'routes'),
            name: anyToken,
          }),
        ),
      ),
    },
    { weight: 2, arbitrary: sayings('explain', mutatedObject(explain)) },
    {
      weight: 1,
      arbitrary: sayings(
        'issue',
        mutatedObject(
          fc.record(
            { ...identity, key: userKey, labels },
            { requiredKeys: ['tenant', 'site', 'service', 'key'] },
          ),
        ),
      ),
    },
    { weight: 1, arbitrary: sayings('revoke', mutatedObject(fc.record(identity))) },
    {
      weight: 1,
      arbitrary: sayings(
        'console',
        mutatedObject(fc.record({ key: userKey, tenant: scope, from: fc.constantFrom('beginning', 'now') })),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(opName(['status', '__proto__']), asBytes(fc.jsonValue()))
        .map(([op, body]) => ({ op, body })),
    },
  );
}
