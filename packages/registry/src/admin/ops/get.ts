import { type GetReply, type GetRequest, majorOf, type ServedApi } from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { Gateways } from '../../control/gateways.ts';
import type { DocumentStore } from '../../documents/store.ts';
import { type Administrator, operation } from '../admin-desk.ts';

type Item = Record<string, unknown> & { name: string };

/** get: what there is, of one kind, as far as the administrator's scope goes. */
export function getOperation(options: { store: DocumentStore; compiler: Compiler; gateways: Gateways }) {
  const { store, compiler, gateways } = options;

  function apis(): Item[] {
    const { apis: all, services } = store.all;
    return all.map((api) => {
      const major = majorOf(api.version);
      const sites = services
        .filter((service) => service.tenant === api.tenant && service.name === api.service)
        .filter((service) => service.hosts?.includes(major))
        .map((service) => service.site);
      return { ...api, name: `${api.service}.v${major}`, major, sites: sites.sort() };
    });
  }

  function instances(): Item[] {
    return store.all.sites.flatMap((site) =>
      gateways.of(site.name).flatMap((gateway) =>
        Object.entries(gateway.instances).map(([key, count]) => {
          const [tenant = '', service = ''] = key.split('.');
          return { name: service, tenant, site: site.name, service, gateway: gateway.name, instances: count };
        }),
      ),
    );
  }

  /** Which site's callers may knock at which API where: the interest that the gateways hold. */
  function routes(): Item[] {
    const items: Item[] = [];
    for (const [site, table] of compiler.tables) {
      for (const [key, value] of table) {
        if (!key.startsWith('serve.')) continue;
        const { tenant, manifest, routes: ofApi } = value as ServedApi;
        const name = `${manifest.service}.v${majorOf(manifest.version)}`;
        // Never the queue groups: their names are secrets.
        for (const from of Object.keys(ofApi)) items.push({ name, tenant, from, to: site });
      }
    }
    return items;
  }

  function itemsOf(kind: GetRequest['kind']): Item[] {
    switch (kind) {
      case 'apis':
        return apis();
      case 'policies':
        return store.all.policies.map((policy) => ({ ...policy }));
      case 'sites':
        return store.all.sites.map((site) => ({
          name: site.name,
          tenants: Object.keys(site.tenants),
          gateways: Object.keys(site.gateways),
        }));
      case 'services':
        return store.all.services.map(({ keys: _, ...service }) => ({ ...service }));
      case 'instances':
        return instances();
      case 'routes':
        return routes();
    }
  }

  /** A tenant's administrator sees what is his tenant's; of sites, those where it is. */
  function visibleTo(by: Administrator, kind: GetRequest['kind'], item: Item): boolean {
    if (by.scope === 'any') return true;
    if (kind === 'sites') return (item.tenants as string[]).includes(by.scope);
    return item.tenant === by.scope;
  }

  return operation({
    request: 'GetRequest',
    run({ kind, name }, by): GetReply {
      const items = itemsOf(kind)
        .filter((item) => visibleTo(by, kind, item))
        .map((item) => (kind === 'sites' && by.scope !== 'any' ? { ...item, tenants: [by.scope] } : item))
        .filter((item) => name === undefined || item.name === name || item.service === name)
        .sort((a, b) =>
          JSON.stringify([a.tenant, a.site, a.name]) < JSON.stringify([b.tenant, b.site, b.name]) ? -1 : 1,
        );
      return { revision: store.revision, items };
    },
  });
}
