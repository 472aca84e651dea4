import {
  compiledKeys,
  type DiscoveredApi,
  type Labels,
  majorOf,
  type ServedApi,
  type Service,
  type VisibleApis,
} from '@causeway/protocol';
import { compareText } from '../canonical-json.ts';
import { type QueueNames, servedApi, visibleApi } from '../compile.ts';
import { serviceNamed } from '../document-index.ts';
import type { ApiDocument, PolicyDocument } from '../documents.ts';
import { meansCaller } from '../matching/fields.ts';
import { isGlob } from '../matching/glob.ts';
import {
  apiKeyOf,
  callerKeyOf,
  createLiveIndex,
  type LiveIndex,
  type TenantDocuments,
} from './live-index.ts';
import { createMarks, type Marks, markSeen } from './marks.ts';
import type { PolicyEntry } from './policy-files.ts';
import { sameValue } from './same-value.ts';

/** One tenant's part of the sites' tables, kept in step with its documents. */
export interface TenantTables {
  setApi(api: ApiDocument, removed: boolean): void;
  setService(service: Service, removed: boolean): void;
  /** Gives the entry that stands after, and the one that stood before. */
  setPolicy(policy: PolicyDocument, removed: boolean): { before?: PolicyEntry; after?: PolicyEntry };
  /** A policy begins or ends. */
  passEdge(policy: PolicyEntry): void;
  /** Makes anew what the changes since the last time concern; tells each site and key that may be another now. */
  refresh(at: number, touched: (site: string, key: string) => void): void;
  value(site: string, key: string): ServedApi | VisibleApis | undefined;
  keysAt(site: string): string[];
  servicesAt(site: string): readonly Service[];
}

const sameLabels = (a: Labels | undefined, b: Labels | undefined) => sameValue(a ?? {}, b ?? {});

