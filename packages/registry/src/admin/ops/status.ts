import { accountNames, hubSite } from '@causeway/identity';
import type { BeatRequest, Site, StatusReply } from '@causeway/protocol';
import type { Collection } from '../../collect/collection.ts';
import type { Compiler } from '../../compile/compiler.ts';
import { type Gateways, gatewayLeaseMs } from '../../control/gateways.ts';
import { type Standings, shownSites } from '../../control/standings.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { Hub } from '../../hub/hub.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';

/** status: gateways, receipts, links, and how far records lag behind. */
export function statusOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  gateways: Gateways;
  standings: Standings;
  hub: Hub;
  collection: Collection;
  accountName: (publicKey: string) => string;
}): AnyAdminOperation {
  const { store, compiler, gateways, standings, hub, collection, accountName } = options;

  return {
    async handle(_body, by): Promise<StatusReply> {
      // What machines have is for the administrators of the whole fabric.
      const [links, hubMemory] = await Promise.all([
        hub.links(),
        by.scope === 'any' ? hub.memory() : undefined,
      ]);
      const sites = shownSites(store, by.scope);
      const ofScope = (tenants: readonly string[]) =>
        tenants.filter((tenant) => by.scope === 'any' || tenant === by.scope);
      return {
        revision: store.revision,
        ...(by.scope === 'any' ? { memory: { rss: process.memoryUsage.rss(), age: 0 } } : {}),
        sites: sites.map((site) => {
          const heard = new Map(gateways.of(site.name).map((gateway) => [gateway.name, gateway]));
          const lag = collection.lag(site.name);
          const refused = collection.refused(site.name);
          const serverMemory =
            by.scope !== 'any'
              ? undefined
              : site.name === hubSite
                ? hubMemory && { rss: hubMemory, age: 0 }
                : newest([...heard.values()].map((gateway) => gateway.serverMemory));
          return {
            name: site.name,
            ...(site.revoked ? { revoked: true as const } : {}),
            tenants: ofScope(Object.keys(site.tenants)),
            awaited: ofScope(site.awaited ?? []),
            ...cutOffOf(site, by.scope),
            wanted: compiler.siteRevision(site.name),
            ...(site.revoked ? {} : { standing: standings.of(site) }),
            gateways: Object.keys(site.gateways).map((name) => {
              const gateway = heard.get(name);
              return {
                name,
                alive: gateway?.seen !== undefined && gateway.seen <= gatewayLeaseMs,
                revision: gateway?.revision ?? null,
                seen: gateway?.seen ?? null,
                instances: Object.entries(gateway?.instances ?? {})
                  .filter(([key]) => by.scope === 'any' || key.startsWith(`${by.scope}.`))
                  .reduce((sum, [, count]) => sum + count, 0),
                ...(gateway?.memory && by.scope === 'any' ? { memory: gateway.memory } : {}),
              };
            }),
            ...(serverMemory ? { serverMemory } : {}),
            ...(lag.records === undefined ? {} : { recordLag: lag.records }),
            ...(lag.flow === undefined ? {} : { flowLag: lag.flow }),
            ...(refused ? { recordsRefused: refused.records, countersRefused: refused.flow } : {}),
          };
        }),
        links: links
          .map(({ site, account }) => ({ site, account: accountName(account) }))
          .filter(({ account }) => by.scope === 'any' || by.scope === account),
      };
    },
  };
}

/** Links of a site that the watchdog keeps out. */
function cutOffOf(site: Site, scope: string): Pick<StatusReply['sites'][number], 'cutOff'> {
  const found = Object.entries(site.tenants)
    .filter(([tenant]) => scope === 'any' || tenant === scope)
    .flatMap(([account, { cutOff: reason }]) => (reason === undefined ? [] : [{ account, reason }]));
  if (site.cutOff !== undefined && scope === 'any') {
    found.push({ account: accountNames.control, reason: site.cutOff });
  }
  return found.length === 0 ? {} : { cutOff: found };
}

/** Of what a site's gateways were told, the figure that is least old. */
function newest(memories: readonly BeatRequest['memory'][]): BeatRequest['memory'] {
  return memories.reduce((best, each) => (each && (!best || each.age < best.age) ? each : best), undefined);
}
