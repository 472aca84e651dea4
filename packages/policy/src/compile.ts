import {
  compiledKeys,
  type DiscoveredApi,
  type Manifest,
  majorOf,
  type Rule,
  type ServedApi,
  type Service,
  type VisibleApis,
} from '@causeway/protocol';
import { compareText } from './canonical-json.ts';
import { type DocumentIndex, indexDocuments } from './document-index.ts';
import type { ApiDocument, Documents } from './documents.ts';
import { sharedNames } from './json-schema/shared-definitions.ts';
import { spanOf, stretchAround } from './matching/times.ts';
import { routedEntry } from './route.ts';
import type { RuleIndex } from './rule-index.ts';

/** What a queue group's secret name is made for: one API, one caller site, one serving site or `any`. */
export interface QueueKey {
  readonly tenant: string;
  readonly service: string;
  readonly major: number;
  readonly fromSite: string;
  readonly toSite: string | 'any';
}

/** The name of a queue group; the registry's HMAC. Must give the same name for the same key. */
export type QueueNames = (key: QueueKey) => string;

/** What one site must enforce and may see: keys of `compiledKeys` to values. */
export type SiteTable = Map<string, ServedApi | VisibleApis>;

/** Stands for a `*` in a name that no rule but that glob is likely to mean. */
const someLetters = '0zq';

/**
 * Caller sites with a route: those from which some service, known or yet to come, is or will be allowed some endpoint.
 * So denies count: a site that policies shut out again has no route. Of the names that a glob means one is tried; any
 * other has its route once there is such an identity.
 */
function admittedSites(
  rules: readonly Rule[],
  index: RuleIndex,
  sites: readonly string[],
  knownAt: (site: string) => readonly string[],
): string[] {
  // '' stands for every service that no rule names.
  const names = rules.map((rule) => rule.from.service).filter((name) => name !== '*');
  const some = ['', ...new Set(names.map((name) => name.replaceAll('*', someLetters)))];
  return sites.filter((site) =>
    [...some, ...knownAt(site)].some((service) => index.mayEver({ site, service })),
  );
}

/** What a site must enforce of an API that it serves. */
export function servedApi(
  index: DocumentIndex,
  api: ApiDocument,
  site: string,
  queueNames: QueueNames,
): ServedApi {
  const { tenant, service } = api;
  const major = majorOf(api.version);
  const table = index.ruleTable(api, site);
  const knownAt = (callerSite: string) => index.callersAt(tenant, callerSite);
  const admitted = new Set([
    ...admittedSites(table.rules, table.index, index.sitesOf(tenant), knownAt),
    site,
  ]);
  const routes: ServedApi['routes'] = {};
  for (const fromSite of [...admitted].sort(compareText)) {
    const key = { tenant, service, major, fromSite };
    routes[fromSite] = {
      named: queueNames({ ...key, toSite: site }),
      any: queueNames({ ...key, toSite: 'any' }),
    };
  }
  return { tenant, manifest: api, routes, rules: [...table.rules] };
}

/** Those of a manifest's `$defs` that these endpoints refer to: a caller is not shown what others call. */
function sharedBy(endpoints: Manifest['endpoints'], shared: Manifest['$defs']): Manifest['$defs'] {
  if (shared === undefined) return undefined;
  const schemas = Object.values(endpoints).flatMap(({ request, reply }) => [request, reply]);
  const names = sharedNames(schemas, shared);
  return names.length === 0
    ? undefined
    : Object.fromEntries(names.sort(compareText).map((name) => [name, shared[name] ?? true]));
}

/** What a caller sees of an API; undefined where it may call nothing of it. */
export function visibleApi(
  index: DocumentIndex,
  api: ApiDocument,
  caller: Service,
): DiscoveredApi | undefined {
  const from = { site: caller.site, service: caller.name, labels: caller.labels };
  const sites = index.grantedSites(api, from);
  if (sites.length === 0) return undefined;
  const granted = new Set(sites.flatMap(({ endpoints }) => endpoints));
  const { description, owner, deprecated } = api;
  const endpoints = Object.fromEntries(Object.entries(api.endpoints).filter(([name]) => granted.has(name)));
  const $defs = sharedBy(endpoints, api.$defs);
  return {
    service: api.service,
    major: majorOf(api.version),
    version: api.version,
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...($defs === undefined ? {} : { $defs }),
    ...routedEntry(
      index.route(api, from, sites),
      sites.map(({ site }) => site),
    ),
    endpoints,
  };
}

function compileFrom(index: DocumentIndex, site: string, queueNames: QueueNames): SiteTable {
  const table: SiteTable = new Map();
  const identities = index.servicesAt(site);
  for (const service of identities) {
    for (const major of service.hosts ?? []) {
      const api = index.api(service.tenant, service.name, major);
      if (!api) continue;
      table.set(
        compiledKeys.serve(service.tenant, service.name, major),
        servedApi(index, api, site, queueNames),
      );
    }
  }
  for (const service of identities) {
    const apis = index.apisOf(service.tenant).map((api) => visibleApi(index, api, service));
    table.set(compiledKeys.see(service.tenant, service.name), {
      apis: apis.filter((api) => api !== undefined),
    });
  }
  return table;
}

/**
 * What one site must enforce (`serve.…`: APIs it hosts, with routes and rules) and may see (`see.…`: one entry
 * for each identity of the site, also where nothing is visible to it), as of a time: ms on the hub's clock. Pure: equal
 * documents give equal tables, whatever their order. Policies that begin or end later are in the rules with their
 * times, so gateways need no new table then; what is visible does, and at `nextEdge` the tables are to be made anew.
 *
 * An API whose grants differ from site to site is listed once, with every endpoint that is granted somewhere and
 * every site that grants one; which of them go together is the gateways' to say.
 */
export function compileSite(
  documents: Documents,
  site: string,
  queueNames: QueueNames,
  at: number,
): SiteTable {
  return compileFrom(indexDocuments(documents, at), site, queueNames);
}

/** The tables of all sites; each equals what `compileSite` gives for it. */
export function compile(documents: Documents, queueNames: QueueNames, at: number): Map<string, SiteTable> {
  const index = indexDocuments(documents, at);
  const sites = documents.sites.map((site) => site.name).sort(compareText);
  return new Map(sites.map((site) => [site, compileFrom(index, site, queueNames)]));
}

/** When after `at` a policy begins or ends next; Infinity where none does. */
export function nextEdge(documents: Documents, at: number): number {
  return stretchAround(documents.policies.map(spanOf), at).until;
}
