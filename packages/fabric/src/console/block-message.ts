import type { BlockMessage } from '@causeway/audit';
import type { StreamMessage } from '@causeway/nats-server';

/** A stream's message as the audit package reads it. */
export function blockMessageOf(message: StreamMessage): BlockMessage {
  return {
    subject: message.subject,
    header: (name) => message.headers?.get(name) || undefined,
    body: message.data,
  };
}
