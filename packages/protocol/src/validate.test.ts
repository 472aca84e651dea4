import { describe, expect, test } from 'vitest';
import { messageRefs, messageSchemas } from './generated/schemas.ts';
import type { Messages } from './generated/types.ts';
import { encodeJson } from './json.ts';
import { check, escapePointer, parseMessage } from './validate.ts';
import { adminSamples, type Sample } from './validate-admin.test-support.ts';

const key = `U${'A'.repeat(55)}`;
const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: { type: 'object' }, reply: true, idempotent: true } },
};
const place = { site: 'edge-a', service: 'desk' };
const target = { service: 'quotes', major: 1, endpoint: 'latest' };
const time = { revision: 3, time: 1_700_000_000_000 };
const discovered = { service: 'quotes', major: 1, version: '1.0.0', sites: ['edge-a'], endpoints: {} };

/** A sample of each type. */
const samples: { readonly [N in keyof Messages]: Sample } = {
  ...adminSamples,
  Account: [{ jwt: 'e.y.J' }, [{ jwt: 1 }, '/jwt']],
  User: [{ id: 'u1', jwt: 'e.y.J' }, [{ seed: 'SU' }, '/seed']],
  IdleApis: [
    { apis: { 'quotes.v1': ['edge-b'] } },
    [{ apis: 1 }, '/apis'],
    [{ apis: { 'quotes.v1': ['Edge'] } }, '/apis/quotes.v1/0'],
    [{ apis: {}, more: 1 }, '/more'],
  ],
  RevisionMark: [{ revision: 7 }, [{ revision: '7' }, '/revision']],
  PositionMark: [
    { position: 7, bucket: 'made then' },
    [{ position: -1 }, '/position'],
    [{ bucket: 1 }, '/bucket'],
  ],
  PublishRequest: [
    { protocol: 1, gateway: 'gw-1', tenant: 'acme', service: 'quotes', apis: [manifest] },
    [{ protocol: 0 }, '/protocol'],
    [{ apis: [] }, '/apis'],
    [{ apis: [manifest, { ...manifest, kind: 'policy' }] }, '/apis/1/kind'],
  ],
  PublishReply: [time, [{ time: 1.5 }, '/time']],
  BeatRequest: [
    {
      protocol: 1,
      gateway: 'gw-1',
      revision: 2,
      instances: { 'acme.quotes': 1 },
      memory: { rss: 90_000_000, age: 0 },
    },
    [{ instances: { 'acme.quotes': -1 } }, '/instances/acme.quotes'],
    [{ memory: { rss: -1, age: 0 } }, '/memory/rss'],
    [{ memory: { rss: 2 ** 51, age: 0 } }, '/memory/rss'],
    [{ memory: { rss: 1, age: 1e300 } }, '/memory/age'],
    [{ serverMemory: { rss: '1', age: 0 } }, '/serverMemory/rss'],
    [{ serverMemory: { rss: 1, age: 0, name: 'x' } }, '/serverMemory/name'],
  ],
  BeatReply: [time, [{ revision: null }, '/revision']],
  Receipt: [{ gateway: 'gw-1', revision: 3, users: ['a'] }, [{ users: [1] }, '/users/0']],
  Announcement: [
    { tenant: 'acme', service: 'quotes', major: 1, version: '1.0.0', revision: 1, sites: [] },
    [{ major: 10_000 }, '/major'],
  ],
  CompiledRequest: [
    { gateway: 'gw-1', since: 0 },
    [{ bucket: 1 }, '/bucket'],
    [{ since: -1 }, '/since'],
    [{ gateway: 'gw.1' }, '/gateway'],
  ],
  QuotaRequest: [
    {
      gateway: 'gw-1',
      shares: [
        {
          ...{ tenant: 'acme', policy: 'p', from: { site: 'edge-a', service: 'desk' } },
          ...{ unit: 'calls', window: 'day', start: 0, need: 1 },
        },
      ],
    },
    [{ shares: [] }, '/shares'],
    [{ shares: Array(129).fill({}) }, '/shares'],
    [{ shares: [{}] }, '/shares/0/tenant'],
    [{ gateway: 'gw.1' }, '/gateway'],
  ],
  QuotaReply: [
    { time: 1, shares: [{ granted: 5 }, { granted: 0, refused: 'why' }] },
    [{ shares: [{}] }, '/shares/0/granted'],
    [{ shares: [{ granted: -1 }] }, '/shares/0/granted'],
    [{ time: -1 }, '/time'],
  ],
  CompiledReply: [
    {
      time: 1,
      position: 2,
      full: true,
      more: false,
      entries: [{ key: 'revision', value: {} }, { key: 'x' }],
    },
    [{ position: -1 }, '/position'],
    [{ entries: [{ value: {} }] }, '/entries/0/key'],
  ],
  Manifest: [
    manifest,
    [{ endpoints: {} }, '/endpoints'],
    [{ endpoints: { latest: { request: true } } }, '/endpoints/latest/reply'],
    [
      { endpoints: { latest: { request: true, reply: true, maxRequestBytes: 0 } } },
      '/endpoints/latest/maxRequestBytes',
    ],
    [{ endpoints: { 'a/b~c': { request: true, reply: true } } }, '/endpoints/a~1b~0c'],
    [{ version: '01.0.0' }, '/version'],
    [{ secret: 1 }, '/secret'],
  ],
  Policy: [
    {
      kind: 'policy',
      name: 'p',
      from: place,
      to: { service: 'quotes' },
      effect: 'allow',
      limits: { rate: 5, burst: 2, concurrency: 1 },
    },
    [{ effect: 'maybe' }, '/effect'],
    [{ limits: { rate: 0 } }, '/limits/rate'],
    [{ limits: { burst: 1.5 } }, '/limits/burst'],
    [{ from: { site: 'edge_*' } }, '/from/site'],
    [{ limit: {} }, '/limit'],
  ],
  AuditRecord: [
    {
      ...{ call: 'c1', at: 1, tenant: 'acme', from: place, to: target, site: 'edge-a', decision: 'allowed' },
      ...{ policy: null, code: 'OK', requestBytes: 1, replyBytes: 2, durationMicros: 3 },
    },
    [{ payload: 'x' }, '/payload'],
    [{ decision: 'ok' }, '/decision'],
    [{ durationMicros: -1 }, '/durationMicros'],
    [{ trace: 'ABC' }, '/trace'],
    [{ count: 0 }, '/count'],
  ],
  Refusal: [{ code: 'DENIED', number: 403, reason: 'no' }, [{ retryAfter: -1 }, '/retryAfter']],
  RegisterRequest: [
    { protocol: 1, instance: 'i-1', apis: [manifest] },
    [{ instance: 'i.1' }, '/instance'],
    [{ apis: Array.from({ length: 17 }, () => manifest) }, '/apis'],
  ],
  RenewRequest: [{ instance: 'i-1', healthy: true }, [{ healthy: 'yes' }, '/healthy']],
  LeaseReply: [{ lease: 9000, ...time }, [{ lease: -1 }, '/lease']],
  WithdrawRequest: [{ instance: 'i-1' }, [{ instance: '*' }, '/instance']],
  DiscoverRequest: [{ protocol: 1, since: 0 }, [{ since: -1 }, '/since']],
  DiscoverReply: [{ ...time, unchanged: false, apis: [discovered] }, [{ unchanged: 1 }, '/unchanged']],
  NoRouteReport: [
    { calls: [{ call: 'c1', at: 1, toSite: 'any', ...target, code: 'NO_ROUTE', requestBytes: 0 }] },
    [{ calls: [] }, '/calls'],
    [
      { calls: [{ call: 'c1', at: 1, toSite: 'any', ...target, code: 'OK', requestBytes: 0 }] },
      '/calls/0/code',
    ],
  ],
  Notification: [{ service: 'quotes', major: 1, revision: 2 }, [{ service: 'Quotes' }, '/service']],
  Service: [
    { kind: 'service', tenant: 'acme', site: 'edge-a', name: 'desk', keys: [key], hosts: [1] },
    [{ hosts: [1, 1] }, '/hosts'],
    [{ keys: ['SUAM'] }, '/keys/0'],
  ],
  Site: [
    {
      kind: 'site',
      name: 'edge-a',
      tenants: { acme: { gateway: key, leaf: key } },
      gateways: { 'gw-1': [key] },
      leaf: key,
    },
    [{ gateways: { 'gw-1': [] } }, '/gateways/gw-1'],
    [{ tenants: { acme: {} } }, '/tenants/acme/gateway'],
  ],
};

