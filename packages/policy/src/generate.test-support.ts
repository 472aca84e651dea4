import type { Manifest, Rule } from '@causeway/protocol';
import fc from 'fast-check';
import type { Caller } from './decide.ts';
import type { ApiDocument, Documents, PolicyDocument } from './documents.ts';

export const siteNames = ['cloud', 'edge-a', 'edge-b'];
export const serviceNames = ['desk', 'quotes', 'risk'];
export const endpointNames = ['latest', 'history', 'secret'];

const key = `U${'A'.repeat(55)}`;

const orAny = (names: readonly string[]) => fc.constantFrom('*', ...names);
const limits = fc.option(
  fc.record(
    { rate: fc.integer({ min: 1, max: 9 }), concurrency: fc.integer({ min: 1, max: 9 }) },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

/** Rules with distinct policy names, in any order. */
export const anyRules: fc.Arbitrary<Rule[]> = fc.uniqueArray(
  fc
    .record({
      policy: fc.stringMatching(/^[a-d]{1,2}$/),
      from: fc.record({ site: orAny(siteNames), service: orAny(serviceNames) }),
      endpoints: fc.array(orAny([...endpointNames, 'gone']), { minLength: 1, maxLength: 3 }),
      effect: fc.constantFrom('allow', 'allow', 'deny'),
      limits,
      strict: fc.boolean(),
    })
    .map(
      ({ limits: made, strict, ...rule }) =>
        ({ ...rule, ...(made ? { limits: made } : {}), ...(strict ? { audit: 'strict' } : {}) }) as Rule,
    ),
  { selector: (rule) => rule.policy, maxLength: 7 },
);

export const anyCaller: fc.Arbitrary<Caller> = fc.record({
  site: fc.constantFrom(...siteNames, 'edge-z'),
  service: fc.constantFrom(...serviceNames, 'stranger'),
});

export function manifestOf(service: string, version = '1.0.0', endpoints = endpointNames): Manifest {
  return {
    kind: 'api',
    service,
    version,
    endpoints: Object.fromEntries(
      endpoints.map((name) => [name, { request: { type: 'object' }, reply: true }]),
    ),
  };
}

const tenants = ['acme', 'beta'];
const tenant = fc.constantFrom(...tenants);

const anyPolicy = fc
  .record(
    {
      tenant,
      name: fc.stringMatching(/^[a-d]{1,2}$/),
      from: fc.record({ site: orAny(siteNames), service: orAny(serviceNames) }, { requiredKeys: [] }),
      service: orAny(serviceNames),
      to: fc.record(
        {
          major: fc.constantFrom(1, 2),
          endpoints: fc.array(orAny([...endpointNames, 'gone']), { minLength: 1, maxLength: 3 }),
          site: orAny(siteNames),
        },
        { requiredKeys: [] },
      ),
      effect: fc.constantFrom('allow', 'allow', 'deny'),
    },
    { requiredKeys: ['tenant', 'name', 'from', 'service', 'to', 'effect'] },
  )
  .map(({ service, to, ...rest }) => ({ kind: 'policy', ...rest, to: { ...to, service } }) as PolicyDocument);

const anyApi = fc
  .record({
    tenant,
    service: fc.constantFrom('quotes', 'risk'),
    version: fc.constantFrom('1.0.0', '2.1.0'),
    endpoints: fc.subarray(endpointNames, { minLength: 1 }),
  })
  .map(
    (made): ApiDocument => ({
      ...manifestOf(made.service, made.version, made.endpoints),
      tenant: made.tenant,
    }),
  );

/** Whole sets of documents: three sites, two tenants, some present only here or there. */
export const anyDocuments: fc.Arbitrary<Documents> = fc.record({
  sites: fc.tuple(...siteNames.map(() => fc.subarray(tenants))).map((present) =>
    siteNames.map((name, index) => ({
      kind: 'site' as const,
      name,
      tenants: Object.fromEntries((present[index] ?? []).map((each) => [each, { gateway: key }])),
      gateways: {},
    })),
  ),
  services: fc.uniqueArray(
    fc.record({
      kind: fc.constant('service' as const),
      tenant,
      site: fc.constantFrom(...siteNames),
      name: fc.constantFrom(...serviceNames),
      keys: fc.constant([key]),
      hosts: fc.subarray([1, 2]),
    }),
    { selector: (each) => `${each.tenant}/${each.site}/${each.name}`, maxLength: 12 },
  ),
  apis: fc.uniqueArray(anyApi, {
    selector: (api) => `${api.tenant}/${api.service}/${api.version}`,
    maxLength: 8,
  }),
  policies: fc.uniqueArray(anyPolicy, { selector: (each) => `${each.tenant}/${each.name}`, maxLength: 10 }),
});
