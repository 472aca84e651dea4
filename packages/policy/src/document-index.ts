import { majorOf, type Rule, type Service } from '@causeway/protocol';
import { canonicalJson, compareText } from './canonical-json.ts';
import type { ApiDocument, Documents, PolicyDocument } from './documents.ts';
import { concernsApi, endpointFits, meansCaller, type PolicyCall } from './matching/fields.ts';
import { isGlob } from './matching/glob.ts';
import { durationMs, isActive, spanOf } from './matching/times.ts';
import { type GrantedSite, type NamedRoute, routeOf } from './route.ts';
import { createRuleIndex, type RuleIndex } from './rule-index.ts';

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
  service(tenant: string, site: string, name: string): Service | undefined;
  /** Names of the tenant's identities at a site, in order. */
  callersAt(tenant: string, site: string): readonly string[];
  /** Made once, then remembered. */
  ruleTable(api: ApiDocument, site: string): RuleTable;
  /** Where a caller may call an API now, in the usual order: its own site, the cloud, then by name. */
  grantedSites(api: ApiDocument, caller: CallerIdentity): readonly GrantedSite[];
  /** The route that counts for it there; undefined where no policy routes it. */
  route(api: ApiDocument, caller: CallerIdentity, granted: readonly GrantedSite[]): NamedRoute | undefined;
}

/** Who calls; `labels` are those that an administrator gave it. */
type CallerIdentity = PolicyCall['from'];

/** Its own site first, then the cloud, then by name. */
function usualOrder(own: string): (a: GrantedSite, b: GrantedSite) => number {
  const rank = ({ site }: GrantedSite) => (site === own ? 0 : site === 'cloud' ? 1 : 2);
  return (a, b) => rank(a) - rank(b) || compareText(a.site, b.site);
}

/** Where a caller may call an API at a time, as the rules of its sites say. */
export function grantedAt(
  index: Pick<DocumentIndex, 'servingSites' | 'ruleTable'>,
  api: ApiDocument,
  { site, service }: CallerIdentity,
  at: number,
): GrantedSite[] {
  return index
    .servingSites(api.tenant, api.service, majorOf(api.version))
    .map((where) => ({
      site: where,
      endpoints: index.ruleTable(api, where).index.granted({ site, service }, at),
    }))
    .filter(({ endpoints }) => endpoints.length > 0)
    .sort(usualOrder(site));
}

/** The route that counts for a caller, of policies that route calls of an API; `placeOf` gives what stands at a site. */
export function routeAmong(
  routing: readonly PolicyDocument[],
  caller: CallerIdentity,
  granted: readonly GrantedSite[],
  placeOf: (site: string) => Parameters<typeof concernsApi>[1],
): NamedRoute | undefined {
  const policies = routing.filter((policy) => meansCaller(policy, caller));
  return routeOf(
    policies,
    granted,
    (policy, { site, endpoints }) =>
      concernsApi(policy, placeOf(site)) &&
      endpoints.some((endpoint) => endpointFits(policy.to.endpoints, endpoint)),
  );
}

/** All of a name that is only stars means the same as one. */
const plainName = (pattern: string | undefined) =>
  pattern === undefined || /^\*+$/.test(pattern) ? '*' : pattern;

/** The rule that a policy is for the sites, but for the endpoints; `callers` where it selects them by label. */
export function ruleOf(policy: PolicyDocument, callers: readonly string[] | undefined, at: number): Rule {
  const { notBefore, expires } = spanOf(policy);
  return {
    policy: policy.name,
    from: {
      site: plainName(policy.from.site),
      service: plainName(policy.from.service),
      ...(callers === undefined ? {} : { callers: [...callers] }),
    },
    endpoints: [],
    effect: policy.effect,
    ...(policy.limits === undefined ? {} : { limits: policy.limits }),
    ...(policy.audit === 'strict' ? { audit: policy.audit } : {}),
    // What has begun is as if it had always been.
    ...(notBefore === undefined || notBefore <= at ? {} : { notBefore }),
    ...(expires === undefined ? {} : { expires }),
    ...(policy.offline === undefined ? {} : { lease: durationMs(policy.offline) }),
    ...(policy.reason === undefined ? {} : { reason: policy.reason }),
  };
}

/** The endpoints of an API that a policy names. What it names that the API has not, says nothing of it. */
export function endpointsOf({ to }: PolicyDocument, endpoints: readonly string[]): string[] {
  if (to.endpoints === undefined || to.endpoints.some((each) => plainName(each) === '*')) return ['*'];
  return endpoints.filter((endpoint) => endpointFits(to.endpoints, endpoint)).sort(compareText);
}

/** The one service that a policy is about; undefined where its pattern may mean several. */
export function serviceNamed(pattern: string | undefined): string | undefined {
  return pattern === undefined || isGlob(pattern) ? undefined : pattern;
}

/** In the order of names, whatever they were made of. */
export function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compareText(a.name, b.name));
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

