import { type ApplyReply, apiName, majorOf } from '@causeway/protocol';
import { canonicalJson, compareText } from './canonical-json.ts';
import type { Decision } from './decide.ts';
import { type DocumentIndex, indexDocuments } from './document-index.ts';
import type { ApiDocument, Documents } from './documents.ts';
import type { NamedRoute } from './route.ts';

/** What a change of documents does to calls. */
export type AccessChanges = NonNullable<ApplyReply['access']>;

/** Entries that are listed, and decisions that are compared, at most. */
const mostListed = 200;
const mostCompared = 500_000;

const union = <T>(a: readonly T[], b: readonly T[]) => [...new Set([...a, ...b])];

/** An API at a site that serves it, as it is for callers. */
interface Served {
  readonly api: ApiDocument;
  readonly decide: (caller: { site: string; service: string }, endpoint: string) => Decision;
  readonly rules: string;
}

function servedAt(index: DocumentIndex, tenant: string, name: ApiName, site: string, at: number) {
  const api = index.api(tenant, name.service, name.major);
  if (!api || !index.servingSites(tenant, name.service, name.major).includes(site)) return undefined;
  const table = index.ruleTable(api, site);
  const served: Served = {
    api,
    decide: (caller, endpoint) => table.index.decide(caller, endpoint, at),
    rules: canonicalJson([table.rules, Object.keys(api.endpoints).sort()]),
  };
  return served;
}

interface ApiName {
  readonly service: string;
  readonly major: number;
}

/** On what terms a call is allowed; undefined where it is not. */
function termsOf(
  decision: Decision | undefined,
  routeOfCaller: () => NamedRoute | undefined,
): string | undefined {
  if (decision?.effect !== 'allow') return undefined;
  const { limits, audit, lease } = decision;
  const route = routeOfCaller();
  return canonicalJson({ limits, audit, lease, ...(route ? { route: route.route } : {}) });
}

/** The policies of a tenant that route calls, as far as that hangs on their documents. */
const routing = ({ policies }: Documents, tenant: string) =>
  canonicalJson(
    policies
      .filter((policy) => policy.tenant === tenant && policy.route !== undefined)
      .sort((a, b) => compareText(a.name, b.name)),
  );

type RouteOf = (caller: { site: string; service: string }) => NamedRoute | undefined;

/** Which route counts for each caller of an API; looked for once each. */
function routesOf(index: DocumentIndex, tenant: string, { service, major }: ApiName): RouteOf {
  const api = index.api(tenant, service, major);
  const known = new Map<string, NamedRoute | undefined>();
  return (caller) => {
    const key = `${caller.site}/${caller.service}`;
    if (known.has(key) || !api) return known.get(key);
    const labels = index.service(tenant, caller.site, caller.service)?.labels;
    const identity = { tenant, ...caller, ...(labels === undefined ? {} : { labels }) };
    const route = index.route(api, identity, index.grantedSites(api, identity));
    known.set(key, route);
    return route;
  };
}

/**
 * Compares what becomes of calls before and after a change, at a time (ms on the hub's clock), by the rules that gateways
 * enforce: for each identity that has keys, each endpoint, and each site that serves it. `tenants` are those whose documents
 * differ; of what differs so many are listed. Counts are exact unless `unchecked` says that there is more than can be compared.
 */
export function accessChanges(
  before: Documents,
  after: Documents,
  tenants: readonly string[],
  at: number,
  listed = mostListed,
): AccessChanges {
  const [old, now] = [indexDocuments(before, at), indexDocuments(after, at)];
  const entries: AccessChanges['entries'] = [];
  const counts = { gained: 0, lost: 0, changed: 0 };
  let left = mostCompared;

  function found(entry: AccessChanges['entries'][number]): void {
    counts[entry.change] += 1;
    if (entries.length < listed) entries.push(entry);
  }

  function compareCall(
    place: { tenant: string; api: string; site: string },
    caller: { site: string; service: string },
    endpoint: string,
    [was, is]: readonly [Served | undefined, Served | undefined],
    [oldRoute, newRoute]: readonly [RouteOf?, RouteOf?],
  ): void {
    const [first, then] = [was?.decide(caller, endpoint), is?.decide(caller, endpoint)];
    const oldTerms = termsOf(first, () => oldRoute?.(caller));
    const newTerms = termsOf(then, () => newRoute?.(caller));
    if (oldTerms === newTerms) return;
    const entry = { ...place, from: `${caller.site}/${caller.service}`, endpoint };
    const policy = then?.policy ?? null;
    const reason = then === undefined ? { reason: 'it is not served any more' } : reasonOf(then);
    if (oldTerms === undefined) found({ change: 'gained', ...entry, policy });
    else if (newTerms === undefined) found({ change: 'lost', ...entry, policy, ...reason });
    else found({ change: 'changed', ...entry, policy, before: oldTerms, after: newTerms });
  }

  for (const tenant of [...new Set(tenants)].sort()) {
    const callers = before.sites
      .concat(after.sites)
      .flatMap(({ name: site }) =>
        union(old.callersAt(tenant, site), now.callersAt(tenant, site)).map((service) => ({ site, service })),
      )
      .filter(({ site, service }) => (now.service(tenant, site, service)?.keys.length ?? 0) > 0);
    const known = [...new Map(callers.map((each) => [`${each.site}/${each.service}`, each])).values()];
    const names = new Map(
      [...old.apisOf(tenant), ...now.apisOf(tenant)].map((api): [string, ApiName] => {
        const name = { service: api.service, major: majorOf(api.version) };
        return [apiName(name.service, name.major), name];
      }),
    );
    const routed = routing(before, tenant) !== routing(after, tenant);
    for (const [api, name] of names) {
      const routes: [RouteOf?, RouteOf?] = routed
        ? [routesOf(old, tenant, name), routesOf(now, tenant, name)]
        : [];
      const { service, major } = name;
      const sites = union(old.servingSites(tenant, service, major), now.servingSites(tenant, service, major));
      for (const site of sites) {
        const pair = [servedAt(old, tenant, name, site, at), servedAt(now, tenant, name, site, at)] as const;
        // Most of what is served does not notice a change.
        if (!routed && pair[0]?.rules === pair[1]?.rules) continue;
        const endpoints = union(
          Object.keys(pair[0]?.api.endpoints ?? {}),
          Object.keys(pair[1]?.api.endpoints ?? {}),
        );
        for (const caller of known) {
          for (const endpoint of endpoints) {
            left -= 1;
            if (left < 0) return { ...counts, entries, omitted: omitted(), unchecked: true };
            compareCall({ tenant, api, site }, caller, endpoint, pair, routes);
          }
        }
      }
    }
  }
  return { ...counts, entries, omitted: omitted() };

  function omitted(): number {
    return counts.gained + counts.lost + counts.changed - entries.length;
  }
}

function reasonOf(decision: Decision): { reason?: string } {
  return decision.effect === 'deny' ? { reason: decision.reason } : {};
}
