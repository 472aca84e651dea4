import type { ExplainRequest } from '@causeway/protocol';
import { check } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from './compile.ts';
import { decide } from './decide.ts';
import type { Documents } from './documents.ts';
import { explain } from './explain.ts';
import { anyDocuments, endpointNames, manifestOf, serviceNames, siteNames } from './generate.test-support.ts';

const now = 1_000;
const key = `U${'A'.repeat(55)}`;
const documents: Documents = {
  sites: ['cloud', 'edge-a', 'edge-b'].map((name) => ({
    ...{ kind: 'site' as const, name, gateways: {} },
    tenants: { acme: { gateway: key } },
  })),
  services: [
    { kind: 'service', tenant: 'acme', site: 'edge-a', name: 'quotes', keys: [], hosts: [1] },
    { kind: 'service', tenant: 'acme', site: 'cloud', name: 'quotes', keys: [], hosts: [1] },
    { kind: 'service', tenant: 'acme', site: 'edge-b', name: 'desk', keys: [] },
    { kind: 'service', tenant: 'acme', site: 'edge-b', name: 'risk', keys: [] },
  ],
  apis: [
    { ...manifestOf('quotes'), tenant: 'acme' },
    { ...manifestOf('lonely'), tenant: 'acme' },
  ],
  policies: [
    {
      ...{ kind: 'policy', tenant: 'acme', name: 'desk-reads', effect: 'allow', limits: { rate: 5 } },
      ...{ from: { service: 'desk' }, to: { service: 'quotes', site: 'edge-a', endpoints: ['latest'] } },
    },
  ],
};

const ask = (from: string, to: string, site?: string): ExplainRequest => {
  const [fromSite = '', service = ''] = from.split('/');
  const [api = '', endpoint = ''] = to.split('.');
  const target = { service: api, major: 1, endpoint, ...(site === undefined ? {} : { site }) };
  return { tenant: 'acme', from: { site: fromSite, service }, to: target };
};

test('explain - names the deciding document and the limits, at each serving site', () => {
  expect(explain(documents, ask('edge-b/desk', 'quotes.latest'), now).sites).toMatchObject([
    {
      ...{ site: 'cloud', decision: 'deny', code: 'NO_ROUTE', policy: null, limits: [] },
      reason:
        'no policy allows edge-b/desk to call the endpoint "latest"; ' +
        'no endpoint of the API is granted, so the caller is told NO_ROUTE',
    },
    {
      ...{ site: 'edge-a', decision: 'allow', code: 'OK', policy: 'desk-reads' },
      ...{
        reason: 'policy "desk-reads" allows it',
        audit: 'prompt',
        limits: [{ policy: 'desk-reads', rate: 5 }],
      },
    },
  ]);
});

for (const [name, request, code, reason] of [
  ['an unknown API', ask('edge-b/desk', 'quots.latest'), 'NO_ROUTE', 'did you mean "quotes.v1"?'],
  ['an API nobody serves', ask('edge-b/desk', 'lonely.latest'), 'NO_ROUTE', 'no site serves it'],
  [
    'an unknown site',
    ask('edge-b/desk', 'quotes.latest', 'edge-z'),
    'NO_ROUTE',
    'tenant acme has no site edge-z',
  ],
  [
    'a site that serves it not',
    ask('edge-b/desk', 'quotes.latest', 'edge-b'),
    'NO_ROUTE',
    'at: cloud, edge-a',
  ],
  ['an unknown caller', ask('edge-b/ghost', 'quotes.latest'), 'NO_ROUTE', 'no identity acme/edge-b/ghost'],
  [
    'an unknown caller site',
    ask('edge-z/desk', 'quotes.latest'),
    'NO_ROUTE',
    'tenant acme has no site edge-z',
  ],
  ['an unknown endpoint', ask('edge-b/desk', 'quotes.lates', 'edge-a'), 'NO_SUCH_ENDPOINT', '"latest"?'],
  ['an endpoint not granted', ask('edge-b/desk', 'quotes.secret', 'edge-a'), 'DENIED', 'no policy allows'],
] as const) {
  test(`explain - ${name} is said clearly`, () => {
    const reply = explain(documents, request, now);
    expect(check('ExplainReply', reply).fault).toBeUndefined();
    expect(reply.sites).toHaveLength(1);
    expect(reply.sites[0]).toMatchObject({ decision: 'deny', code });
    expect(reply.sites[0]?.reason).toContain(reason);
  });
}

