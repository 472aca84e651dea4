import type { JetStreamClient, PubAck } from '@nats-io/jetstream';
import { headers as createHeaders, type MsgHdrs } from 'nats';

/** A message of a batch. */
export interface BatchMessage {
  readonly subject: string;
  readonly payload?: Uint8Array;
  /** Taken over: the batch adds its own to them. */
  readonly headers?: MsgHdrs;
}

/** One atomic batch holds 1,000 messages at most (NATS ADR-50). */
export const maxBatchMessages = 1_000;

/**
 * Publishes messages to one stream, all or none of them, and resolves with the acknowledgement of the last. Rejects
 * with the server's JetStreamApiError where it refused them, and with a RequestError where no answer came: then it is
 * not known whether they were stored, and a late commit may still store them.
 */
export async function publishBatch(
  js: JetStreamClient,
  messages: readonly BatchMessage[],
  options: { timeoutMs?: number } = {},
): Promise<PubAck> {
  const timeout = options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs };
  const [first, ...rest] = messages;
  const last = rest.pop();
  if (!first) throw new Error('a batch has at least one message');
  if (!last) return js.publish(first.subject, first.payload, { ...headersOf(first), ...timeout });
  const batch = await js.startBatch(first.subject, first.payload, { ...headersOf(first), ...timeout });
  for (const message of rest) batch.add(message.subject, message.payload, headersOf(message));
  // The commit is published as any message is: the client's own hides what the server says against it.
  const headers = last.headers ?? createHeaders();
  headers.set('Nats-Batch-Id', batch.id);
  headers.set('Nats-Batch-Sequence', String(batch.count + 1));
  headers.set('Nats-Batch-Commit', '1');
  return js.publish(last.subject, last.payload, { headers, ...timeout });
}

function headersOf({ headers }: BatchMessage): { headers?: MsgHdrs } {
  return headers === undefined ? {} : { headers };
}
