import { check, compiledKeys, majorOf, type ServedApi, type VisibleApis } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { compile, compileSite, type QueueKey } from './compile.ts';
import { type Caller, decide } from './decide.ts';
import { diffTables } from './diff-tables.ts';
import type { ApiDocument, Documents } from './documents.ts';
import { anyDocuments, endpointNames, manifestOf, serviceNames, siteNames } from './generate.test-support.ts';
import { createRuleIndex } from './rule-index.ts';

const now = 1_000;

const queueNames = (key: QueueKey) => `q-${Object.values(key).join('-')}`;

const presentAt = (documents: Documents, tenant: string) =>
  documents.sites.filter((site) => Object.hasOwn(site.tenants, tenant)).map((site) => site.name);

/** Whether the documents as a whole, read one by one, allow a call. */
function isAllowed(documents: Documents, api: ApiDocument, site: string, caller: Caller, endpoint: string) {
  const is = (pattern: string | undefined, name: string) => [undefined, '*', name].includes(pattern);
  if (!Object.hasOwn(api.endpoints, endpoint)) return false;
  const effects = documents.policies
    .filter((policy) => policy.tenant === api.tenant)
    .filter(({ to }) => is(to.service, api.service) && is(to.site, site))
    .filter(({ to }) => to.major === undefined || to.major === majorOf(api.version))
    .filter(({ to }) => (to.endpoints ?? ['*']).some((pattern) => is(pattern, endpoint)))
    .filter((policy) => is(policy.from.site, caller.site) && is(policy.from.service, caller.service))
    .map((policy) => policy.effect);
  return effects.includes('allow') && !effects.includes('deny');
}

