import { admitSite, ensureHub, streamNames } from '@causeway/nats-server';
import type { Logger } from '@causeway/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';

/** The hub's collecting of records and counters from the edges. */
export interface Collection {
  /** A site's gateway was heard of, so the site's streams stand: the hub collects from them from now on. */
  heard(site: string): void;
}

/**
 * The site that a source of a hub's stream is of: the server names its JetStream domain, although the client's
 * type leaves it out. The cloud's own has none.
 */
export function siteOfSource(source: object): string {
  const { external } = source as { external?: { api?: string } };
  return external?.api?.split('.')[1] ?? 'cloud';
}

async function collectedSites(manager: JetStreamManager): Promise<string[]> {
  const names = await manager.streams.names().next();
  if (!names.includes(streamNames.audit)) return [];
  const { sources = [] } = await manager.streams.info(streamNames.audit);
  return sources.map(siteOfSource).filter((site) => site !== 'cloud');
}

/**
 * Makes the hub's streams, and lets it collect from the sites it collected from before. New ones are added when
 * they are heard of: a source whose other end is not there yet would wait 5 s for its second try.
 */
export async function openCollection(
  manager: JetStreamManager,
  edges: readonly string[],
  logger: Logger,
): Promise<Collection> {
  const collecting = new Set((await collectedSites(manager)).filter((site) => edges.includes(site)));
  await ensureHub(manager, { edges: [...collecting] });
  for (const edge of edges) await admitSite(manager, edge);
  let queue: Promise<void> = Promise.resolve();

  async function add(site: string): Promise<void> {
    try {
      await ensureHub(manager, { edges: [...collecting] });
      logger.info({ site }, 'collecting records and counters of the site');
    } catch (err) {
      // The gateway's next renewal tries again.
      collecting.delete(site);
      logger.warn({ err, site }, 'not collecting from the site yet');
    }
  }

  return {
    heard(site) {
      if (collecting.has(site) || !edges.includes(site)) return;
      collecting.add(site);
      queue = queue.then(() => add(site));
    },
  };
}
