import { expect, test } from 'vitest';
import { checkPolicy } from './check-policy.ts';
import { compileSite } from './compile.ts';
import type { Documents, PolicyDocument } from './documents.ts';
import { explain } from './explain.ts';
import { policyWarnings } from './warnings.ts';

const key = `U${'A'.repeat(55)}`;
const endpoint = { request: true, reply: true };
const tenants = { acme: { gateway: key } };

function documents(...policies: object[]): Documents {
  return {
    sites: ['cloud', 'edge-a', 'edge-b'].map((name) => ({ kind: 'site', name, gateways: {}, tenants })),
    services: [
      ...['cloud', 'edge-a', 'edge-b'].map((site) => ({
        ...{ kind: 'service' as const, tenant: 'acme', site, name: 'quotes', keys: [key], hosts: [1] },
        labels: { env: site === 'edge-b' ? 'test' : 'prod' },
      })),
      { kind: 'service', tenant: 'acme', site: 'edge-b', name: 'desk', keys: [key] },
    ],
    apis: [
      {
        ...{ kind: 'api', tenant: 'acme', service: 'quotes', version: '1.0.0' },
        endpoints: { latest: endpoint, secret: endpoint },
      },
    ],
    policies: policies.map(
      (each): PolicyDocument =>
        ({
          ...{
            kind: 'policy',
            tenant: 'acme',
            name: 'p',
            from: {},
            to: { service: 'quotes' },
            effect: 'allow',
          },
          ...each,
        }) as PolicyDocument,
    ),
  };
}

/** What desk at edge-b discovers of the API. */
function seen(all: Documents, at = 0) {
  const table = compileSite(all, 'edge-b', () => 'q', at).get('see.acme.desk') as { apis: object[] };
  const [api] = table.apis as { sites: string[]; route?: object }[];
  return api && { sites: api.sites, ...(api.route ? { route: api.route } : {}) };
}

test('route - without one the own site comes first, then the cloud, and the nearest answers', () => {
  expect(seen(documents({}))).toEqual({ sites: ['edge-b', 'cloud', 'edge-a'] });
});

test('route - an order comes first, what it does not name behind it', () => {
  expect(seen(documents({ route: { order: ['edge-a', 'gone', 'edge-b'] } }))).toEqual({
    sites: ['edge-a', 'edge-b', 'cloud'],
    route: { by: 'order' },
  });
});

test('route - weights, of sites that may be called alone', () => {
  const to = { service: 'quotes', labels: { env: 'prod' } };
  expect(seen(documents({ to, route: { weights: { 'edge-b': 9, cloud: 1, 'edge-a': 3 } } }))).toEqual({
    sites: ['edge-a', 'cloud'],
    route: { by: 'weights', weights: { 'edge-a': 3, cloud: 1 } },
  });
});

test('route - one that names no site that may be called says nothing', () => {
  const to = { service: 'quotes', site: 'cloud' };
  expect(seen(documents({ to, route: { order: ['edge-a'] } }))).toEqual({ sites: ['cloud'] });
});

test('route - of several the first by name counts, whatever the order of documents', () => {
  const a = { name: 'a', route: { order: ['edge-a'] } };
  const b = { name: 'b', route: { order: ['cloud'] } };
  for (const all of [documents(a, b), documents(b, a)]) {
    expect(seen(all)?.sites).toEqual(['edge-a', 'edge-b', 'cloud']);
    const request = { tenant: 'acme', from: { site: 'edge-b', service: 'desk' } };
    const [site] = explain(
      all,
      { ...request, to: { service: 'quotes', major: 1, endpoint: 'latest' } },
      0,
    ).sites;
    expect(site?.route).toEqual({ policy: 'a', order: ['edge-a', 'edge-b', 'cloud'] });
  }
});

