import { collectPrefix } from '@causeway/nats-server';
import type { Clock, Logger } from '@causeway/protocol';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import type { CopyPosition } from './hub-copy.ts';
import { type SiteCollector, startSiteCollector } from './site-collector.ts';

/** The cloud's collecting of records and counters from its sites. */
export interface Collection {
  /** A site's gateway was heard of, so the site's streams stand: the cloud collects from them from now on. */
  heard(site: string): void;
  /** The site was cut off: nothing more will come. */
  ended(site: string): Promise<void>;
  /** How far a site's records have been stored. */
  confirmed(site: string): CopyPosition | undefined;
  /** Messages not yet collected, of records and of counters; undefined where none has come yet. */
  lag(site: string): { readonly records: number | undefined; readonly flow: number | undefined };
  /**
   * Messages of a site that were not collected since this registry began, for they speak of other sites or tenants,
   * are too large, make up too many names, or are no records and counters at all; undefined where nothing is
   * collected from it yet. An honest site has none.
   */
  refused(site: string): { readonly records: number; readonly flow: number } | undefined;
  stop(): Promise<void>;
}

interface OfSite {
  readonly connection: NatsConnection;
  readonly audit: SiteCollector;
  readonly flow: SiteCollector;
}

/** Creates the collection; nothing is collected before it is heard of. */
export function createCollection(options: {
  /** Of the consoles' account, where everything collected is kept. */
  js: JetStreamClient;
  manager: JetStreamManager;
  /** Opens a connection of the registry's with this inbox prefix. */
  connect: (inboxPrefix: string) => Promise<NatsConnection>;
  /** Whether a tenant is at a site, as the fabric's documents say: only of those does the site have a say. */
  admits: (site: string, tenant: string) => boolean;
  clock: Clock;
  logger: Logger;
}): Collection {
  const { js, manager, connect, admits, clock, logger } = options;
  const sites = new Map<string, OfSite>();
  const starting = new Map<string, Promise<void>>();

  async function start(site: string): Promise<void> {
    let connection: NatsConnection | undefined;
    let audit: SiteCollector | undefined;
    try {
      connection = await connect(collectPrefix(site));
      const ofSite = (tenant: string) => admits(site, tenant);
      const around = { site, connection, js, manager, admits: ofSite, clock, logger };
      audit = await startSiteCollector({ ...around, kind: 'audit' });
      const flow = await startSiteCollector({ ...around, kind: 'flow' });
      sites.set(site, { connection, audit, flow });
      logger.info({ site, position: audit.position }, 'collecting records and counters of the site');
    } catch (err) {
      // The gateway's next renewal tries again.
      logger.warn({ err, site }, 'not collecting from the site yet');
      await audit?.stop();
      await connection?.close();
    } finally {
      starting.delete(site);
    }
  }

  async function stop({ connection, audit, flow }: OfSite): Promise<void> {
    await Promise.all([audit.stop(), flow.stop()]);
    await connection.close();
  }

  return {
    heard(site) {
      if (sites.has(site) || starting.has(site)) return;
      starting.set(site, start(site));
    },
    async ended(site) {
      await starting.get(site);
      const ended = sites.get(site);
      sites.delete(site);
      if (ended) await stop(ended);
    },
    confirmed: (site) => sites.get(site)?.audit.position,
    lag: (site) => ({ records: sites.get(site)?.audit.lag, flow: sites.get(site)?.flow.lag }),
    refused(site) {
      const collecting = sites.get(site);
      if (!collecting) return undefined;
      return { records: collecting.audit.refused, flow: collecting.flow.refused };
    },
    async stop() {
      await Promise.all(starting.values());
      await Promise.all([...sites.values()].map(stop));
    },
  };
}
