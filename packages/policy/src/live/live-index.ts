import { majorOf, type Rule, type Service } from '@causeway/protocol';
import { compareText } from '../canonical-json.ts';
import {
  byName,
  type DocumentIndex,
  endpointsOf,
  grantedAt,
  type RuleTable,
  routeAmong,
  ruleOf,
} from '../document-index.ts';
import type { ApiDocument, PolicyDocument } from '../documents.ts';
import { concernsApi, meansCaller } from '../matching/fields.ts';
import { isGlob } from '../matching/glob.ts';
import { isActive } from '../matching/times.ts';
import { createRuleIndex } from '../rule-index.ts';
import type { PolicyEntry, PolicyFiles } from './policy-files.ts';

/** Names an API within its tenant. */
export const apiKeyOf = (service: string, major: number) => `${service}/${major}`;

/** Names an identity within its tenant. */
export const callerKeyOf = (site: string, name: string) => `${site}/${name}`;

/** What stands of one tenant. */
export interface TenantDocuments {
  readonly tenant: string;
  readonly apis: Map<string, ApiDocument>;
  /** Also of sites where the tenant is not present. */
  readonly services: Map<string, Service>;
  readonly policies: PolicyFiles;
}

/** The documents of one tenant, filed as `indexDocuments` files them, and kept in step with each change. */
export interface LiveIndex extends DocumentIndex {
  /** Where the time stands; ms. */
  at: number;
  /** By service, then by site. */
  readonly identities: ReadonlyMap<string, Service>;
  /** Takes an identity in, or out; answers whether it is, and was, at a site where the tenant is. */
  setService(service: Service, removed: boolean): { before?: Service; after?: Service };
  /** What was made of an API's rules is to be made again. */
  dropRules(apiKey: string): void;
  /** Whether a policy is about an API, at one of its sites at least. */
  isAbout(policy: PolicyEntry, api: ApiDocument): boolean;
}

