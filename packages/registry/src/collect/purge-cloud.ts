import { type Confirmed, cloudSite, startPurging, streamNames } from '@causeway/nats-server';
import { type Clock, type Logger, subjects, throughHeader } from '@causeway/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';
import { registrySigner } from '../acts/chains.ts';

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
  const { manager } = options;
  return startPurging({
    ...options,
    site: cloudSite,
    async counted({ tenant, gateway }) {
      // The registry's own chains hold acts, which no counter counts.
      if (gateway === registrySigner) return Number.MAX_SAFE_INTEGER;
      const subject = subjects.watermark.build({ site: cloudSite, tenant, gateway });
      const message = await manager.streams.getMessage(streamNames.flowCloud, { last_by_subj: subject });
      return Number(message?.header.get(throughHeader)) || 0;
    },
  });
}
