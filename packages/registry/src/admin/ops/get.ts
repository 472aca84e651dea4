import {
  apiName,
  type GetReply,
  type GetRequest,
  majorOf,
  parseCompiledKey,
  type VisibleApis,
} from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { Gateways } from '../../control/gateways.ts';
import type { DocumentStore } from '../../documents/store.ts';
import { type Administrator, operation } from '../admin-desk.ts';

type Item = Record<string, unknown> & { name: string };

/** What an item may be asked for by: its name, its service's or API's, or a service's whole name. */
const namesOf = ({ name, service, api, tenant, site }: Item) => [
  name,
  service,
  api,
  `${tenant}/${site}/${service ?? name}`,
];

const orderOf = ({ tenant, site, name, api }: Item) => JSON.stringify([tenant, site, name, api]);

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
          ...(site.rekey ? { rotating: Object.keys(site.rekey) } : {}),
          ...(site.revoked ? { revoked: true } : {}),
        }));
      case 'services':
        return store.all.services.map(({ retiring, signers: _, ...service }) => ({
          ...service,
          keys: service.keys.length,
          ...(retiring === undefined ? {} : { retiring: Object.keys(retiring).length }),
        }));
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
        .filter((item) => name === undefined || namesOf(item).includes(name))
        .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
      return { revision: store.revision, items };
    },
  });
}