test('explain - says what the serving site’s table decides', () => {
  const part = (names: readonly string[]) => fc.constantFrom(...names);
  const anyRequest = fc.tuple(part(siteNames), part(serviceNames), part(serviceNames), part(endpointNames));
  fc.assert(
    fc.property(anyDocuments, anyRequest, (made, [site, service, api, endpoint]) => {
      const request = { tenant: 'acme', from: { site, service }, to: { service: api, major: 1, endpoint } };
      const tables = compile(made, () => 'q', now);
      for (const explained of explain(made, request, now).sites) {
        const served = tables.get(explained.site)?.get(`serve.acme.${api}.v1`);
        if (!served || !('rules' in served)) {
          expect(explained.code).toBe('NO_ROUTE');
          continue;
        }
        const decision = decide(
          served.rules,
          request.from,
          endpoint,
          now,
          Object.keys(served.manifest.endpoints),
        );
        expect(explained.decision).toBe(decision.effect);
        expect(explained.policy).toBe(decision.policy);
      }
    }),
    { numRuns: 300 },
  );
});

test('explain - a site where the tenant is not is told of as one that there is not', () => {
  const elsewhere = {
    ...documents,
    sites: [
      ...documents.sites,
      { kind: 'site' as const, name: 'edge-z', gateways: {}, tenants: { beta: { gateway: key } } },
    ],
  };
  for (const request of [
    ask('edge-z/desk', 'quotes.latest'),
    ask('edge-b/desk', 'quotes.latest', 'edge-z'),
  ]) {
    expect(explain(elsewhere, request, now)).toEqual(explain(documents, request, now));
  }
});

test('explain - ten thousand policies and a hundred sites are answered on a screen, with what is left out', () => {
  const names = Array.from({ length: 100 }, (_, at) => `site-${at}`);
  const many: Documents = {
    ...documents,
    sites: [
      ...documents.sites,
      ...names.map((name) => ({
        ...{ kind: 'site' as const, name, gateways: {} },
        tenants: { acme: { gateway: key } },
      })),
    ],
    services: [
      ...documents.services,
      ...names.map((site) => ({
        ...{ kind: 'service' as const, tenant: 'acme', site, name: 'quotes', keys: [] },
        hosts: [1],
      })),
    ],
    policies: Array.from({ length: 10_000 }, (_, at) => ({
      ...{
        kind: 'policy' as const,
        tenant: 'acme',
        name: `p${String(at).padStart(5, '0')}`,
        limits: { rate: 1 + at },
      },
      ...{
        from: { service: at % 4 === 1 ? 'risk' : 'desk' },
        // As long as a list of endpoints may be; those of who is not meant fit nothing.
        to: {
          service: 'quotes',
          endpoints: at % 2 === 0 ? ['*'] : names.map((name) => name.padEnd(63, 'x')),
        },
        effect: 'allow' as const,
      },
    })),
  };
  const reply = explain(many, ask('edge-b/desk', 'quotes.latest'), now);
  expect(check('ExplainReply', reply).fault).toBeUndefined();
  expect([reply.sites.length, reply.omittedSites]).toEqual([2, 100]);
  const [first] = reply.sites;
  expect(first).toMatchObject({
    decision: 'allow',
    policy: 'p00000',
    omitted: 4_988,
    omittedMatching: 4_988,
    omittedLimits: 4_988,
  });
  expect(first?.considered?.length).toBe(24);
  expect(JSON.stringify(reply).length).toBeLessThan(50_000);

  // The one that denies is what matters, wherever it stands among them.
  const denied = {
    ...many,
    policies: many.policies.map((each) => (each.name === 'p08000' ? withoutLimits(each) : each)),
  };
  const [refused] = explain(denied, ask('edge-b/desk', 'quotes.latest', 'cloud'), now).sites;
  expect(refused).toMatchObject({ decision: 'deny', policy: 'p08000' });
  expect(refused?.considered?.[0]).toEqual({ policy: 'p08000', effect: 'deny', matched: true });
});

function withoutLimits({
  limits: _,
  ...policy
}: Documents['policies'][number]): Documents['policies'][number] {
  return { ...policy, effect: 'deny' };
}
