import { hubSite } from '@causeway/identity';
import { CausewayError, type Clock, type Messages, type Site } from '@causeway/protocol';
import type { Compiler } from '../compile/compiler.ts';
import type { DocumentStore } from '../documents/store.ts';
import { type Gateways, gatewayLeaseMs } from './gateways.ts';

/** How far a site is. */
export type Standing = Messages['Standing'];

/** What is asked of the sites: a revision, with all that was changed from an earlier one on. */
export interface Wanted {
  readonly revision: number;
  readonly since: number;
}

/** Says of each site whether a revision is in force there, as far as its gateways have said so. */
export interface Standings {
  /** Of a site that was not cut off; of all that concerns it, where nothing is named. */
  of(site: Site, wanted?: Wanted): Standing;
  /**
   * Of these sites, once the revision is in force at all that can be reached, or the time is over. Throws INVALID_REQUEST
   * where there is no such revision.
   */
  reached(wanted: Wanted, waitMs: number, sites: () => readonly Site[]): Promise<Standing[]>;
}

/** Creates it. What a site says, it says of itself alone: who listens to it saw to that. */
export function createStandings(options: {
  store: Pick<DocumentStore, 'revision'>;
  compiler: Pick<Compiler, 'told' | 'siteRevision'>;
  gateways: Pick<Gateways, 'of' | 'age' | 'next'>;
  clock: Clock;
}): Standings {
  const { store, compiler, gateways, clock } = options;
  const { told } = compiler;

  /** What its gateways have, of those that can be reached, and otherwise as it was last known. */
  function heardOf(site: Site) {
    const known = gateways.of(site.name).filter(({ name }) => Object.hasOwn(site.gateways, name));
    const alive = known.filter(({ seen }) => seen !== undefined && seen <= gatewayLeaseMs);
    const ages = known.flatMap(({ seen }) => (seen === undefined ? [] : [seen]));
    // Whoever was not heard of since the registry started shall have as long as anybody to be.
    const silent = ages.length > 0 ? Math.min(...ages) : gateways.age;
    const revisions = (alive.length > 0 ? alive : known).map(({ revision }) => revision);
    const complete = revisions.length > 0 && revisions.every((revision) => revision !== undefined);
    return {
      reachable: alive.length > 0 || silent <= gatewayLeaseMs,
      heardAt: Math.round(clock.now() - silent),
      revision: complete ? Math.min(...revisions) : null,
    };
  }

  function of(site: Site, wanted?: Wanted): Standing {
    const { reachable, heardAt, revision } = heardOf(site);
    const last = compiler.siteRevision(site.name);
    // What has not been compiled may concern any site.
    const needed =
      wanted === undefined
        ? last || undefined
        : told.newest < wanted.revision
          ? wanted.revision
          : told.needed(site.name, wanted.since, wanted.revision);
    // A revision that never was is of another registry's tables: those of before the documents were restored.
    const has = revision !== null && revision <= store.revision;
    const behindSince = told.behindSince(site.name, has ? revision : -1);
    const inForce = needed === undefined || (has && revision >= needed);
    return {
      site: site.name,
      state: inForce ? 'in-force' : reachable ? 'behind' : 'unreachable',
      wanted: needed ?? null,
      revision,
      ...(inForce || behindSince === undefined ? {} : { behindSince }),
      ...(reachable ? {} : { unreachableSince: heardAt }),
    };
  }

  return {
    of,
    async reached(wanted, waitMs, sites) {
      if (wanted.revision > store.revision) {
        throw new CausewayError(
          'INVALID_REQUEST',
          `there is no revision ${wanted.revision}; the last is ${store.revision}`,
          { pointer: '/revision' },
        );
      }
      const over = Promise.withResolvers<void>();
      const end = clock.monotonic() + waitMs;
      const cancel = clock.after(waitMs, () => over.resolve());
      try {
        for (;;) {
          const heard = gateways.next();
          const standings = sites().map((site) => of(site, wanted));
          const behind = standings.some(({ state }) => state === 'behind');
          if (!behind || clock.monotonic() >= end) return standings;
          await Promise.race([heard, over.promise]);
        }
      } finally {
        cancel();
      }
    },
  };
}

/** The sites that an administrator may ask about, without those that were cut off. */
export function standingSites(store: Pick<DocumentStore, 'all'>, scope: string): Site[] {
  return shownSites(store, scope).filter((site) => !site.revoked);
}

/** The sites that an administrator is shown: the hub first, then by name. */
export function shownSites({ all }: Pick<DocumentStore, 'all'>, scope: string): Site[] {
  const orderOf = ({ name }: Site) => (name === hubSite ? '' : name);
  return all.sites
    .filter((site) => scope === 'any' || Object.hasOwn(site.tenants, scope))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}
