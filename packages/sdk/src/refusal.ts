import {
  CausewayError,
  decodeJson,
  type ErrorCode,
  errorTable,
  headers,
  isErrorCode,
  parseMessage,
} from '@causeway/protocol';
import type { MuxFault } from '@causeway/transport';

/** The part of a reply that is looked at here. */
export interface Reply {
  readonly data: Uint8Array;
  readonly headers?: { get(name: string): string } | undefined;
}

/** The error that a reply carries; undefined where it is a result. */
export function refusalOf(reply: Reply): CausewayError | undefined {
  const number = reply.headers?.get(headers.errorCode);
  if (!number) return undefined;
  const { value } = parseMessage('Refusal', reply.data);
  if (!value) {
    return new CausewayError(codeOfNumber(number), reply.headers?.get(headers.error) || `error ${number}`);
  }
  const { code, reason, retryAfter, pointer, differences } = value;
  // A code of a newer version: its number says what kind it is, and the name is kept in the reason.
  if (!isErrorCode(code)) return new CausewayError(codeOfNumber(number), `${code}: ${reason}`);
  return new CausewayError(code, reason, {
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(pointer === undefined ? {} : { pointer }),
    ...(differences === undefined ? {} : { differences }),
  });
}

function codeOfNumber(text: string): ErrorCode {
  const codes = Object.keys(errorTable) as ErrorCode[];
  return codes.find((code) => String(errorTable[code].number) === text) ?? 'SERVICE_ERROR';
}

/** The result in a reply. Throws a CausewayError: the one it carries, or INVALID_REPLY where it is not JSON. */
export function resultOf(reply: Reply): unknown {
  const refusal = reply.headers === undefined ? undefined : refusalOf(reply);
  if (refusal) throw refusal;
  try {
    return decodeJson(reply.data);
  } catch (cause) {
    throw new CausewayError('INVALID_REPLY', `the reply is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** A request to one's own site's gateway that got no reply. */
export function gatewayFault(fault: MuxFault, site: string, subject: string): CausewayError {
  switch (fault) {
    case 'no-responders':
      return new CausewayError('UNREACHABLE', `no gateway of ${site} is there`);
    case 'denied':
      return new CausewayError('DENIED', `the server does not let these credentials publish to ${subject}`);
    case 'timeout':
      return new CausewayError('DEADLINE_EXCEEDED', `the gateway of ${site} did not answer in time`);
    default:
      return new CausewayError('UNREACHABLE', 'the connection was closed');
  }
}
