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
  ['an unknown site', ask('edge-b/desk', 'quotes.latest', 'edge-z'), 'NO_ROUTE', 'there is no site edge-z'],
  [
    'a site that serves it not',
    ask('edge-b/desk', 'quotes.latest', 'edge-b'),
    'NO_ROUTE',
    'at: cloud, edge-a',
  ],
  ['an unknown caller', ask('edge-b/ghost', 'quotes.latest'), 'NO_ROUTE', 'no identity acme/edge-b/ghost'],
  ['an unknown caller site', ask('edge-z/desk', 'quotes.latest'), 'NO_ROUTE', 'there is no site edge-z'],
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
