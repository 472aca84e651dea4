import { type Block, isAccess, parseBlock } from '@causeway/audit';
import { readFromStart } from '@causeway/nats-server';
import type { Clock, Logger } from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import type { StoredBlock } from './chain.ts';

/**
 * Reads this gateway's own blocks that were stored but not yet counted when it ended: those of each tenant
 * with a number beyond its watermark. Reads from the start of the stream: a site's own stream holds only what
 * the cloud has not yet confirmed.
 */
export async function readUncounted(options: {
  connection: NatsConnection;
  stream: string;
  consumer: string;
  /** Blocks counted so far, by tenant. */
  watermarks: ReadonlyMap<string, number>;
  clock: Clock;
  logger: Logger;
}): Promise<Map<string, StoredBlock[]>> {
  const { connection, stream, consumer, watermarks, clock, logger } = options;
  const found = new Map<string, StoredBlock[]>();
  const reading = readFromStart({
    connection,
    stream,
    consumer,
    clock,
    log: logger,
    onMessage: ({ subject, data, headers, sequence }) => {
      const parsed = parseBlock({ subject, header: (name) => headers?.get(name) || undefined, body: data });
      if (parsed.fault) {
        logger.error({ subject, sequence, fault: parsed.fault }, 'a stored block is damaged');
        return;
      }
      const block: Block = parsed.value;
      // Of a tenant that is open already, or not here, nothing is asked.
      if (block.seq <= (watermarks.get(block.tenant) ?? Number.POSITIVE_INFINITY)) return;
      const ofTenant = found.get(block.tenant) ?? [];
      ofTenant.push({ seq: block.seq, streamSeq: sequence, records: block.records.filter(isAccess) });
      found.set(block.tenant, ofTenant);
    },
  });
  try {
    await reading.caughtUp;
  } finally {
    await reading.stop();
  }
  for (const blocks of found.values()) blocks.sort((a, b) => a.seq - b.seq);
  return found;
}
