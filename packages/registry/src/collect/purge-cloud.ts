import { type Confirmed, cloudSite, purgeConfirmed, streamNames } from '@causeway/nats-server';
import { type Clock, type Logger, subjects } from '@causeway/protocol';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';

const purgeEveryMs = 15_000;
/** Header of a watermark: the stream sequence of the last block that the counters hold (ADR 0006). */
const throughHeader = 'Causeway-Through';

/**
 * Gives back the room of what has been collected of the cloud's own records, as an edge's broker does at its site.
 * Returns the function that ends it.
 */
export function startCloudPurge(options: {
  manager: JetStreamManager;
  confirmed: () => Confirmed | undefined;
  clock: Clock;
  logger: Logger;
}): () => void {
  const { manager, confirmed, clock, logger } = options;

  async function counted(tenant: string, gateway: string): Promise<number> {
    const subject = subjects.watermark.build({ site: cloudSite, tenant, gateway });
    try {
      const message = await manager.streams.getMessage(streamNames.flowCloud, { last_by_subj: subject });
      return Number(message?.header.get(throughHeader)) || 0;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return 0;
      throw error;
    }
  }

  return clock.every(purgeEveryMs, () => {
    const stored = confirmed();
    if (!stored) return;
    purgeConfirmed(manager, {
      site: cloudSite,
      confirmed: stored,
      counted: ({ tenant, gateway }) => counted(tenant, gateway),
    }).catch((err: unknown) => logger.warn({ err }, 'confirmed blocks not purged; trying again later'));
  });
}
