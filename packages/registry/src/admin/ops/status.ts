import type { StatusReply } from '@causeway/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Compiler } from '../../compile/compiler.ts';
import { type Gateways, gatewayLeaseMs } from '../../control/gateways.ts';
import type { DocumentStore } from '../../documents/store.ts';
import { siteOfSource } from '../../hub/collection.ts';
import type { Hub } from '../../hub/hub.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';

/** status: gateways, receipts, links, and how far records lag behind. */
export function statusOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  gateways: Gateways;
  hub: Hub;
  manager: JetStreamManager;
  accountName: (publicKey: string) => string;
}): AnyAdminOperation {
  const { store, compiler, gateways, hub, manager, accountName } = options;

  /** Messages of each site's stream that the hub's has not stored yet. */
  async function lags(stream: 'AUDIT' | 'FLOW'): Promise<Map<string, number>> {
    const { sources } = await manager.streams.info(stream);
    return new Map((sources ?? []).map((source) => [siteOfSource(source), source.lag]));
  }

  return {
    async handle(_body, by): Promise<StatusReply> {
      const [links, auditLags, flowLags] = await Promise.all([hub.links(), lags('AUDIT'), lags('FLOW')]);
      const sites = store.all.sites.filter((site) => by.scope === 'any' || by.scope in site.tenants);
      return {
        revision: store.revision,
        sites: sites.map((site) => {
          const heard = new Map(gateways.of(site.name).map((gateway) => [gateway.name, gateway]));
          const auditLag = auditLags.get(site.name);
          const flowLag = flowLags.get(site.name);
          return {
            name: site.name,
            wanted: compiler.siteRevision(site.name),
            gateways: Object.keys(site.gateways).map((name) => {
              const gateway = heard.get(name);
              return {
                name,
                alive: gateway?.seen !== undefined && gateway.seen <= gatewayLeaseMs,
                revision: gateway?.revision ?? null,
                seen: gateway?.seen ?? null,
                instances: Object.values(gateway?.instances ?? {}).reduce((sum, count) => sum + count, 0),
              };
            }),
            ...(auditLag === undefined ? {} : { recordLag: auditLag }),
            ...(flowLag === undefined ? {} : { flowLag }),
          };
        }),
        links: links
          .map(({ site, account }) => ({ site, account: accountName(account) }))
          .filter(({ account }) => by.scope === 'any' || by.scope === account),
      };
    },
  };
}
