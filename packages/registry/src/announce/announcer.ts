import {
  type Announcement,
  documentKeys,
  encodeJson,
  type Manifest,
  majorOf,
  subjects,
} from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import type { DocumentStore } from '../documents/store.ts';

/** Tells consoles, on `discovery.>`, what was published, changed, deprecated or withdrawn. */
export interface Announcer {
  /**
   * Announces what is other than at the last call of the APIs that these documents, by their keys, are about. Costs as
   * much as there is of those, not of all.
   */
  announce(changed: Iterable<string>): void;
}

/** Creates the announcer; what stands already is not announced again. */
export function createAnnouncer(options: {
  connection: Pick<NatsConnection, 'publish'>;
  store: Pick<DocumentStore, 'get' | 'all' | 'revision'>;
}): Announcer {
  const { connection, store } = options;
  /** By tenant and service, then major. */
  const known = new Map<string, Map<number, Announcement>>();

  function announcementOf(tenant: string, service: string, major: number): Announcement | undefined {
    const api = store.get(documentKeys.api(tenant, service, major));
    if (api?.kind !== 'api') return undefined;
    const sites = store.all.sites
      .map(({ name }) => name)
      .filter((site) => {
        const host = store.get(documentKeys.service(tenant, site, service));
        return host?.kind === 'service' && host.hosts?.includes(major);
      })
      .sort();
    const { version, deprecated }: Manifest = api;
    return {
      tenant,
      service,
      major,
      version,
      ...(deprecated === undefined ? {} : { deprecated }),
      revision: 0,
      sites,
    };
  }

  function send(event: string, announcement: Announcement): void {
    const { tenant, service, major } = announcement;
    const subject = subjects.discovery.build({ tenant, service, major, event });
    connection.publish(subject, encodeJson({ ...announcement, revision: store.revision }));
  }

  /** Puts an API as it stands in place of what was known of it, and gives that. */
  function renew(tenant: string, service: string, major: number) {
    const name = `${tenant}.${service}`;
    const majors = known.get(name) ?? new Map<number, Announcement>();
    const before = majors.get(major);
    const now = announcementOf(tenant, service, major);
    if (now) known.set(name, majors.set(major, now));
    else majors.delete(major);
    if (majors.size === 0) known.delete(name);
    return { before, now };
  }

  function announceOne(tenant: string, service: string, major: number): void {
    const { before, now } = renew(tenant, service, major);
    if (!now) {
      if (before) send('withdrawn', before);
      return;
    }
    if (!before) send('published', now);
    else if (JSON.stringify(before) !== JSON.stringify(now)) {
      const { deprecated } = now;
      const isNews = deprecated && JSON.stringify(before.deprecated) !== JSON.stringify(deprecated);
      send(isNews ? 'deprecated' : 'changed', now);
    }
  }

  for (const { tenant, service, version } of store.all.apis) renew(tenant, service, majorOf(version));

  return {
    announce(changed) {
      const concerned = new Map<string, { tenant: string; service: string; major: number }>();
      const concern = (tenant: string, service: string, major: number) =>
        void concerned.set(`${tenant}.${service}.v${major}`, { tenant, service, major });
      for (const key of changed) {
        const [kind, tenant = '', ...rest] = key.split('.');
        const [first = '', second = ''] = rest;
        if (kind === 'api') concern(tenant, first, Number(second.slice(1)));
        else if (kind === 'service') {
          for (const major of known.get(`${tenant}.${second}`)?.keys() ?? []) concern(tenant, second, major);
        }
      }
      for (const key of [...concerned.keys()].sort()) {
        const api = concerned.get(key);
        if (api) announceOne(api.tenant, api.service, api.major);
      }
    },
  };
}
