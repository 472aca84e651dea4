import type { Labels, Policy, ServedApi, Service, Site } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../canonical-json.ts';
import { compile, nextEdge, type QueueKey, type SiteTable } from '../compile.ts';
import type { ApiDocument, Documents, PolicyDocument } from '../documents.ts';
import { endpointNames, manifestOf, serviceNames, siteNames } from '../generate.test-support.ts';
import { createLiveTables, type LiveChange, type LiveDocument } from './live-tables.ts';

type Route = NonNullable<Policy['route']>;
type Limits = NonNullable<Policy['limits']>;

const queueNames = (key: QueueKey) => `q-${Object.values(key).join('-')}`;
const publicKey = `U${'A'.repeat(55)}`;
const tenants = ['acme', 'beta'];
/** Sequences that are tried; more of them where one hunts for a fault. */
const numRuns = Number(process.env.CAUSEWAY_LIVE_TABLES_RUNS ?? 600);

const tenant = fc.constantFrom(...tenants);
const labels: fc.Arbitrary<Labels | undefined> = fc.option(
  fc.record(
    { team: fc.constantFrom('desk', 'risk'), env: fc.constantFrom('prod', 'test') },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);
const selector = fc.option(
  fc.record(
    { team: fc.constantFrom('desk', 'risk', 'd*', '*'), env: fc.constantFrom('prod', '*') },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);
const pattern = (names: readonly string[]) =>
  fc.option(fc.constantFrom('*', 'edge-*', '*s*', 'd*', ...names, ...names), { nil: undefined });
/** Edges lie at whole seconds; the clock steps between and onto them. */
const time = fc.option(
  fc.integer({ min: 0, max: 9 }).map((second) => new Date(second * 1_000).toISOString()),
  { nil: undefined },
);

const route: fc.Arbitrary<Route | undefined> = fc.option(
  fc.oneof(
    fc
      .shuffledSubarray([...siteNames, 'gone'], { minLength: 1 })
      .map((order): Route => ({ order: order as [string, ...string[]] })),
    fc
      .dictionary(fc.constantFrom(...siteNames, 'gone'), fc.integer({ min: 0, max: 3 }), {
        minKeys: 1,
        noNullPrototype: true,
      })
      .map((weights): Route => ({ weights })),
  ),
  { nil: undefined },
);
const limits: fc.Arbitrary<Limits | undefined> = fc.option(
  fc.constantFrom<Limits>(
    { bytesPerSecond: 1_000 },
    { quota: { calls: { day: 10 } } },
    { quota: { calls: { minute: 10 }, bytes: { day: 5_000 } } },
    { rate: 2, quota: { bytes: { hour: 5_000 } } },
  ),
  { nil: undefined },
);

const defined = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const policy: fc.Arbitrary<LiveDocument> = fc
  .record({
    tenant,
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    from: fc.record({ site: pattern(siteNames), service: pattern(serviceNames), labels: selector }),
    to: fc.record({
      service: pattern(serviceNames),
      major: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
      site: pattern(siteNames),
      labels: selector,
      endpoints: fc.option(fc.subarray(['*', 'late*', 'gone', ...endpointNames], { minLength: 1 }), {
        nil: undefined,
      }),
    }),
    effect: fc.constantFrom('allow', 'allow', 'deny'),
    notBefore: time,
    expires: time,
    route,
    limits,
  })
  .map(
    ({ from, to, ...rest }) =>
      ({ kind: 'policy', ...defined(rest), from: defined(from), to: defined(to) }) as PolicyDocument,
  );
const service: fc.Arbitrary<LiveDocument> = fc
  .record({
    tenant,
    site: fc.constantFrom(...siteNames),
    name: fc.constantFrom(...serviceNames),
    hosts: fc.option(fc.subarray([1, 2]), { nil: undefined }),
    labels,
  })
  .map((made) => ({ kind: 'service', keys: [], ...defined(made) }) as unknown as Service);
const api: fc.Arbitrary<LiveDocument> = fc
  .record({
    tenant,
    service: fc.constantFrom(...serviceNames),
    version: fc.constantFrom('1.0.0', '1.1.0', '2.0.0'),
    endpoints: fc.subarray(endpointNames, { minLength: 1 }),
  })
  .map((made) => ({
    ...manifestOf(made.service, made.version, made.endpoints),
    tenant: made.tenant,
  }));
const site: fc.Arbitrary<LiveDocument> = fc
  .record({
    name: fc.constantFrom(...siteNames),
    present: fc.subarray(tenants),
    revoked: fc.constantFrom(false, false, false, true),
  })
  .map(
    ({ name, present, revoked }): Site => ({
      kind: 'site',
      name,
      tenants: Object.fromEntries(present.map((each) => [each, { gateway: publicKey }])),
      gateways: {},
      ...(revoked ? { revoked: true as const } : {}),
    }),
  );

const document = fc.oneof(
  { weight: 6, arbitrary: policy },
  { weight: 4, arbitrary: service },
  { weight: 3, arbitrary: api },
  { weight: 1, arbitrary: site },
);
const change: fc.Arbitrary<LiveChange> = fc.record({
  document,
  removed: fc.constantFrom(false, false, false, true),
});
const step = fc.record({
  changes: fc.array(change, { maxLength: 4 }),
  at: fc.integer({ min: 0, max: 20 }).map((half) => half * 500),
});

function identityOf(each: LiveDocument): string {
  switch (each.kind) {
    case 'site':
      return `site ${each.name}`;
    case 'service':
      return `service ${each.tenant} ${each.site} ${each.name}`;
    case 'api':
      return `api ${each.tenant} ${each.service} ${each.version.split('.')[0]}`;
    default:
      return `policy ${each.tenant} ${each.name}`;
  }
}

/** The documents that stand after changes, kept in the plainest way. */
function createPile() {
  const pile = new Map<string, LiveDocument>();
  return {
    take({ document: each, removed }: LiveChange) {
      if (removed) pile.delete(identityOf(each));
      else pile.set(identityOf(each), each);
    },
    documents(): Documents {
      const all = [...pile.values()];
      return {
        sites: all.filter((each): each is Site => each.kind === 'site'),
        services: all.filter((each): each is Service => each.kind === 'service'),
        apis: all.filter((each): each is ApiDocument => each.kind === 'api'),
        policies: all.filter((each): each is PolicyDocument => each.kind === 'policy'),
      };
    },
  };
}

const plain = (table: SiteTable | undefined) =>
  Object.fromEntries([...(table ?? [])].map(([key, value]) => [key, canonicalJson(value)]));

test('live tables - after any sequence of changes and times they are what a compile from scratch gives', {
  timeout: 540_000,
}, () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 25 }),
      fc.array(step, { minLength: 1, maxLength: 8 }),
      (first, steps) => {
        const pile = createPile();
        for (const name of siteNames) {
          const present = Object.fromEntries(tenants.map((each) => [each, { gateway: publicKey }]));
          pile.take({ document: { kind: 'site', name, tenants: present, gateways: {} } });
        }
        for (const each of first) pile.take(each);
        const live = createLiveTables(pile.documents(), queueNames, 0);
        let before = compile(pile.documents(), queueNames, 0);
        for (const { changes, at } of steps) {
          const tried = fc
            .sample(change, { numRuns: 2, seed: at })
            .filter((each) => each.document.kind !== 'site');
          live.attempt(tried, () => {});
          const touched = live.update(changes, at);
          for (const each of changes) pile.take(each);
          const scratch = compile(pile.documents(), queueNames, at);
          expect(live.sites).toEqual([...scratch.keys()]);
          expect(live.until).toBe(nextEdge(pile.documents(), at));
          for (const name of siteNames) {
            const [was, is] = [plain(before.get(name)), plain(scratch.get(name))];
            expect(plain(live.table(name))).toEqual(is);
            for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
              // Whoever writes only what was touched writes all that changed.
              if (was[key] !== is[key]) expect(touched.get(name)).toContain(key);
              const value = live.value(name, key);
              expect(value && canonicalJson(value)).toBe(is[key]);
            }
          }
          before = scratch;
        }
      },
    ),
    { numRuns },
  );
});

