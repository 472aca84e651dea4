import { headerBlock } from '@causeway/transport';
import type { MsgHdrs } from 'nats';

/**
 * Headers that fit into any message and keep the client that decodes them busy for longer than anyone waits: 40,000
 * take some 20 s.
 */
export function manyHeaders(count = 40_000): MsgHdrs {
  return headerBlock(Array.from({ length: count }, (_, at) => [`h${at.toString(36)}`, '']));
}
