import { headers as names } from '@causeway/protocol';
import { headerBlock } from '@causeway/transport';
import type { MsgHdrs } from 'nats';

/**
 * The headers of an answer to somebody who may call the API, with its deprecation; the headers themselves where it
 * has none. Who may not call it is told nothing, for he would learn that it exists.
 */
export function withDeprecation(
  deprecation: string | undefined,
  headers: MsgHdrs | undefined,
): MsgHdrs | undefined {
  if (deprecation === undefined) return headers;
  if (headers === undefined) return headerBlock([[names.deprecation, deprecation]]);
  headers.set(names.deprecation, deprecation);
  return headers;
}