/** Files the documents of a tenant that is present at these sites. */
export function createLiveIndex(
  documents: TenantDocuments,
  presentAt: readonly string[],
  now: number,
): LiveIndex {
  const { tenant, apis, policies } = documents;
  const sites = [...presentAt].sort(compareText);
  const present = new Set(sites);
  const identities = new Map<string, Service>();
  const bySite = new Map<string, Map<string, Service>>();
  /** Sites that host an API, published or not. */
  const hosting = new Map<string, Set<string>>();
  const tables = new Map<string, Map<string, { entries: readonly PolicyEntry[]; table: RuleTable }>>();
  /** Policies that route calls of an API, of which there are few. */
  const routing = new Map<string, readonly PolicyDocument[]>();
  let orderedApis: readonly ApiDocument[] | undefined;
  let ordered = 0;

  function file(service: Service, sign: 'in' | 'out'): void {
    const { site, name, hosts = [] } = service;
    const key = callerKeyOf(site, name);
    const ofSite = bySite.get(site) ?? new Map<string, Service>();
    bySite.set(site, ofSite);
    if (sign === 'in') identities.set(key, service);
    else identities.delete(key);
    if (sign === 'in') ofSite.set(name, service);
    else ofSite.delete(name);
    for (const major of hosts) {
      const apiKey = apiKeyOf(name, major);
      const at = hosting.get(apiKey) ?? new Set<string>();
      hosting.set(apiKey, at);
      if (sign === 'in') at.add(site);
      else at.delete(site);
    }
  }
  for (const service of documents.services.values()) if (present.has(service.site)) file(service, 'in');

  const isStanding = ({ span }: PolicyEntry) => (span.expires ?? index.at + 1) > index.at;

  function makeRule({ policy }: PolicyEntry): Rule | 'none' {
    const { from } = policy;
    if (from.labels !== undefined) {
      const callers = [...identities.values()]
        .filter((each) => meansCaller(policy, { site: each.site, service: each.name, labels: each.labels }))
        .map((each) => callerKeyOf(each.site, each.name))
        .sort(compareText);
      return callers.length === 0 ? 'none' : ruleOf(policy, callers, index.at);
    }
    if (from.site !== undefined && !isGlob(from.site) && !present.has(from.site)) return 'none';
    return ruleOf(policy, undefined, index.at);
  }

  const placeOf = (api: ApiDocument, site: string) => ({
    service: api.service,
    major: majorOf(api.version),
    site,
    labels: identities.get(callerKeyOf(site, api.service))?.labels,
  });

  function entriesFor(api: ApiDocument, site: string): PolicyEntry[] {
    const to = placeOf(api, site);
    const concerned = policies.forService(api.service).filter((entry) => {
      if (!isStanding(entry) || !concernsApi(entry.policy, to)) return false;
      entry.rule ??= makeRule(entry);
      return entry.rule !== 'none';
    });
    return byName(concerned);
  }

  function tableOf(api: ApiDocument, entries: readonly PolicyEntry[]): RuleTable {
    const endpoints = Object.keys(api.endpoints);
    const rules = entries.flatMap(({ policy, rule }) => {
      const named = endpointsOf(policy, endpoints);
      return rule === undefined || rule === 'none' || named.length === 0
        ? []
        : [{ ...rule, endpoints: named }];
    });
    return { rules, index: createRuleIndex(rules, endpoints) };
  }

  function routingOf(api: ApiDocument): readonly PolicyDocument[] {
    const key = apiKeyOf(api.service, majorOf(api.version));
    const known = routing.get(key);
    if (known) return known;
    const found = policies
      .forService(api.service)
      .filter(({ policy, span }) => policy.route !== undefined && isActive(span, index.at))
      .map(({ policy }) => policy);
    routing.set(key, found);
    return found;
  }

  const servingSites = (service: string, major: number): readonly string[] => {
    const key = apiKeyOf(service, major);
    return apis.has(key) ? [...(hosting.get(key) ?? [])].sort(compareText) : [];
  };

  const index: LiveIndex = {
    at: now,
    identities,
    hasSite: (site) => present.has(site),
    sitesOf: () => sites,
    isPresent: (of, site) => of === tenant && present.has(site),
    api: (_, service, major) => apis.get(apiKeyOf(service, major)),
    apisOf() {
      if (orderedApis === undefined || ordered !== apis.size) {
        orderedApis = [...apis.values()].sort(
          (a, b) => compareText(a.service, b.service) || majorOf(a.version) - majorOf(b.version),
        );
        ordered = apis.size;
      }
      return orderedApis;
    },
    servingSites: (_, service, major) => servingSites(service, major),
    servicesAt: (site) => byName([...(bySite.get(site)?.values() ?? [])]),
    service: (_, site, name) => identities.get(callerKeyOf(site, name)),
    callersAt: (_, site) => [...(bySite.get(site)?.keys() ?? [])].sort(compareText),
    ruleTable(api, site) {
      const key = apiKeyOf(api.service, majorOf(api.version));
      const ofApi = tables.get(key) ?? new Map<string, { entries: PolicyEntry[]; table: RuleTable }>();
      tables.set(key, ofApi);
      const known = ofApi.get(site);
      if (known) return known.table;
      const entries = entriesFor(api, site);
      // Sites mostly have the same rules for an API: one table serves all that do.
      const same = [...ofApi.values()].find(
        (other) =>
          other.entries.length === entries.length && other.entries.every((each, n) => each === entries[n]),
      );
      const made = same ?? { entries, table: tableOf(api, entries) };
      ofApi.set(site, made);
      return made.table;
    },
    grantedSites: (api, caller) => grantedAt(index, api, caller, index.at),
    route: (api, caller, granted) =>
      routeAmong(routingOf(api), caller, granted, (site) => placeOf(api, site)),
    setService(service, removed) {
      const key = callerKeyOf(service.site, service.name);
      const before = identities.get(key);
      if (removed) documents.services.delete(key);
      else documents.services.set(key, service);
      if (before) file(before, 'out');
      const after = removed || !present.has(service.site) ? undefined : service;
      if (after) file(after, 'in');
      return { ...(before ? { before } : {}), ...(after ? { after } : {}) };
    },
    dropRules(apiKey) {
      tables.delete(apiKey);
      routing.delete(apiKey);
      orderedApis = undefined;
    },
    isAbout: ({ policy }, api) =>
      servingSites(api.service, majorOf(api.version)).some((site) => concernsApi(policy, placeOf(api, site))),
  };
  return index;
}
