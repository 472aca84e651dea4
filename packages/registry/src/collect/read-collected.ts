import { type StreamMessage, streamNames } from '@causeway/nats-server';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';

/**
 * Reads all that the hub holds of one site's records or counters, in order, on a connection of the registry's user in
 * OPS. For counters these are the last values.
 */
export async function readCollected(
  connection: NatsConnection,
  kind: 'audit' | 'flow',
  site: string,
  onMessage: (message: StreamMessage) => void,
): Promise<void> {
  const stream = kind === 'audit' ? streamNames.audit : streamNames.flow;
  const consumer = await jetstream(connection).consumers.get(stream, {
    deliver_policy: DeliverPolicy.All,
    filter_subjects: [`from.${site}.${kind}.>`],
  });
  if ((await consumer.info()).num_pending === 0) return;
  const messages = await consumer.consume();
  for await (const message of messages) {
    const { subject, headers, data, seq: sequence } = message;
    const { pending } = message.info;
    onMessage({ subject, headers, data, sequence, time: message.time.getTime(), pending });
    if (pending === 0) break;
  }
  await messages.close();
}
