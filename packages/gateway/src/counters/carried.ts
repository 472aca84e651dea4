import { readFile, rm } from 'node:fs/promises';
import { maxBatchMessages, publishBatch } from '@causeway/nats-server';
import type { Logger } from '@causeway/protocol';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers as createHeaders, type NatsConnection } from 'nats';
import { type GatewayConfig, streamsOf } from '../config.ts';

/** Counters and watermarks of a site as the cloud had them, by subject; whole numbers as text. */
export type CarriedCounters = Readonly<Record<string, string>>;

async function readCarried(file: string): Promise<CarriedCounters | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as CarriedCounters;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Takes the counters of a site that was lost into the stream of the one that was made in its place, before anything
 * else is counted there: what the cloud has copied from the one before would fall back to nothing. Done once; where it
 * is cut short it goes on, since a counter that is there already was taken in with all of its batch.
 */
export async function carryCounters(options: {
  connection: NatsConnection;
  config: Pick<GatewayConfig, 'cloud' | 'carriedCounters'>;
  logger: Logger;
}): Promise<void> {
  const { connection, config, logger } = options;
  const file = config.carriedCounters;
  const carried = file === undefined ? undefined : await readCarried(file);
  if (!carried || file === undefined) return;
  const { flow } = streamsOf(config);
  const js = jetstream(connection);
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const counters = Object.entries(carried).sort(([a], [b]) => (a < b ? -1 : 1));
  for (let start = 0; start < counters.length; start += maxBatchMessages) {
    const batch = counters.slice(start, start + maxBatchMessages);
    const first = batch[0]?.[0] ?? '';
    if (await manager.direct.getMessage(flow, { last_by_subj: first })) continue;
    const messages = batch.map(([subject, value]) => {
      const headers = createHeaders();
      headers.set('Nats-Incr', `+${value}`);
      return { subject, headers };
    });
    await publishBatch(js, messages);
  }
  await rm(file, { force: true });
  logger.info({ counters: counters.length }, 'counters of the site before taken in');
}