const threeSites: Site[] = ['edge-a', 'edge-b', 'edge-c'].map((name) => ({
  kind: 'site',
  name,
  tenants: { acme: { gateway: publicKey } },
  gateways: {},
}));
const identity = (name: string, site: string, hosts: number[] = [], has?: Labels): Service => ({
  kind: 'service',
  tenant: 'acme',
  site,
  name,
  keys: [],
  hosts,
  ...(has ? { labels: has } : {}),
});
const allow = (name: string, from: PolicyDocument['from'], service: string): PolicyDocument => ({
  kind: 'policy',
  tenant: 'acme',
  name,
  from,
  to: { service },
  effect: 'allow',
});
const fabric: Documents = {
  sites: threeSites,
  services: [
    identity('quotes', 'edge-a', [1]),
    identity('risk', 'edge-c', [1]),
    identity('desk', 'edge-b'),
    identity('batch', 'edge-c', [], { team: 'night' }),
  ],
  apis: ['quotes', 'risk'].map((name) => ({ ...manifestOf(name), tenant: 'acme' })),
  policies: [
    allow('desk', { service: 'desk' }, 'quotes'),
    allow('night', { labels: { team: 'night' } }, 'risk'),
  ],
};
const asked = (touched: Map<string, Set<string>>) =>
  Object.fromEntries([...touched].map(([at, keys]) => [at, [...keys].sort()]));

