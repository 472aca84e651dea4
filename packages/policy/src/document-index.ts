import { majorOf, type Rule, type Service } from '@causeway/protocol';
import { canonicalJson, compareText } from './canonical-json.ts';
import { createRuleIndex, type RuleIndex } from './decide.ts';
import type { ApiDocument, Documents, PolicyDocument } from './documents.ts';

/** The rules of one API at one site, as written to that site and as asked. */
export interface RuleTable {
  readonly rules: readonly Rule[];
  readonly index: RuleIndex;
}

/** The documents, filed by what the compiler and `explain` ask for. */
export interface DocumentIndex {
  hasSite(site: string): boolean;
  /** Sites where the tenant is present, in order. */
  sitesOf(tenant: string): readonly string[];
  isPresent(tenant: string, site: string): boolean;
  api(tenant: string, service: string, major: number): ApiDocument | undefined;
  /** By service, then major. */
  apisOf(tenant: string): readonly ApiDocument[];
  /** Sites that serve the API, in order. */
  servingSites(tenant: string, service: string, major: number): readonly string[];
  /** Identities at the site of tenants that are present there. */
  servicesAt(site: string): readonly Service[];
  hasService(tenant: string, site: string, name: string): boolean;
  /** Made once, then remembered. */
  ruleTable(api: ApiDocument, site: string): RuleTable;
}

const matches = (pattern: string | undefined, name: string) =>
  pattern === undefined || pattern === '*' || pattern === name;

function ruleOf(policy: PolicyDocument): Rule {
  const endpoints = policy.to.endpoints ?? ['*'];
  return {
    policy: policy.name,
    from: { site: policy.from.site ?? '*', service: policy.from.service ?? '*' },
    endpoints: endpoints.includes('*') ? ['*'] : [...new Set(endpoints)].sort(compareText),
    effect: policy.effect,
    ...(policy.limits === undefined ? {} : { limits: policy.limits }),
    ...(policy.audit === 'strict' ? { audit: policy.audit } : {}),
  };
}

function group<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const found = groups.get(key);
    if (found) found.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const apiKey = (tenant: string, service: string, major: number) => `${tenant}/${service}/${major}`;

/** Files the documents. What names a site or tenant that is not there is as if it were not written. */
export function indexDocuments(documents: Documents): DocumentIndex {
  // Own fields only, by Set: a tenant may well be named `constructor`. At a site that was cut off there is nobody.
  const tenantsAt = new Map(
    documents.sites.map((site) => [site.name, new Set(site.revoked ? [] : Object.keys(site.tenants))]),
  );
  const isPresent = (tenant: string, site: string) => tenantsAt.get(site)?.has(tenant) ?? false;
  const services = documents.services.filter(({ tenant, site }) => isPresent(tenant, site));
  const apis = new Map(
    documents.apis.map((api) => [apiKey(api.tenant, api.service, majorOf(api.version)), api]),
  );
  const apisByTenant = group([...apis.values()], (api) => api.tenant);
  for (const list of apisByTenant.values()) {
    list.sort((a, b) => compareText(a.service, b.service) || majorOf(a.version) - majorOf(b.version));
  }
  const servicesBySite = group(services, (service) => service.site);
  for (const list of servicesBySite.values()) {
    list.sort((a, b) => compareText(a.tenant, b.tenant) || compareText(a.name, b.name));
  }
  const serviceKeys = new Set(services.map(({ tenant, site, name }) => `${tenant}/${site}/${name}`));
  const serving = new Map<string, Set<string>>();
  for (const service of services) {
    for (const major of service.hosts ?? []) {
      const key = apiKey(service.tenant, service.name, major);
      if (!apis.has(key)) continue;
      const sites = serving.get(key) ?? new Set();
      serving.set(key, sites.add(service.site));
    }
  }
  const servingSites = new Map([...serving].map(([key, sites]) => [key, [...sites].sort(compareText)]));
  const sitesByTenant = new Map<string, string[]>();
  for (const site of [...tenantsAt.keys()].sort(compareText)) {
    for (const tenant of tenantsAt.get(site) ?? []) {
      sitesByTenant.set(tenant, [...(sitesByTenant.get(tenant) ?? []), site]);
    }
  }
  const policiesByTenant = group(documents.policies, (policy) => policy.tenant);
  for (const list of policiesByTenant.values()) list.sort((a, b) => compareText(a.name, b.name));

  function rulesOf(api: ApiDocument, site: string): Rule[] {
    const endpoints = new Set(Object.keys(api.endpoints));
    const major = majorOf(api.version);
    return (
      (policiesByTenant.get(api.tenant) ?? [])
        .filter(
          ({ from, to }) =>
            matches(to.service, api.service) &&
            (to.major === undefined || to.major === major) &&
            matches(to.site, site) &&
            (from.site === undefined || from.site === '*' || isPresent(api.tenant, from.site)),
        )
        .map(ruleOf)
        // What names endpoints that the API does not have says nothing of it, and must not weigh on its table.
        .map((rule) => ({
          ...rule,
          endpoints: rule.endpoints.filter((endpoint) => endpoint === '*' || endpoints.has(endpoint)),
        }))
        .filter((rule) => rule.endpoints.length > 0)
    );
  }

  // Sites mostly have the same rules for an API: one index serves all that do.
  const tables = new Map<string, RuleTable>();
  const shared = new Map<string, RuleTable>();

  return {
    hasSite: (site) => tenantsAt.has(site),
    sitesOf: (tenant) => sitesByTenant.get(tenant) ?? [],
    isPresent,
    api: (tenant, service, major) => apis.get(apiKey(tenant, service, major)),
    apisOf: (tenant) => apisByTenant.get(tenant) ?? [],
    servingSites: (tenant, service, major) => servingSites.get(apiKey(tenant, service, major)) ?? [],
    servicesAt: (site) => servicesBySite.get(site) ?? [],
    hasService: (tenant, site, name) => serviceKeys.has(`${tenant}/${site}/${name}`),
    ruleTable(api, site) {
      const key = `${apiKey(api.tenant, api.service, majorOf(api.version))}/${site}`;
      const known = tables.get(key);
      if (known) return known;
      const rules = rulesOf(api, site);
      const endpoints = Object.keys(api.endpoints);
      const content = canonicalJson([rules, endpoints]);
      const table = shared.get(content) ?? { rules, index: createRuleIndex(rules, endpoints) };
      shared.set(content, table);
      tables.set(key, table);
      return table;
    },
  };
}