/** Names an API of all tenants. */
const apiKey = (tenant: string, service: string, major: number) => `${tenant}/${service}/${major}`;

/**
 * Files the documents. What names a site or tenant that is not there is as if it were not written, and so is a
 * policy that is over `at` this time (ms on the hub's clock).
 */
export function indexDocuments(documents: Documents, at: number): DocumentIndex {
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
  const servicesByKey = new Map(services.map((each) => [`${each.tenant}/${each.site}/${each.name}`, each]));
  const servicesByTenant = group(services, (service) => service.tenant);
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
  const standing = documents.policies.filter((policy) => (spanOf(policy).expires ?? at + 1) > at);
  standing.sort((a, b) => compareText(a.name, b.name));
  // Those that name one service are asked about that one alone: there may be many thousands.
  const policiesByService = group(
    standing,
    ({ tenant, to }) => `${tenant}/${serviceNamed(to.service) ?? '*'}`,
  );
  const policiesFor = (tenant: string, service: string) =>
    byName([
      ...(policiesByService.get(`${tenant}/${service}`) ?? []),
      ...(policiesByService.get(`${tenant}/*`) ?? []),
    ]);

  /** Each policy as a rule without endpoints; undefined where it means nobody who could call. */
  const ruleOfPolicy = new Map<PolicyDocument, Rule | undefined>();

  function makeRule(policy: PolicyDocument): Rule | undefined {
    const { tenant, from } = policy;
    if (from.labels !== undefined) {
      const callers = (servicesByTenant.get(tenant) ?? [])
        .filter((each) => meansCaller(policy, { site: each.site, service: each.name, labels: each.labels }))
        .map((each) => `${each.site}/${each.name}`)
        .sort(compareText);
      return callers.length === 0 ? undefined : ruleOf(policy, callers, at);
    }
    if (from.site !== undefined && !isGlob(from.site) && !isPresent(tenant, from.site)) return undefined;
    return ruleOf(policy, undefined, at);
  }

  function baseRule(policy: PolicyDocument): Rule | undefined {
    if (!ruleOfPolicy.has(policy)) ruleOfPolicy.set(policy, makeRule(policy));
    return ruleOfPolicy.get(policy);
  }

  function rulesOf(api: ApiDocument, site: string): Rule[] {
    const names = Object.keys(api.endpoints);
    const to = targetOf(api, site);
    return policiesFor(api.tenant, api.service).flatMap((policy) => {
      if (!concernsApi(policy, to)) return [];
      const rule = baseRule(policy);
      const endpoints = rule ? endpointsOf(policy, names) : [];
      return rule && endpoints.length > 0 ? [{ ...rule, endpoints }] : [];
    });
  }

  // Few policies route, and fewer each API: a caller is compared with those alone.
  const routing = new Map<string, readonly PolicyDocument[]>();

  function routingOf(api: ApiDocument): readonly PolicyDocument[] {
    const { tenant, service } = api;
    const major = majorOf(api.version);
    const key = apiKey(tenant, service, major);
    const known = routing.get(key);
    if (known) return known;
    const found = policiesFor(tenant, service).filter(
      (policy) =>
        policy.route !== undefined &&
        isActive(spanOf(policy), at) &&
        (servingSites.get(key) ?? []).some((site) => concernsApi(policy, targetOf(api, site))),
    );
    routing.set(key, found);
    return found;
  }

  function targetOf({ tenant, service, version }: ApiDocument, site: string) {
    const labels = servicesByKey.get(`${tenant}/${site}/${service}`)?.labels;
    return { service, major: majorOf(version), site, labels };
  }

  // Sites mostly have the same rules for an API: one index serves all that do.
  const tables = new Map<string, RuleTable>();
  const shared = new Map<string, RuleTable>();

  function ruleTable(api: ApiDocument, site: string): RuleTable {
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
  }

  const index: DocumentIndex = {
    hasSite: (site) => tenantsAt.has(site),
    sitesOf: (tenant) => sitesByTenant.get(tenant) ?? [],
    isPresent,
    api: (tenant, service, major) => apis.get(apiKey(tenant, service, major)),
    apisOf: (tenant) => apisByTenant.get(tenant) ?? [],
    servingSites: (tenant, service, major) => servingSites.get(apiKey(tenant, service, major)) ?? [],
    servicesAt: (site) => servicesBySite.get(site) ?? [],
    service: (tenant, site, name) => servicesByKey.get(`${tenant}/${site}/${name}`),
    callersAt: (tenant, site) =>
      (servicesBySite.get(site) ?? []).filter((each) => each.tenant === tenant).map((each) => each.name),
    ruleTable,
    grantedSites: (api, caller) => grantedAt(index, api, caller, at),
    route: (api, caller, granted) =>
      routeAmong(routingOf(api), caller, granted, (site) => targetOf(api, site)),
  };
  return index;
}
