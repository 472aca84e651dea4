import { describe, expect, test } from 'vitest';
import { messageRefs, messageSchemas } from './generated/schemas.ts';
import type { Messages } from './generated/types.ts';
import { encodeJson } from './json.ts';
import { check, escapePointer, parseMessage } from './validate.ts';

const accountKey = `A${'A'.repeat(55)}`;

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

/** A good message of each type, and changes that spoil it: what to put at the top, and the fault's pointer. */
const samples: {
  readonly [N in keyof Messages]: readonly [good: object, ...bad: (readonly [object, pointer: string])[]];
} = {
  AccountDocument: [
    { kind: 'account', name: 'acme', publicKey: key, jwt: 'e.y.J' },
    [{ publicKey: 'short' }, '/publicKey'],
    [{ kind: 'site' }, '/kind'],
  ],
  ApplyRequest: [
    { documents: [{ kind: 'policy' }], dryRun: true },
    [{ documents: [] }, '/documents'],
    [{ documents: [1] }, '/documents/0'],
  ],
  ApplyReply: [
    { revision: 1, changes: [{ kind: 'policy', name: 'p', change: 'created' }] },
    [{ changes: [{ kind: 'policy', name: 'p', change: 'lost' }] }, '/changes/0/change'],
  ],
  AddTenantRequest: [
    { tenant: 'globex', sites: ['edge-a'] },
    [{ tenant: 'a.b' }, '/tenant'],
    [{ sites: [] }, '/sites'],
  ],
  AddTenantReply: [
    { revision: 1, tenant: 'globex', account: key, sites: ['cloud'] },
    [{ sites: ['*'] }, '/sites/0'],
  ],
  RemoveTenantRequest: [
    { tenant: 'globex', site: 'edge-a', force: true },
    [{ site: '>' }, '/site'],
    [{ force: 'yes' }, '/force'],
  ],
  RemoveTenantReply: [
    { revision: 1, tenant: 'globex', sites: ['cloud'], keys: 2, deleted: 0 },
    [{ keys: 1.5 }, '/keys'],
  ],
  TenantKeys: [
    { gateway: 'gw-1', tenant: 'globex', keys: { gateway: key, leaf: key } },
    [{ keys: {} }, '/keys/gateway'],
    [{ tenant: 'a.b' }, '/tenant'],
  ],
  TenantMark: [{ account: key }, [{ account: 'short' }, '/account']],
  GetRequest: [{ kind: 'apis' }, [{ kind: 'secrets' }, '/kind'], [{ more: 1 }, '/more']],
  GetReply: [{ revision: 0, items: [{ any: 1 }] }, [{ items: ['x'] }, '/items/0']],
  InForceRequest: [
    { revision: 7, since: 5, wait: 1_000 },
    [{ revision: -1 }, '/revision'],
    [{ wait: 5_001 }, '/wait'],
    [{ until: 1 }, '/until'],
  ],
  InForceReply: [{ revision: 7, done: true, sites: [] }, [{ done: 'yes' }, '/done']],
  Standing: [
    { site: 'edge-a', state: 'behind', wanted: 7, revision: null, behindSince: 1, unreachableSince: 1 },
    [{ state: 'late' }, '/state'],
    [{ revision: 'x' }, '/revision'],
  ],
  IssueRequest: [
    { tenant: 'acme', site: 'edge-a', service: 'desk', key, labels: { zone: 'west' } },
    [{ key: key.toLowerCase() }, '/key'],
    [{ service: 'a.b' }, '/service'],
    [{ service: '*' }, '/service'],
    [{ labels: { 'bad label': 'x' } }, '/labels/bad label'],
  ],
  IssueReply: [{ jwt: 'e.y.J', revision: 1 }, [{ revision: -1 }, '/revision']],
  ConsoleRequest: [
    { key, tenant: 'any', from: 'now' },
    [{ from: 'later' }, '/from'],
    [{ tenant: '>' }, '/tenant'],
  ],
  ConsoleReply: [
    { jwt: 'e.y.J', name: 'console-1', pending: { audit: 0, flow: 3 }, signers: { 'edge-a.gw-1': [key] } },
    [{ pending: { audit: -1, flow: 0 } }, '/pending/audit'],
    [{ signers: { 'edge-a.gw-1': ['x'] } }, '/signers/edge-a.gw-1/0'],
  ],
  ExplainRequest: [
    { tenant: 'acme', from: place, to: target },
    [{ to: { ...target, major: 1.5 } }, '/to/major'],
    [{ from: { site: 'edge-a' } }, '/from/service'],
  ],
  ExplainReply: [
    {
      sites: [
        {
          site: 'edge-a',
          decision: 'allow',
          code: 'OK',
          policy: null,
          reason: '',
          limits: [{ policy: 'p' }],
        },
      ],
    },
    [{ sites: [{}] }, '/sites/0/site'],
  ],
  StatusReply: [
    {
      revision: 1,
      sites: [{ name: 'cloud', wanted: 1, gateways: [{ name: 'gw-1', alive: true, revision: null }] }],
      links: [],
    },
    [{ links: [{ site: 'edge-a' }] }, '/links/0/account'],
  ],
  RevokeRequest: [{ tenant: 'acme', site: 'edge-a', service: 'desk' }, [{ site: 'EDGE' }, '/site']],
  RevokeReply: [{ revision: 1, keys: 0 }, [{ keys: -1 }, '/keys']],
  RevokeSiteRequest: [{ site: 'edge-a' }, [{ site: 'EDGE' }, '/site'], [{ force: true }, '/force']],
  RevokeSiteReply: [{ revision: 1, keys: 4, services: 0 }, [{ services: -1 }, '/services']],
  InviteRequest: [
    { site: 'edge-c', tenants: ['acme'], hosts: ['edge-c.example.org'], expires: 60_000 },
    [{ site: 'EDGE' }, '/site'],
    [{ tenants: [] }, '/tenants'],
    [{ hosts: ['*.example.org'] }, '/hosts/0'],
    [{ expires: 900_001 }, '/expires'],
  ],
  InviteReply: [
    { token: 'causeway1.…', site: 'edge-c', tenants: ['acme'], hosts: [], expires: 1, revision: 1 },
    [{ token: 1 }, '/token'],
  ],
  UninviteRequest: [{ site: 'edge-c' }, [{ site: 'EDGE' }, '/site'], [{ force: true }, '/force']],
  UninviteReply: [{ revision: 1 }, [{ revision: -1 }, '/revision']],
  Invitation: [
    {
      ...{ kind: 'invitation', site: 'edge-c', grant: 'g1', verifier: '0'.repeat(64), tenants: ['acme'] },
      ...{ hosts: ['edge-c'], created: 1, expires: 2, by: 'root', redeemed: { at: 1, keys: '0'.repeat(64) } },
    },
    [{ verifier: 'secret' }, '/verifier'],
    [{ redeemed: { at: 1 } }, '/redeemed/keys'],
    [{ secret: 'SU' }, '/secret'],
  ],
  EnrollRequest: [
    {
      keys: {
        account: { key: accountKey, signers: { broker: accountKey } },
        system: { key: accountKey, signers: { gateway: accountKey } },
        leaf: key,
        gateway: key,
        tenants: { acme: { gateway: key, leaf: key } },
      },
      certificate: 'PEM',
      answerTo: 'A'.repeat(43),
      signatures: { account: 'A'.repeat(86), system: 'A'.repeat(86) },
      proof: { key: key, signature: 'A'.repeat(86) },
    },
    [{ answerTo: 'A' }, '/answerTo'],
    [{ certificate: 'A'.repeat(8_193) }, '/certificate'],
    [{ proof: { key: key } }, '/proof/signature'],
    [{ secret: 'SU' }, '/secret'],
  ],
  EnrollReply: [{ key: 'k', iv: 'i', data: 'd' }, [{ data: 1 }, '/data']],
  Enrolled: [
    {
      ...{
        time: 1,
        site: 'edge-c',
        gateway: 'gw-1',
        operator: 'e.y.J',
        certificate: 'PEM',
        hub: 'tls://hub:7422',
      },
      accounts: { acme: 'e.y.J' },
      users: { leaf: 'e.y.J', tenants: { acme: { gateway: 'e.y.J', leaf: 'e.y.J' } } },
    },
    [{ users: { leaf: 'e.y.J' } }, '/users/tenants'],
  ],
  CertificateRequest: [
    { gateway: 'gw-1', certificate: 'PEM', certificateDays: 1.5 },
    [{ certificateDays: 0 }, '/certificateDays'],
  ],
  CertificateReply: [{ certificate: 'PEM', time: 1 }, [{ certificate: 1 }, '/certificate']],
  RotateSigningRequest: [{ account: 'acme', finish: true, force: true, wait: 1 }, [{ wait: -1 }, '/wait']],
  RotateSigningReply: [
    {
      revision: 1,
      state: 'used',
      sites: [{ site: 'edge-a', inForce: false, seen: null, lease: 1 }],
      services: [],
    },
    [{ state: 'done' }, '/state'],
  ],
  RotateSiteRequest: [{ site: 'edge-a', role: 'leaf' }, [{ role: 'admin' }, '/role']],
  RotateSiteReply: [{ revision: 1, id: 'x' }, [{ id: '' }, '/id']],
  RekeyRequest: [
    {
      gateway: 'gw-1',
      role: 'leaf',
      id: 'x',
      keys: { acme: `U${'A'.repeat(55)}` },
      own: `U${'A'.repeat(55)}`,
      done: true,
    },
    [{ keys: { acme: '' } }, '/keys/acme'],
  ],
  RekeyReply: [{ time: 1, revision: 1 }, [{ time: '' }, '/time']],
  Rekey: [{ gateway: 'x', leaf: 'y' }, [{ admin: 'x' }, '/admin']],
  KnownCallers: [{ names: ['desk'], revoked: ['trader'] }, [{ names: ['*'] }, '/names/0']],
  RotateServiceRequest: [
    { tenant: 'acme', site: 'edge-a', service: 'desk', key: `U${'A'.repeat(55)}`, grace: 0 },
    [{ grace: -1 }, '/grace'],
  ],
  RotateServiceReply: [
    { jwt: 'e.y.J', revision: 1, retiring: { [`U${'A'.repeat(55)}`]: 1 } },
    [{ retiring: { U: '' } }, '/retiring/U'],
  ],
  RemoveSiteRequest: [{ site: 'edge-a', force: true }, [{ force: 'yes' }, '/force']],
  DeleteRequest: [
    { kind: 'service', tenant: 'acme', site: 'edge-a', name: 'desk', force: true },
    [{ kind: 'site' }, '/kind'],
    [{ name: '' }, '/name'],
  ],
  DeleteReply: [
    { revision: 1, kind: 'api', tenant: 'acme', name: 'quotes.v1', sites: ['edge-a'], keys: 0 },
    [{ sites: 'edge-a' }, '/sites'],
  ],
  AdminRecord: [
    {
      at: 1,
      tenant: 'any',
      admin: 'root',
      op: 'apply',
      key: 'policy.acme.p',
      revision: 1,
      before: null,
      after: {},
    },
    [{ op: 'Apply!' }, '/op'],
    [{ before: 1 }, '/before'],
  ],
  ServedApi: [
    {
      tenant: 'acme',
      manifest,
      routes: { 'edge-a': { named: 'q1', any: 'q2' } },
      rules: [
        {
          policy: 'p',
          from: { site: '*', service: 'desk' },
          endpoints: ['*'],
          effect: 'allow',
          limits: { rate: 1 },
        },
      ],
    },
    [{ routes: { 'edge-a': { named: 'q1' } } }, '/routes/edge-a/any'],
    [{ routes: { '*': { named: 'q1', any: 'q2' } } }, '/routes/*'],
    [
      { rules: [{ policy: 'p', from: { site: '*', service: '*' }, endpoints: ['>'], effect: 'allow' }] },
      '/rules/0/endpoints/0',
    ],
    [{ manifest: { ...manifest, version: '1' } }, '/manifest/version'],
  ],
  VisibleApis: [{ apis: [discovered] }, [{ apis: [{ ...discovered, sites: 'edge-a' }] }, '/apis/0/sites']],
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
