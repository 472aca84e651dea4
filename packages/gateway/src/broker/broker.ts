import { type Confirmed, ensureSite, purgeConfirmed } from '@causeway/nats-server';
import type { Clock, Logger } from '@causeway/protocol';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';

/** The broker role of an edge: makes the site's streams, and gives back the room of what the cloud has. */
export interface Broker {
  close(): void;
}

const purgeEveryMs = 15_000;

/** Makes the streams and consumers of an edge, and starts the purging of confirmed blocks. */
export async function startBroker(options: {
  connection: NatsConnection;
  site: string;
  gateways: readonly string[];
  /** Stream sequence through which a tenant's blocks are in the counters; nothing beyond it is purged. */
  countedThrough: (tenant: string) => number;
  /** How far the cloud has stored the site's records; undefined where it has not said. */
  confirmed: () => Confirmed | undefined;
  clock: Clock;
  logger: Logger;
}): Promise<Broker> {
  const { connection, site, gateways, countedThrough, confirmed, clock, logger } = options;
  const manager = await jetstreamManager(connection);
  await ensureSite(manager, { site, gateways });
  const stop = clock.every(purgeEveryMs, () => {
    const stored = confirmed();
    if (!stored) return;
    purgeConfirmed(manager, {
      site,
      confirmed: stored,
      counted: ({ tenant }) => countedThrough(tenant),
    }).catch((err: unknown) => logger.warn({ err }, 'confirmed blocks not purged; trying again later'));
  });
  return { close: stop };
}