const cases = Object.entries(samples) as [keyof Messages, (typeof samples)[keyof Messages]][];

test('messages - every type has a sample here, and every reference a schema', () => {
  expect(Object.keys(samples).sort()).toEqual(Object.keys(messageRefs).sort());
  for (const name of Object.keys(messageRefs) as (keyof Messages)[]) {
    expect(() => check(name, undefined), name).not.toThrow();
  }
  expect(new Set(messageSchemas.map(idOf)).size).toBe(messageSchemas.length);
});

describe.each(cases)('%s', (name, [good, ...bad]) => {
  test(`messages - ${name}: a good one passes, as a value and as bytes`, () => {
    expect(check(name, good)).toEqual({ value: good });
    expect(parseMessage(name, encodeJson(good))).toEqual({ value: good });
  });

  test(`messages - ${name}: each missing field is named`, () => {
    for (const field of requiredOf(name)) {
      const { [field]: _, ...rest } = good as Record<string, unknown>;
      expect(check(name, rest).fault).toEqual({ pointer: `/${field}`, problem: 'is missing' });
    }
  });

  test.each(bad)(`messages - ${name}: %j is a fault at %s`, (change, pointer) => {
    const parsed = parseMessage(name, encodeJson({ ...good, ...change }));
    expect(parsed.value).toBeUndefined();
    expect(parsed.fault?.pointer).toBe(pointer);
    expect(parsed.fault?.problem.length).toBeGreaterThan(5);
  });

  test.each([null, [], 'text', 1, true])(`messages - ${name}: %j is none`, (value) => {
    expect(check(name, value).fault?.pointer).toBe('');
  });
});

