import { majorOf, type ServedApi, type Service, type Site, type VisibleApis } from '@causeway/protocol';
import { compareText } from '../canonical-json.ts';
import type { QueueNames, SiteTable } from '../compile.ts';
import type { ApiDocument, Documents, PolicyDocument } from '../documents.ts';
import { createEdges } from './edges.ts';
import { apiKeyOf, callerKeyOf, type TenantDocuments } from './live-index.ts';
import { createPolicyFiles, type PolicyEntry } from './policy-files.ts';
import { createTenantTables, type TenantTables } from './tenant-tables.ts';

/** A document that tables are made of. */
export type LiveDocument = Site | Service | ApiDocument | PolicyDocument;

/** A document as it stands from now on, or one that stands no more. */
export interface LiveChange {
  readonly document: LiveDocument;
  readonly removed?: boolean;
}

/** The tables of all sites, kept in step with the documents: at any time what `compile` gives for them. */
export interface LiveTables {
  /**
   * Takes changes in, as of a time (ms on the hub's clock, which may go back): what they and the passing of time concern is
   * made anew, and nothing else. Gives the keys that may be others now, by site; those that are not there any more, too.
   */
  update(changes: readonly LiveChange[], at: number): Map<string, Set<string>>;
  /**
   * The tables as they would be after changes of APIs, services and policies: looks at them, and takes the changes back.
   * What `look` throws is thrown on. It is given the keys that may be others, by site.
   */
  attempt(
    changes: readonly LiveChange[],
    look: (touched: ReadonlyMap<string, ReadonlySet<string>>) => void,
  ): void;
  value(site: string, key: string): ServedApi | VisibleApis | undefined;
  /** Identities at a site, of tenants that are present there. */
  servicesAt(site: string): readonly Service[];
  /** The whole table of a site; empty where there is no such site. */
  table(site: string): SiteTable;
  readonly sites: readonly string[];
  /** When a policy begins or ends next; Infinity where none does. */
  readonly until: number;
}

interface Tenant {
  readonly documents: TenantDocuments;
  tables: TenantTables;
}