test('route - of a policy that grants the caller nothing, it says nothing', () => {
  const usual = { sites: ['edge-b', 'cloud', 'edge-a'] };
  const route = { order: ['edge-a'] };
  expect(seen(documents({}, { name: 'a', from: { service: 'risk' }, route }))).toEqual(usual);
  expect(seen(documents({}, { name: 'a', to: { service: 'risk' }, route }))).toEqual(usual);
  // All that it grants is denied.
  const secret = { service: 'quotes', endpoints: ['secret'] };
  const all = documents({}, { name: 'a', to: secret, route }, { name: 'no', to: secret, effect: 'deny' });
  expect(seen(all)).toEqual(usual);
  const times = { notBefore: '2026-01-01T00:00:00Z' };
  const later = documents({}, { name: 'a', route, ...times });
  expect(seen(later)).toEqual(usual);
  expect(seen(later, Date.parse(times.notBefore))?.sites[0]).toBe('edge-a');
});

test('route - is checked, and warned about where another routes the same callers or a site is not there', () => {
  const [policy] = documents({ route: { order: ['edge-a', 'nowhere'] } }).policies;
  const others = documents(
    { name: 'a', from: { service: 'd*' }, route: { weights: { cloud: 1 } } },
    { name: 'b', from: { service: 'risk' }, route: { weights: { cloud: 1 } } },
    { name: 'c', route: { order: ['edge-a', 'nowhere'] } },
    { name: 'd', to: { service: 'quotes', major: 2 }, route: { order: ['cloud'] } },
  );
  if (!policy) expect.fail('no policy');
  expect(policyWarnings(policy, others, 0)).toEqual([
    { pointer: '/route/order/1', problem: 'nowhere is no site of tenant acme yet' },
    {
      pointer: '/route',
      problem:
        'some of its callers are routed by a, too; of several routes the first by the policy’s name counts: that of a',
    },
  ]);
  const fault = (route: unknown, more: object = {}) => checkPolicy({ ...policy, route, ...more }).fault;
  expect(fault({ order: ['edge-a'] })).toBeUndefined();
  expect(fault({ order: ['edge-a'], weights: { cloud: 1 } })).toMatchObject({ pointer: '/route' });
  expect(fault({})).toMatchObject({ pointer: '/route' });
  expect(fault({ order: ['any'] })).toMatchObject({ pointer: '/route/order/0' });
  expect(fault({ weights: { any: 1 } })).toMatchObject({ pointer: '/route/weights/any' });
  expect(fault({ order: ['edge-a', 'edge-a'] })).toMatchObject({ pointer: '/route/order' });
  expect(fault({ weights: { cloud: 0 } })).toMatchObject({ pointer: '/route/weights/cloud' });
  expect(fault({ wieghts: { cloud: 1 } })).toMatchObject({
    pointer: '/route/wieghts',
    problem: 'is not a known field; did you mean "weights"?',
  });
  expect(fault({ order: ['edge-a'] }, { effect: 'deny' })).toMatchObject({ pointer: '/route' });
});

test('quota - is checked, and warned about where a largest reply does not fit it', () => {
  const [policy] = documents({}).policies;
  if (!policy) expect.fail('no policy');
  const limited = (quota: unknown, more: object = {}) =>
    ({ ...policy, limits: { quota, ...more } }) as PolicyDocument;
  expect(checkPolicy(limited({ calls: { day: 1 } })).fault).toBeUndefined();
  for (const [quota, pointer] of [
    [{}, '/limits/quota'],
    [{ calls: {} }, '/limits/quota/calls'],
    [{ calls: { day: 0 } }, '/limits/quota/calls/day'],
    [{ calls: { week: 1 } }, '/limits/quota/calls/week'],
    [{ byte: { day: 1 } }, '/limits/quota/byte'],
    [{ bytes: { hour: 1.5 } }, '/limits/quota/bytes/hour'],
  ] as const) {
    expect(checkPolicy(limited(quota)).fault).toMatchObject({ pointer });
  }
  const warnings = (quota: unknown, more?: object) =>
    policyWarnings(limited(quota, more), documents(), 0).map(({ pointer }) => pointer);
  expect(warnings({ bytes: { hour: 900_000, day: 2_000_000 }, calls: { day: 1 } })).toEqual([
    '/limits/quota/bytes/hour',
  ]);
  expect(warnings({ bytes: { hour: 900_000 } }, { payload: 10_000 })).toEqual([]);
});