/** Names of the fields that a type's schema requires. */
function requiredOf(name: keyof Messages): readonly string[] {
  const [file = '', pointer = ''] = messageRefs[name].split('#');
  let schema = messageSchemas.find((each) => idOf(each) === file) as Record<string, unknown>;
  for (const step of pointer.split('/').slice(1)) schema = schema[step] as Record<string, unknown>;
  return (schema.required as string[] | undefined) ?? [];
}

test('messages - what is not JSON or not UTF-8 is a fault of the whole', () => {
  for (const bytes of [new Uint8Array(), Buffer.from('{'), Uint8Array.of(0x22, 0xff, 0x22)]) {
    const { fault } = parseMessage('Refusal', bytes);
    expect(fault?.pointer).toBe('');
    expect(fault?.problem).toMatch(/^is not JSON: /);
  }
});

test('messages - a field called __proto__ is a field like any other', () => {
  const text = '{"protocol":1,"__proto__":{"instance":"i-1"},"apis":[]}';
  expect(parseMessage('RegisterRequest', Buffer.from(text)).fault).toBeDefined();
  expect(check('GetRequest', JSON.parse('{"kind":"apis","__proto__":1}')).fault?.pointer).toBe('/__proto__');
});

test('messages - the fields of a pointer are escaped as RFC 6901 says', () => {
  expect(escapePointer('a/b~c~1')).toBe('a~1b~0c~01');
  expect(check('Manifest', { ...(samples.Manifest[0] as object), 'x/y~z': 1 }).fault?.pointer).toBe(
    '/x~1y~0z',
  );
});

function idOf(schema: object): unknown {
  return (schema as { $id?: unknown }).$id;
}