/** Creates the tables of a tenant that is present at these sites. Everything is new to the first `refresh`. */
export function createTenantTables(options: {
  documents: TenantDocuments;
  sites: readonly string[];
  queueNames: QueueNames;
  at: number;
}): TenantTables {
  const { documents, sites, queueNames } = options;
  const { tenant, apis, policies } = documents;
  const index: LiveIndex = createLiveIndex(documents, sites, options.at);
  /** By API, then site. */
  const served = new Map<string, Map<string, ServedApi>>();
  /** By identity, then API. */
  const seen = new Map<string, Map<string, DiscoveredApi>>();
  let marks: Marks = createMarks();

  const serveKey = (apiKey: string) => {
    const [service = '', major = ''] = apiKey.split('/');
    return compiledKeys.serve(tenant, service, Number(major));
  };
  const keyOf = (api: ApiDocument) => apiKeyOf(api.service, majorOf(api.version));

  function markApi(apiKey: string): void {
    marks.served.add(apiKey);
    markSeen(marks, apiKey, 'all');
    index.dropRules(apiKey);
  }

  /** The identities that a policy means, as they are now. */
  function callersOf({ policy }: PolicyEntry): Iterable<string> | 'all' {
    const { from } = policy;
    if (from.labels === undefined) {
      if (from.site === undefined && from.service === undefined) return 'all';
      const exact = [from.site, from.service].every((name) => name !== undefined && !isGlob(name));
      if (exact) return [callerKeyOf(from.site ?? '', from.service ?? '')];
    }
    return [...index.identities]
      .filter(([, each]) => meansCaller(policy, { site: each.site, service: each.name, labels: each.labels }))
      .map(([key]) => key);
  }

  function markPolicy(entry: PolicyEntry, callers: Iterable<string> | 'all' = callersOf(entry)): void {
    delete entry.rule;
    const named = serviceNamed(entry.policy.to.service);
    for (const api of named === undefined ? apis.values() : majorsOf(named)) {
      if (!index.isAbout(entry, api)) continue;
      const key = keyOf(api);
      marks.served.add(key);
      markSeen(marks, key, callers);
      index.dropRules(key);
    }
  }

  /** APIs by service, made where it is first asked for. */
  let byService: Map<string, ApiDocument[]> | undefined;
  function majorsOf(service: string): readonly ApiDocument[] {
    if (byService === undefined) {
      byService = new Map();
      for (const api of apis.values()) {
        const list = byService.get(api.service);
        if (list) list.push(api);
        else byService.set(api.service, [api]);
      }
    }
    return byService.get(service) ?? [];
  }

  /** An identity came or went: a site may have a route by it alone. */
  function markRoutes(caller: { site: string; service: string }): void {
    for (const [key, api] of apis) {
      if (marks.served.has(key)) continue;
      const concerned = index
        .servingSites(tenant, api.service, majorOf(api.version))
        .some((site) => index.ruleTable(api, site).index.mayEver(caller));
      if (concerned) marks.served.add(key);
    }
  }

  function refreshServed(apiKey: string, touched: (site: string, key: string) => void): void {
    const api = apis.get(apiKey);
    const now = api ? index.servingSites(tenant, api.service, majorOf(api.version)) : [];
    const before = served.get(apiKey);
    for (const site of new Set([...(before?.keys() ?? []), ...now])) touched(site, serveKey(apiKey));
    if (!api || now.length === 0) served.delete(apiKey);
    else served.set(apiKey, new Map(now.map((site) => [site, servedApi(index, api, site, queueNames)])));
  }

  function refreshSeen(apiKey: string, callerKey: string): boolean {
    const entries = seen.get(callerKey);
    const caller = index.identities.get(callerKey);
    if (!entries || !caller) return false;
    const api = apis.get(apiKey);
    const before = entries.get(apiKey);
    const now = api && visibleApi(index, api, caller);
    if (sameValue(before, now)) return false;
    if (now) entries.set(apiKey, now);
    else entries.delete(apiKey);
    return true;
  }

  // What was made of policies for other sites knew of other callers.
  for (const entry of policies.all()) delete entry.rule;
  for (const key of apis.keys()) markApi(key);
  for (const key of index.identities.keys()) marks.callers.add(key);

  return {
    setApi(api, removed) {
      const key = keyOf(api);
      if (removed) apis.delete(key);
      else apis.set(key, api);
      byService = undefined;
      markApi(key);
    },
    setService(service, removed) {
      const { before, after } = index.setService(service, removed);
      if (!before && !after) return;
      const caller = { site: service.site, service: service.name };
      const callerKey = callerKeyOf(service.site, service.name);
      const relabelled = !sameLabels(before?.labels, after?.labels);
      const hosted = [new Set(before?.hosts), new Set(after?.hosts)] as const;
      for (const major of new Set([...hosted[0], ...hosted[1]])) {
        // Labels of an identity also say which policies are about what it serves.
        if (relabelled || hosted[0].has(major) !== hosted[1].has(major))
          markApi(apiKeyOf(service.name, major));
      }
      if (relabelled || !before || !after) {
        const means = ({ policy }: PolicyEntry, identity: Service | undefined) =>
          identity !== undefined && meansCaller(policy, { ...caller, labels: identity.labels });
        const some = [...policies.forLabels(before?.labels), ...policies.forLabels(after?.labels)];
        for (const entry of new Set(some)) {
          if (means(entry, before) !== means(entry, after)) markPolicy(entry, [callerKey]);
        }
      }
      if (before && after) return;
      marks.callers.add(callerKey);
      markRoutes(caller);
    },
    setPolicy(policy, removed) {
      const before = policies.get(policy.name);
      if (before) markPolicy(before);
      if (removed) policies.remove(policy.name);
      const after = removed ? undefined : policies.set(policy);
      if (after) markPolicy(after);
      return { ...(before ? { before } : {}), ...(after ? { after } : {}) };
    },
    passEdge: (entry) => markPolicy(entry),
    refresh(at, touched) {
      index.at = at;
      const due = marks;
      marks = createMarks();
      for (const key of due.served) refreshServed(key, touched);
      const changed = new Set<string>();
      for (const callerKey of due.callers) {
        const caller = index.identities.get(callerKey);
        changed.add(callerKey);
        if (caller) seen.set(callerKey, new Map());
        else seen.delete(callerKey);
        for (const key of apis.keys()) refreshSeen(key, callerKey);
      }
      for (const [key, callers] of due.seen) {
        for (const callerKey of callers === 'all' ? seen.keys() : callers) {
          if (refreshSeen(key, callerKey)) changed.add(callerKey);
        }
      }
      for (const callerKey of changed) {
        const [site = '', name = ''] = callerKey.split('/');
        touched(site, compiledKeys.see(tenant, name));
      }
    },
    value(site, key) {
      const [kind, , name = '', version = ''] = key.split('.');
      if (kind === 'serve') return served.get(apiKeyOf(name, Number(version.slice(1))))?.get(site);
      const entries = kind === 'see' ? seen.get(callerKeyOf(site, name)) : undefined;
      if (!entries) return undefined;
      const order = (api: DiscoveredApi, other: DiscoveredApi) =>
        compareText(api.service, other.service) || api.major - other.major;
      return { apis: [...entries.values()].sort(order) };
    },
    servicesAt: index.servicesAt,
    keysAt(site) {
      const ofApis = [...served].filter(([, at]) => at.has(site)).map(([key]) => serveKey(key));
      // As they were made last: an identity that went since still has its key.
      const callers = [...seen.keys()].map((key) => key.split('/')).filter(([at]) => at === site);
      return [...ofApis, ...callers.map(([, name = '']) => compiledKeys.see(tenant, name))];
    },
  };
}
