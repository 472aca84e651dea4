import {
  type BreakingDifference,
  CausewayError,
  type ErrorCode,
  encodeJson,
  errorTable,
  headers as names,
  withoutAddresses,
} from '@causeway/protocol';
import { headers as createHeaders, type Msg, type MsgHdrs } from 'nats';

/** What a refused caller is told. */
export interface RefusalText {
  readonly code: ErrorCode;
  readonly reason: string;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  /** JSON pointer of the fault in the request. */
  readonly pointer?: string | undefined;
  /** Of a manifest: what it would break. */
  readonly differences?: readonly BreakingDifference[] | undefined;
}

/** A refusal on the wire: the two headers of NATS micro (NATS ADR-32) and the body of `schemas/refusal.json`. */
export function encodeRefusal(text: RefusalText): { body: Uint8Array; headers: MsgHdrs } {
  const error = new CausewayError(text.code, text.reason, {
    ...(text.retryAfter === undefined ? {} : { retryAfter: text.retryAfter }),
    ...(text.pointer === undefined ? {} : { pointer: text.pointer }),
    ...(text.differences === undefined ? {} : { differences: text.differences }),
  });
  const headers = createHeaders();
  headers.set(names.errorCode, String(error.number));
  headers.set(names.error, `${error.code}: ${headerSafe(error.reason)}`);
  return { body: encodeJson(error), headers };
}

/** A header's value is one line of printable text. */
function headerSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 256);
}

/** A service's own error: whatever code it names, it is a SERVICE_ERROR (or INVALID_REPLY where it says so). */
export function serviceError(message: Msg): RefusalText {
  const code = message.headers?.get(names.errorCode) ?? '';
  const told = (message.headers?.get(names.error) ?? '').slice(0, 1024);
  // It goes to callers of other sites and into the record: neither is told where the service's own peers are.
  const reason = withoutAddresses(told) || 'the service gave no reason';
  const invalid = code === String(errorTable.INVALID_REPLY.number);
  return { code: invalid ? 'INVALID_REPLY' : 'SERVICE_ERROR', reason };
}
