import type { StatusReply } from '@causeway/protocol';
import type { Collection } from '../../collect/collection.ts';
import type { Compiler } from '../../compile/compiler.ts';
import { type Gateways, gatewayLeaseMs } from '../../control/gateways.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { Hub } from '../../hub/hub.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';

/** status: gateways, receipts, links, and how far records lag behind. */
export function statusOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  gateways: Gateways;
  hub: Hub;
  collection: Collection;
  accountName: (publicKey: string) => string;
}): AnyAdminOperation {
  const { store, compiler, gateways, hub, collection, accountName } = options;

  return {
    async handle(_body, by): Promise<StatusReply> {
      const links = await hub.links();
      const sites = store.all.sites.filter(
        (site) => by.scope === 'any' || Object.hasOwn(site.tenants, by.scope),
      );
      return {
        revision: store.revision,
        sites: sites.map((site) => {
          const heard = new Map(gateways.of(site.name).map((gateway) => [gateway.name, gateway]));
          const lag = collection.lag(site.name);
          const refused = collection.refused(site.name);
          return {
            name: site.name,
            ...(site.revoked ? { revoked: true as const } : {}),
            wanted: compiler.siteRevision(site.name),
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
              };
            }),
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
