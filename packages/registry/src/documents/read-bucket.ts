import { DeliverPolicy, type JetStreamClient } from '@nats-io/jetstream';

/** A key of a bucket as it stands. */
export interface BucketEntry {
  readonly key: string;
  /** Undefined where the key was deleted. */
  readonly value: unknown;
  /** Sequence of its last change. */
  readonly revision: number;
  /** When that was, on the server's clock; ms. */
  readonly at: number;
}

/** Reads every key of a bucket as it stands. */
export async function readBucket(js: JetStreamClient, bucket: string): Promise<BucketEntry[]> {
  const prefix = `$KV.${bucket}.`;
  const consumer = await js.consumers.get(`KV_${bucket}`, {
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subjects: [`${prefix}>`],
  });
  const entries: BucketEntry[] = [];
  if ((await consumer.info()).num_pending === 0) return entries;
  const messages = await consumer.consume();
  for await (const message of messages) {
    const gone = message.headers?.has('KV-Operation') === true;
    entries.push({
      key: message.subject.slice(prefix.length),
      value: gone ? undefined : message.json(),
      revision: message.seq,
      at: Date.parse(message.timestamp),
    });
    if (message.info.pending === 0) break;
  }
  await messages.close();
  return entries;
}
