import { type Confirmed, ensureSite, startPurging } from '@causeway/nats-server';
import type { Clock, Logger } from '@causeway/protocol';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';

/** The broker role of an edge: makes the site's streams, and gives back the room of what the cloud has. */
export interface Broker {
  /** JetStream of the site, with the broker's rights. */
  readonly manager: JetStreamManager;
  /**
   * Makes streams that went missing anew, and purges confirmed blocks, every now and then. Returns the function that
   * ends it.
   */
  keep(known: {
    /** Stream sequence through which a tenant's blocks are in the counters; nothing beyond it is purged. */
    readonly countedThrough: (tenant: string) => number;
    /** How far the cloud has stored the site's records; undefined where it has not said. */
    readonly confirmed: () => Confirmed | undefined;
  }): () => void;
}

/** Makes the streams and consumers of an edge. */
export async function openBroker(options: {
  connection: NatsConnection;
  site: string;
  gateways: readonly string[];
  clock: Clock;
  logger: Logger;
}): Promise<Broker> {
  const { connection, site, gateways, clock, logger } = options;
  const manager = await jetstreamManager(connection);
  const ensure = () => ensureSite(manager, { site, gateways });
  await ensure();
  return {
    manager,
    keep: ({ countedThrough, confirmed }) =>
      startPurging({
        manager,
        site,
        confirmed,
        counted: ({ tenant }) => countedThrough(tenant),
        ensure,
        clock,
        logger,
      }),
  };
}
