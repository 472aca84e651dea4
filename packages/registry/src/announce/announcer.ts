import { type Announcement, encodeJson, majorOf, subjects } from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import type { DocumentStore } from '../documents/store.ts';

/** Tells consoles, on `discovery.>`, what was published, changed, deprecated or withdrawn. */
export interface Announcer {
  /** Announces the difference between what stands now and what stood at the last call. */
  announce(): void;
}

/** Creates the announcer; what stands already is not announced again. */
export function createAnnouncer(options: { connection: NatsConnection; store: DocumentStore }): Announcer {
  const { connection, store } = options;

  function current(): Map<string, Announcement> {
    const { apis, services } = store.all;
    const announcements = new Map<string, Announcement>();
    for (const api of apis) {
      const major = majorOf(api.version);
      const sites = services
        .filter((service) => service.tenant === api.tenant && service.name === api.service)
        .filter((service) => service.hosts?.includes(major))
        .map((service) => service.site)
        .sort();
      const { tenant, service, version, deprecated } = api;
      announcements.set(`${tenant}.${service}.v${major}`, {
        tenant,
        service,
        major,
        version,
        ...(deprecated === undefined ? {} : { deprecated }),
        revision: 0,
        sites,
      });
    }
    return announcements;
  }

  function send(event: string, announcement: Announcement): void {
    const { tenant, service, major } = announcement;
    const subject = subjects.discovery.build({ tenant, service, major, event });
    connection.publish(subject, encodeJson({ ...announcement, revision: store.revision }));
  }

  let before = current();
  return {
    announce() {
      const now = current();
      for (const [key, announcement] of now) {
        const earlier = before.get(key);
        before.delete(key);
        if (!earlier) send('published', announcement);
        else if (JSON.stringify(earlier) !== JSON.stringify(announcement)) {
          const { deprecated } = announcement;
          const isNews = deprecated && JSON.stringify(earlier.deprecated) !== JSON.stringify(deprecated);
          send(isNews ? 'deprecated' : 'changed', announcement);
        }
      }
      for (const announcement of before.values()) send('withdrawn', announcement);
      before = now;
    },
  };
}