test.each<[string, LiveChange['document'], Record<string, string[]>]>([
  [
    'a policy: the sites that serve what it is about, and those of the callers it means',
    allow('desk', { site: 'edge-b', service: 'desk' }, 'quotes'),
    { 'edge-a': ['serve.acme.quotes.v1'] },
  ],
  [
    'a policy that another service gains by',
    allow('batch', { site: 'edge-c', service: 'batch' }, 'quotes'),
    { 'edge-a': ['serve.acme.quotes.v1'], 'edge-c': ['see.acme.batch'] },
  ],
  ['a policy about what nobody serves', allow('none', { service: 'desk' }, 'orders'), {}],
  [
    'an identity that bears a label now: the APIs of the policies that select it, and what it sees',
    identity('desk', 'edge-b', [], { team: 'night' }),
    { 'edge-b': ['see.acme.desk'], 'edge-c': ['serve.acme.risk.v1'] },
  ],
  ['an identity with another key', { ...identity('desk', 'edge-b'), keys: [publicKey] }, {}],
  [
    'a policy that is about something else now',
    allow('desk', { service: 'desk' }, 'orders'),
    { 'edge-a': ['serve.acme.quotes.v1'], 'edge-b': ['see.acme.desk'] },
  ],
])('live tables - only what a change concerns is made anew: %s', (_, document, concerned) => {
  const live = createLiveTables(fabric, queueNames, 0);
  expect(asked(live.update([{ document }], 0))).toEqual(concerned);
});

test('live tables - what is tried is seen, and is as if it had not been', () => {
  const live = createLiveTables(fabric, queueNames, 0);
  const before = plain(live.table('edge-c'));
  const document = allow('batch', { site: 'edge-c', service: 'batch' }, 'quotes');
  const services = () => live.value('edge-c', 'see.acme.batch');
  live.attempt([{ document }], (touched) => {
    expect(asked(new Map([...touched].map(([at, keys]) => [at, new Set(keys)])))).toEqual({
      'edge-a': ['serve.acme.quotes.v1'],
      'edge-c': ['see.acme.batch'],
    });
    expect(services()).toMatchObject({ apis: [{ service: 'quotes' }, { service: 'risk' }] });
  });
  expect(() =>
    live.attempt([{ document }], () => {
      throw new Error('too much');
    }),
  ).toThrow('too much');
  expect(plain(live.table('edge-c'))).toEqual(before);
});

test('live tables - labels select callers of a site that leaves and comes back, and of no other meanwhile', () => {
  const night = { team: 'night' };
  const documents: Documents = {
    ...fabric,
    services: [...fabric.services, identity('batch', 'edge-b', [], night)],
    policies: [
      allow('night', { labels: night }, 'risk'),
      allow('desk', { site: 'edge-b', service: 'desk' }, 'risk'),
    ],
  };
  const live = createLiveTables(documents, queueNames, 0);
  const rules = () => (live.value('edge-c', 'serve.acme.risk.v1') as ServedApi).rules.map(({ from }) => from);
  const both = [
    { site: 'edge-b', service: 'desk' },
    { site: '*', service: '*', callers: ['edge-b/batch', 'edge-c/batch'] },
  ];
  expect(rules()).toEqual(both);
  const [, edge] = threeSites as [Site, Site];
  const cutOff = live.update([{ document: { ...edge, revoked: true } }], 0);
  expect(cutOff.get('edge-c')).toContain('serve.acme.risk.v1');
  expect(rules()).toEqual([{ site: '*', service: '*', callers: ['edge-c/batch'] }]);
  live.update([{ document: edge }], 0);
  expect(rules()).toEqual(both);
});

test('live tables - time alone touches what begins or ends, and goes back as well', () => {
  const timed = { ...allow('late', { service: 'desk' }, 'risk'), notBefore: new Date(5_000).toISOString() };
  const live = createLiveTables({ ...fabric, policies: [...fabric.policies, timed] }, queueNames, 1_000);
  const concerned = { 'edge-b': ['see.acme.desk'], 'edge-c': ['serve.acme.risk.v1'] };
  expect(live.until).toBe(5_000);
  expect(asked(live.update([], 4_999))).toEqual({});
  expect(asked(live.update([], 5_000))).toEqual(concerned);
  expect(live.until).toBe(Number.POSITIVE_INFINITY);
  expect(asked(live.update([], 4_000))).toEqual(concerned);
  expect(live.until).toBe(5_000);
});
