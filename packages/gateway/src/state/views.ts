import { createHash } from 'node:crypto';
import { apiName, type DiscoveredApi } from '@causeway/protocol';

/** A service of the site was granted an API, lost one, or sees it otherwise than before. */
export interface VisibilityChange {
  readonly tenant: string;
  readonly service: string;
  readonly event: 'published' | 'changed' | 'deprecated' | 'withdrawn';
  readonly api: { readonly service: string; readonly major: number };
}

/** What one service may discover. */
export interface View {
  /** Sites with a healthy instance first, otherwise as the registry orders them. */
  readonly apis: readonly DiscoveredApi[];
  /** Names the list by what is in it; the same at every gateway. */
  readonly name: string;
  /** The revision since which it has not changed; Infinity where none is known. */
  readonly changedAt: number;
}

/**
 * What the services of a site may discover: what the registry compiled for them, with the sites that have no healthy
 * instance put last. Of other sites the registry says so, of its own the gateway knows.
 */
export interface Views {
  /** What the registry compiled for a service; undefined where it is no identity any more. */
  see(tenant: string, service: string, apis: readonly DiscoveredApi[] | undefined): void;
  /** The sites without a healthy instance, by API (`quotes.v1`), as the registry knows of them. */
  idle(tenant: string, apis: Readonly<Record<string, readonly string[]>>): void;
  /** Whether this site has a healthy instance; undefined where it does not serve the API. */
  own(tenant: string, service: string, major: number, available: boolean | undefined): void;
  of(tenant: string, service: string): View | undefined;
  /** A higher revision than any before is in force: what has changed, changed with it. */
  reached(revision: number): void;
  /** What changed since this was asked last. */
  changes(): VisibilityChange[];
}

interface Standing {
  compiled: readonly DiscoveredApi[];
  apis: readonly DiscoveredApi[];
  name: string | undefined;
  changedAt: number;
}

/** Creates the views of a site; there are none at first. */
export function createViews(site: string): Views {
  /** Tenant, then service. */
  const views = new Map<string, Map<string, Standing>>();
  const idleSites = new Map<string, ReadonlyMap<string, ReadonlySet<string>>>();
  /** Of this site's own APIs, by tenant: which have a healthy instance. */
  const owned = new Map<string, Map<string, boolean>>();
  let pending: VisibilityChange[] = [];

  function isIdle(tenant: string, api: string, at: string): boolean {
    if (at === site) return owned.get(tenant)?.get(api) === false;
    return idleSites.get(tenant)?.get(api)?.has(at) === true;
  }

  function ranked(tenant: string, api: DiscoveredApi): DiscoveredApi {
    const { idle: _, ...rest } = api;
    const idle = api.sites.filter((at) => isIdle(tenant, apiName(api.service, api.major), at));
    if (idle.length === 0) return rest;
    return { ...rest, sites: [...api.sites.filter((at) => !idle.includes(at)), ...idle], idle };
  }

  function renew(tenant: string, service: string, standing: Standing): void {
    const apis = standing.compiled.map((api) => ranked(tenant, api));
    const changes = visibilityChanges(tenant, service, standing.apis, apis);
    if (changes.length === 0) return;
    pending.push(...changes);
    standing.apis = apis;
    standing.name = undefined;
    standing.changedAt = Number.POSITIVE_INFINITY;
  }

  /** Renews what the services of a tenant see, as far as one of these APIs is in it. */
  function renewAll(tenant: string, names: ReadonlySet<string>): void {
    if (names.size === 0) return;
    for (const [service, standing] of views.get(tenant) ?? []) {
      if (standing.compiled.some((api) => names.has(apiName(api.service, api.major)))) {
        renew(tenant, service, standing);
      }
    }
  }

  return {
    see(tenant, service, apis) {
      const ofTenant = views.get(tenant) ?? new Map<string, Standing>();
      views.set(tenant, ofTenant);
      const standing = ofTenant.get(service) ?? {
        compiled: [],
        apis: [],
        name: undefined,
        changedAt: Number.POSITIVE_INFINITY,
      };
      ofTenant.set(service, standing);
      standing.compiled = apis ?? [];
      renew(tenant, service, standing);
    },
    idle(tenant, apis) {
      const before = idleSites.get(tenant) ?? new Map<string, ReadonlySet<string>>();
      const now = new Map(Object.entries(apis).map(([api, sites]) => [api, new Set(sites)]));
      idleSites.set(tenant, now);
      const differs = [...new Set([...before.keys(), ...now.keys()])].filter(
        (api) => !sameSet(before.get(api) ?? new Set(), now.get(api) ?? new Set()),
      );
      renewAll(tenant, new Set(differs));
    },
    own(tenant, service, major, available) {
      const ofTenant = owned.get(tenant) ?? new Map<string, boolean>();
      owned.set(tenant, ofTenant);
      const api = apiName(service, major);
      if (ofTenant.get(api) === available) return;
      if (available === undefined) ofTenant.delete(api);
      else ofTenant.set(api, available);
      renewAll(tenant, new Set([api]));
    },
    of(tenant, service) {
      const standing = views.get(tenant)?.get(service);
      if (!standing) return undefined;
      standing.name ??= nameOf(standing.apis);
      return { apis: standing.apis, name: standing.name, changedAt: standing.changedAt };
    },
    reached(revision) {
      for (const ofTenant of views.values()) {
        for (const standing of ofTenant.values()) {
          if (standing.changedAt === Number.POSITIVE_INFINITY) standing.changedAt = revision;
        }
      }
    },
    changes() {
      const changes = pending;
      pending = [];
      return changes;
    },
  };
}

/** The name of a list: the same list has the same name everywhere. */
export function nameOf(apis: readonly DiscoveredApi[]): string {
  return createHash('sha256').update(JSON.stringify(apis)).digest('base64url');
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
  a.size === b.size && [...a].every((each) => b.has(each));

/** Compares what a service could see with what it can see now. */
function visibilityChanges(
  tenant: string,
  service: string,
  before: readonly DiscoveredApi[],
  after: readonly DiscoveredApi[],
): VisibilityChange[] {
  const old = new Map(before.map((api) => [apiName(api.service, api.major), api]));
  const changes: VisibilityChange[] = [];
  for (const api of after) {
    const name = apiName(api.service, api.major);
    const was = old.get(name);
    old.delete(name);
    if (!was) changes.push({ tenant, service, event: 'published', api });
    else if (JSON.stringify(was) !== JSON.stringify(api)) {
      const { deprecated } = api;
      const isNews = deprecated && JSON.stringify(was.deprecated) !== JSON.stringify(deprecated);
      changes.push({ tenant, service, event: isNews ? 'deprecated' : 'changed', api });
    }
  }
  for (const api of old.values()) changes.push({ tenant, service, event: 'withdrawn', api });
  return changes;
}
