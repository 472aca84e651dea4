import { CausewayError, encodeJson, type Logger, headers as names } from '@causeway/protocol';
import { headers as createHeaders, type MsgHdrs, type NatsConnection } from 'nats';

/** Largest reply in bytes; below the server's largest message, with room for headers. */
const maxReplyBytes = 900_000;

/** An error on the wire: the headers of NATS micro (NATS ADR-32) and the body of `schemas/refusal.json`. */
function encodeError(error: CausewayError): { body: Uint8Array; headers: MsgHdrs } {
  const headers = createHeaders();
  headers.set(names.errorCode, String(error.number));
  headers.set(names.error, error.code);
  return { body: encodeJson(error), headers };
}

/**
 * Answers with what an operation gives or with its refusal. What is no CausewayError is told as a failure alone
 * and logged in full. Never rejects.
 */
export async function answerWith(
  connection: NatsConnection,
  reply: string,
  operation: Promise<object>,
  logger: Logger,
): Promise<void> {
  try {
    try {
      const body = encodeJson(await operation);
      if (body.length > maxReplyBytes) {
        throw new CausewayError(
          'PAYLOAD_TOO_LARGE',
          `the answer has ${body.length} bytes, ${maxReplyBytes} can be sent; ask for less, by name`,
        );
      }
      connection.publish(reply, body);
    } catch (thrown) {
      const error = CausewayError.opaque(thrown, 'the registry');
      if (error === thrown) logger.info({ refused: error.toJSON() }, 'request refused');
      else logger.error({ err: thrown }, 'request failed');
      const { body, headers } = encodeError(error);
      connection.publish(reply, body, { headers });
    }
  } catch (err) {
    logger.error({ err }, 'answer not sent');
  }
}
