import { CausewayError, encodeJson, headers as names, withoutAddresses } from '@causeway/protocol';
import { headerBlock, type MsgHdrs } from '@causeway/transport';

/** An answer as it goes on the wire. */
export interface Answer {
  readonly body: Uint8Array;
  readonly headers?: MsgHdrs;
}

/** Most characters of a reason that go on the wire: enough to read, too few to carry a dump. */
const maxReason = 1_024;
/** What headers and protocol may add to a body, in bytes. */
const headroom = 1_024;

/** A handler's result as an answer; INVALID_REPLY for one that is not JSON or larger than the server takes. */
export function answerOf(result: unknown, maxPayload: number): Answer {
  let body: Uint8Array;
  try {
    const value = result === undefined ? null : result;
    if (JSON.stringify(value) === undefined) throw new TypeError(`a ${typeof value} has no JSON form`);
    body = encodeJson(value);
  } catch (error) {
    return errorAnswer('INVALID_REPLY', `the handler’s result is not JSON: ${(error as Error).message}`);
  }
  if (body.length + headroom <= maxPayload) return { body };
  const reason = `the handler’s result has ${body.length} bytes; the server takes ${maxPayload - headroom}`;
  return errorAnswer('INVALID_REPLY', reason);
}

/**
 * What a handler threw, as SERVICE_ERROR: its message alone, no stack, and without the addresses that it names. A refusal that the service itself met
 * on its own calls is no refusal of its caller, so it too is an error of the service.
 */
export function thrownAnswer(thrown: unknown): Answer {
  if (thrown instanceof CausewayError) {
    const text = thrown.code === 'SERVICE_ERROR' ? thrown.reason : thrown.message;
    return errorAnswer('SERVICE_ERROR', withoutAddresses(text));
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return errorAnswer('SERVICE_ERROR', withoutAddresses(text.slice(0, maxReason + 1)));
}

/** An error as an answer: the two headers of NATS micro (NATS ADR-32) and the body of `schemas/refusal.json`. */
export function errorAnswer(code: CausewayError['code'], reason: string, pointer?: string): Answer {
  const text = reason.length > maxReason ? `${reason.slice(0, maxReason)}…` : reason;
  const error = new CausewayError(code, text, pointer === undefined ? {} : { pointer });
  return {
    body: encodeJson(error),
    headers: headerBlock([
      [names.errorCode, String(error.number)],
      // A header's value is one line of printable text; the body has the reason as it is.
      [names.error, `${code}: ${text.replace(/[^\x20-\x7e]/g, '?').slice(0, 256)}`],
    ]),
  };
}
