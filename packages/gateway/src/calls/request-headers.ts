import { isToken, headers as names } from '@causeway/protocol';
import type { MsgHdrs } from 'nats';

/** What a gateway takes from a caller's headers; everything else is dropped. */
export interface RequestHeaders {
  /** The caller's id for the call; undefined where it sent none or a bad one. */
  readonly call: string | undefined;
  /** When the caller gives up, ms since the epoch on the hub's clock; undefined where it did not say. */
  readonly deadline: number | undefined;
  /** A well-formed W3C traceparent. */
  readonly traceparent: string | undefined;
}

const none: RequestHeaders = { call: undefined, deadline: undefined, traceparent: undefined };
const traceparentPattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const deadlinePattern = /^\d{1,15}$/;

/** Reads the allowed headers of a request. A malformed one counts as absent. */
export function readRequestHeaders(headers: MsgHdrs | undefined): RequestHeaders {
  if (!headers) return none;
  const call = headers.get(names.call);
  const deadline = headers.get(names.deadline);
  const traceparent = headers.get(names.traceparent);
  return {
    call: isToken(call) ? call : undefined,
    deadline: deadlinePattern.test(deadline) ? Number(deadline) : undefined,
    traceparent: traceparentPattern.test(traceparent) ? traceparent : undefined,
  };
}

/** The trace id of a traceparent header (W3C Trace Context, section 3.2). */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