test('compile - a site’s table decides as the whole set of documents does', () => {
  fc.assert(
    fc.property(anyDocuments, (documents) => {
      for (const [site, table] of compile(documents, queueNames, now)) {
        for (const api of documents.apis) {
          const hosts = documents.services.some(
            (service) =>
              service.tenant === api.tenant &&
              service.site === site &&
              service.name === api.service &&
              service.hosts?.includes(majorOf(api.version)),
          );
          const key = compiledKeys.serve(api.tenant, api.service, majorOf(api.version));
          const served = table.get(key) as ServedApi | undefined;
          expect(served !== undefined).toBe(hosts && presentAt(documents, api.tenant).includes(site));
          if (!served) continue;
          const endpoints = Object.keys(served.manifest.endpoints);
          const index = createRuleIndex(served.rules, endpoints);
          for (const fromSite of presentAt(documents, api.tenant)) {
            let admitted = fromSite === site;
            for (const service of [...serviceNames, 'new']) {
              for (const endpoint of endpointNames) {
                const caller = { site: fromSite, service };
                const allowed = isAllowed(documents, api, site, caller, endpoint);
                expect(index.decide(caller, endpoint, now).effect === 'allow').toBe(allowed);
                expect(decide(served.rules, caller, endpoint, now, endpoints)).toEqual(
                  index.decide(caller, endpoint, now),
                );
                admitted ||= allowed;
              }
            }
            expect(Object.hasOwn(served.routes, fromSite)).toBe(admitted);
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('compile - each identity sees the endpoints and sites that would admit it, and no other', () => {
  fc.assert(
    fc.property(anyDocuments, (documents) => {
      const tables = compile(documents, queueNames, now);
      for (const service of documents.services) {
        const seen = tables.get(service.site)?.get(compiledKeys.see(service.tenant, service.name));
        if (!presentAt(documents, service.tenant).includes(service.site)) {
          expect(seen).toBeUndefined();
          continue;
        }
        expect(check('Manifest', manifestOf('quotes')).fault).toBeUndefined();
        const caller = { site: service.site, service: service.name };
        const expected = documents.apis
          .filter((api) => api.tenant === service.tenant)
          .map((api) => {
            const serves = siteNames.filter((site) =>
              tables.get(site)?.has(compiledKeys.serve(api.tenant, api.service, majorOf(api.version))),
            );
            const may = (site: string, endpoint: string) => isAllowed(documents, api, site, caller, endpoint);
            return {
              name: `${api.service} ${api.version}`,
              sites: serves.filter((site) => endpointNames.some((endpoint) => may(site, endpoint))).sort(),
              endpoints: endpointNames
                .filter((endpoint) => serves.some((site) => may(site, endpoint)))
                .sort(),
            };
          })
          .filter(({ sites }) => sites.length > 0)
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        const found = (seen as VisibleApis).apis.map((api) => ({
          name: `${api.service} ${api.version}`,
          sites: [...api.sites].sort(),
          endpoints: Object.keys(api.endpoints).sort(),
        }));
        expect(found).toEqual(expected);
      }
    }),
    { numRuns: 150 },
  );
});

test('compile - order of documents does not matter, and one site alone gives the same', () => {
  fc.assert(
    fc.property(anyDocuments, (documents) => {
      const tables = compile(documents, queueNames, now);
      const reversed: Documents = {
        sites: [...documents.sites].reverse(),
        services: [...documents.services].reverse(),
        apis: [...documents.apis].reverse(),
        policies: [...documents.policies].reverse(),
      };
      expect(diffTables(tables, compile(reversed, queueNames, now)).size).toBe(0);
      for (const site of siteNames) {
        expect(compileSite(documents, site, queueNames, now)).toEqual(tables.get(site));
      }
    }),
    { numRuns: 100 },
  );
});

const key = `U${'A'.repeat(55)}`;
const here = { acme: { gateway: key } };
const service = (site: string, name: string, hosts: number[] = []) =>
  ({ kind: 'service', tenant: 'acme', site, name, keys: [key], hosts }) as const;
const small: Documents = {
  sites: ['cloud', 'edge-a', 'edge-b', 'edge-c'].map((name) => ({
    kind: 'site',
    name,
    tenants: here,
    gateways: {},
  })),
  services: [
    ...['cloud', 'edge-a', 'edge-b'].map((site) => service(site, 'quotes', [1])),
    ...[service('edge-b', 'desk'), service('edge-a', 'idle')],
  ].map((each) => ({ ...each, keys: [...each.keys], hosts: [...each.hosts] })),
  apis: [{ ...manifestOf('quotes'), tenant: 'acme' }],
  policies: [
    {
      ...{ kind: 'policy', tenant: 'acme', name: 'desk-reads', effect: 'allow' },
      ...{ from: { service: 'desk' }, to: { service: 'quotes', endpoints: ['latest', 'latest'] } },
    },
    {
      ...{ kind: 'policy', tenant: 'acme', name: 'not-c', effect: 'deny' },
      ...{ from: { site: 'edge-c' }, to: { service: '*' } },
    },
  ],
};

test('compile - routes are the admitted sites, with a queue name for each, and rules are normalised', () => {
  const served = compileSite(small, 'edge-a', queueNames, now).get('serve.acme.quotes.v1') as ServedApi;
  expect(served.routes).toEqual({
    cloud: { named: 'q-acme-quotes-1-cloud-edge-a', any: 'q-acme-quotes-1-cloud-any' },
    'edge-a': { named: 'q-acme-quotes-1-edge-a-edge-a', any: 'q-acme-quotes-1-edge-a-any' },
    'edge-b': { named: 'q-acme-quotes-1-edge-b-edge-a', any: 'q-acme-quotes-1-edge-b-any' },
  });
  expect(served.rules).toEqual([
    { policy: 'desk-reads', from: { site: '*', service: 'desk' }, endpoints: ['latest'], effect: 'allow' },
    { policy: 'not-c', from: { site: 'edge-c', service: '*' }, endpoints: ['*'], effect: 'deny' },
  ]);
});

test('compile - sites to call come own first, then the cloud; nothing visible is said as well', () => {
  const tables = compile(small, queueNames, now);
  const seen = tables.get('edge-b')?.get('see.acme.desk') as VisibleApis;
  expect(seen.apis.map((api) => [api.sites, Object.keys(api.endpoints)])).toEqual([
    [['edge-b', 'cloud', 'edge-a'], ['latest']],
  ]);
  expect(tables.get('edge-a')?.get('see.acme.idle')).toEqual({ apis: [] });
});

test('diff - only the sites and keys that a change concerns are named', () => {
  const before = compile(small, queueNames, now);
  const policies = small.policies.map((policy) =>
    policy.name === 'desk-reads' ? { ...policy, to: { ...policy.to, site: 'cloud' } } : policy,
  );
  const changes = diffTables(before, compile({ ...small, policies }, queueNames, now));
  const named = [...changes].map(([site, { put, removed }]) => [site, [...put.keys()], removed]);
  expect(named).toEqual([
    ['edge-a', ['serve.acme.quotes.v1'], []],
    ['edge-b', ['serve.acme.quotes.v1', 'see.acme.desk'], []],
  ]);
  const gone = diffTables(before, new Map());
  expect([...gone.keys()]).toEqual(['cloud', 'edge-a', 'edge-b']);
  expect(gone.get('edge-a')?.removed).toEqual(['see.acme.idle', 'see.acme.quotes', 'serve.acme.quotes.v1']);
});

test('canonical JSON - equal for equal values in any order, and JSON all the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(canonicalJson({ b: 1, a: [{ d: undefined, c: null }] })).toBe('{"a":[{"c":null}],"b":1}');
});