/** Creates them as of a time. */
export function createLiveTables(documents: Documents, queueNames: QueueNames, now: number): LiveTables {
  let at = now;
  const sites = new Map<string, ReadonlySet<string>>();
  const tenants = new Map<string, Tenant>();
  const edges = createEdges<{ readonly tenant: string; readonly entry: PolicyEntry }>();
  /** What stands in `edges` for a policy. */
  const owners = new Map<PolicyEntry, { readonly tenant: string; readonly entry: PolicyEntry }>();

  const presentTenants = (site: Site) => new Set(site.revoked ? [] : Object.keys(site.tenants));
  const sitesOf = (tenant: string) => [...sites].filter(([, at]) => at.has(tenant)).map(([name]) => name);

  function tablesFor(documents: TenantDocuments): TenantTables {
    return createTenantTables({ documents, sites: sitesOf(documents.tenant), queueNames, at });
  }

  function tenantOf(name: string): Tenant {
    const known = tenants.get(name);
    if (known) return known;
    const empty = { tenant: name, apis: new Map(), services: new Map(), policies: createPolicyFiles() };
    const tenant = { documents: empty, tables: tablesFor(empty) };
    tenants.set(name, tenant);
    return tenant;
  }

  const timesOf = ({ span }: PolicyEntry) =>
    [span.notBefore, span.expires].filter((time) => time !== undefined);

  function watchEdges(tenant: string, before: PolicyEntry | undefined, after: PolicyEntry | undefined): void {
    const old = before && owners.get(before);
    if (before && old) {
      for (const time of timesOf(before)) edges.remove(time, old);
      owners.delete(before);
    }
    if (!after || timesOf(after).length === 0) return;
    const owner = { tenant, entry: after };
    owners.set(after, owner);
    for (const time of timesOf(after)) edges.add(time, owner);
  }

  function takeIn({ document, removed = false }: LiveChange): void {
    if (document.kind === 'site') return;
    const { tables } = tenantOf(document.tenant);
    unsettled.add(document.tenant);
    if (document.kind === 'api') tables.setApi(document, removed);
    else if (document.kind === 'service') tables.setService(document, removed);
    else {
      const { before, after } = tables.setPolicy(document, removed);
      watchEdges(document.tenant, before, after);
    }
  }

  /** Puts sites in place; gives the tenants that are at other sites than before. */
  function setSites(changes: readonly LiveChange[]): Set<string> {
    const moved = new Set<string>();
    for (const { document, removed } of changes) {
      if (document.kind !== 'site') continue;
      const before = sites.get(document.name) ?? new Set<string>();
      const after = removed ? new Set<string>() : presentTenants(document);
      if (removed) sites.delete(document.name);
      else sites.set(document.name, after);
      for (const tenant of [...before, ...after]) {
        if (before.has(tenant) !== after.has(tenant)) moved.add(tenant);
      }
    }
    return moved;
  }

  /** The documents of a tenant at first are put in place without looking at what each of them concerns. */
  function fill({ services, apis, policies }: Documents): void {
    const of = (name: string) => {
      const known = tenants.get(name);
      return (known ?? tenantOf(name)).documents;
    };
    for (const service of services) {
      of(service.tenant).services.set(callerKeyOf(service.site, service.name), service);
    }
    for (const api of apis) of(api.tenant).apis.set(apiKeyOf(api.service, majorOf(api.version)), api);
    for (const policy of policies) {
      watchEdges(policy.tenant, undefined, of(policy.tenant).policies.set(policy));
    }
    for (const tenant of tenants.values()) {
      tenant.tables = tablesFor(tenant.documents);
      tenant.tables.refresh(at, () => {});
    }
  }

  /** What was touched and nobody has been told of yet. */
  let touched = new Map<string, Set<string>>();
  function touch(site: string, key: string): void {
    const keys = touched.get(site) ?? new Set<string>();
    touched.set(site, keys.add(key));
  }

  /** Tenants with changes that their tables do not show yet. */
  const unsettled = new Set<string>();
  function settle(): void {
    for (const name of unsettled) tenants.get(name)?.tables.refresh(at, touch);
    unsettled.clear();
  }

  /** What takes a change back. */
  function inverse({ document }: LiveChange): LiveChange[] {
    if (document.kind === 'site') return [];
    const { services, apis, policies } = tenantOf(document.tenant).documents;
    const before =
      document.kind === 'service'
        ? services.get(callerKeyOf(document.site, document.name))
        : document.kind === 'api'
          ? apis.get(apiKeyOf(document.service, majorOf(document.version)))
          : policies.get(document.name)?.policy;
    return [before ? { document: before } : { document, removed: true }];
  }

  setSites(documents.sites.map((document) => ({ document })));
  fill(documents);

  return {
    attempt(changes, look) {
      settle();
      const before = touched;
      touched = new Map();
      const undo: LiveChange[] = [];
      for (const change of changes) {
        undo.unshift(...inverse(change));
        takeIn(change);
      }
      settle();
      const attempted = touched;
      // What was made anew for the attempt counts as touched: it is made anew once more, from other documents.
      touched = before;
      for (const [site, keys] of attempted) for (const key of keys) touch(site, key);
      try {
        look(attempted);
      } finally {
        // Made anew where it is next asked for: mostly these very changes come first.
        for (const change of undo) takeIn(change);
      }
    },
    update(changes, now) {
      const before = at;
      at = now;
      for (const change of changes) takeIn(change);
      for (const { tenant, entry } of edges.between(Math.min(before, at), Math.max(before, at))) {
        tenants.get(tenant)?.tables.passEdge(entry);
        unsettled.add(tenant);
      }
      const everywhere = [...sites.keys(), ...changes.flatMap(({ document }) => siteNamed(document))];
      // Where a tenant is, all of its callers and routes are asked about: that is rare, and made anew as a whole.
      for (const name of setSites(changes)) {
        const tenant = tenantOf(name);
        for (const site of everywhere) for (const key of tenant.tables.keysAt(site)) touch(site, key);
        tenant.tables = tablesFor(tenant.documents);
        unsettled.add(name);
      }
      settle();
      const told = touched;
      touched = new Map();
      return told;
    },
    value(site, key) {
      settle();
      return tenants.get(key.split('.')[1] ?? '')?.tables.value(site, key);
    },
    servicesAt: (site) => [...tenants.values()].flatMap(({ tables }) => tables.servicesAt(site)),
    table(site) {
      settle();
      const table: SiteTable = new Map();
      for (const { tables } of tenants.values()) {
        for (const key of tables.keysAt(site)) {
          const value = tables.value(site, key);
          if (value) table.set(key, value);
        }
      }
      return table;
    },
    get sites() {
      return [...sites.keys()].sort(compareText);
    },
    get until() {
      return edges.next(at);
    },
  };
}

function siteNamed(document: LiveDocument): string[] {
  return document.kind === 'site' ? [document.name] : [];
}
