import { type CausewayError, encodeJson, headers as names } from '@causeway/protocol';
import { headers as createHeaders, type MsgHdrs } from 'nats';

/** An error on the wire: the headers of NATS micro (NATS ADR-32) and the body of `schemas/refusal.json`. */
export function encodeError(error: CausewayError): { body: Uint8Array; headers: MsgHdrs } {
  const headers = createHeaders();
  headers.set(names.errorCode, String(error.number));
  headers.set(names.error, error.code);
  return { body: encodeJson(error), headers };
}
