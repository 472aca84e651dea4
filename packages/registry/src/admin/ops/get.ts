import {
  apiName,
  type Clock,
  type GetReply,
  type GetRequest,
  parseCompiledKey,
  type VisibleApis,
} from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { Gateways } from '../../control/gateways.ts';
import type { DocumentStore } from '../../documents/store.ts';
import { type Administrator, operation } from '../admin-desk.ts';
import { type Item, itemOf } from '../documents/items.ts';

/** What an item may be asked for by: its name, its service's or API's, or a service's whole name. */
const namesOf = ({ name, service, api, tenant, site }: Item) => [
  name,
  service,
  api,
  `${tenant}/${site}/${service ?? name}`,
];

const orderOf = ({ tenant, site, name, api }: Item) => JSON.stringify([tenant, site, name, api]);

/** get: what there is, of one kind, as far as the administrator's scope goes. */
export function getOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  gateways: Gateways;
  clock: Pick<Clock, 'now'>;
}) {
  const { store, compiler, gateways, clock } = options;

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

  /** What each service may call: the sites that serve an API to it stand best first, as it is told to try them. */
  function routes(): Item[] {
    const items: Item[] = [];
    for (const [site, table] of compiler.tables) {
      for (const [key, value] of table) {
        const parsed = parseCompiledKey(key);
        if (parsed?.kind !== 'see') continue;
        const { tenant, service } = parsed;
        for (const api of (value as VisibleApis).apis) {
          items.push({
            name: service,
            tenant,
            site,
            service,
            api: apiName(api.service, api.major),
            version: api.version,
            sites: api.sites,
            endpoints: Object.keys(api.endpoints),
          });
        }
      }
    }
    return items;
  }

  function itemsOf(kind: GetRequest['kind'], { scope }: Administrator): Item[] {
    const { all } = store;
    switch (kind) {
      case 'apis':
        return all.apis.map((api) => itemOf(store, api, scope));
      case 'policies':
        return all.policies.map((policy) => itemOf(store, policy, scope));
      case 'sites':
        return all.sites
          .filter((site) => scope === 'any' || Object.hasOwn(site.tenants, scope))
          .map((site) => itemOf(store, site, scope));
      case 'invitations':
        return store.invitations.map(({ site, tenants, hosts, created, expires, by, redeemed }) => ({
          ...{ name: site, tenants, hosts, created, expires, by },
          state: redeemed ? 'used' : expires <= clock.now() ? 'expired' : 'open',
        }));
      case 'services':
        return all.services.map((service) => itemOf(store, service, scope));
      case 'instances':
        return instances();
      case 'routes':
        return routes();
    }
  }

  /** A tenant's administrator sees what is his tenant's; of sites, those where it is are all there are for him. */
  function visibleTo(by: Administrator, kind: GetRequest['kind'], item: Item): boolean {
    if (by.scope === 'any') return true;
    return kind === 'sites' || (kind !== 'invitations' && item.tenant === by.scope);
  }

  return operation({
    request: 'GetRequest',
    run({ kind, name }, by): GetReply {
      const items = itemsOf(kind, by)
        .filter((item) => visibleTo(by, kind, item))
        .filter((item) => name === undefined || namesOf(item).includes(name))
        .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
      return { revision: store.revision, items };
    },
  });
}
