import { createInbox, type NatsConnection } from 'nats';

/** Where a consumer stands after a RESET. */
export interface ResetReply {
  /** The first sequence of the stream that may be delivered next. */
  readonly sequence: number;
  /** How many messages match and are not delivered. */
  readonly pending: number;
  /** How many were delivered since the RESET and before this reply: pull requests that waited live on. */
  readonly delivered: number;
  /** When the consumer was made; another time than before tells of a stream made anew. */
  readonly created: string;
}

/** Thrown where the server refuses a RESET. `code` is its `err_code`. */
export class ConsumerResetError extends Error {
  override readonly name = 'ConsumerResetError';
  readonly code: number;

  constructor(stream: string, consumer: string, code: number, description: string) {
    super(`cannot rewind consumer ${consumer} of ${stream}: ${description} (${code})`);
    this.code = code;
  }
}

/** The prefix the connection was made with; its type does not show it. */
export function inboxPrefixOf(connection: NatsConnection): string | undefined {
  return (connection as { options?: { inboxPrefix?: string } }).options?.inboxPrefix;
}

/** What a server writes as a time, or nothing. */
const createdPattern = /^[\w:.+-]{0,64}$/;

/**
 * Sets where a consumer goes on: at `sequence`, or without one at the first message not acknowledged (NATS
 * ADR-60; `$JS.API.CONSUMER.RESET.<stream>.<consumer>`). What was pending is forgotten and the consumer's own
 * sequence starts at 1 again; pull requests that wait stay, and are served at once. A sequence is admitted only by a consumer of
 * `deliver_policy` `all` (or by start, not before it); others, `last_per_subject` among them, answer with an
 * error. Where there is no such consumer, or not yet, nobody answers: rejects with a `TimeoutError`.
 *
 * The answer comes to a subscription of its own, not to the client's multiplexer: that reads the headers of whatever
 * comes, and where the consumer is another site's, so is what comes (`guardCallbacks` of the transport).
 */
export async function consumerReset(
  connection: NatsConnection,
  stream: string,
  consumer: string,
  sequence?: number,
  { timeout = 5_000, apiPrefix = '$JS.API' }: { timeout?: number; apiPrefix?: string } = {},
): Promise<ResetReply> {
  const body = sequence === undefined ? '' : JSON.stringify({ seq: sequence });
  const message = await connection.request(`${apiPrefix}.CONSUMER.RESET.${stream}.${consumer}`, body, {
    timeout,
    noMux: true,
    reply: `${createInbox(inboxPrefixOf(connection))}.reset`,
  });
  const reply = message.json<{
    error?: { err_code?: number; description?: string };
    reset_seq?: number;
    num_pending?: number;
    delivered?: { consumer_seq?: number };
    created?: string;
  }>();
  if (reply.error) {
    const { err_code: code = 0, description = 'no reason given' } = reply.error;
    throw new ConsumerResetError(stream, consumer, code, description);
  }
  const { created = '' } = reply;
  if (typeof created !== 'string' || !createdPattern.test(created)) {
    throw new Error(`the answer to RESET of consumer ${consumer} of ${stream} says no time of its making`);
  }
  return {
    sequence: reply.reset_seq ?? 1,
    pending: reply.num_pending ?? 0,
    delivered: reply.delivered?.consumer_seq ?? 0,
    created,
  };
}
