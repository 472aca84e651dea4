import type { MsgHdrs } from 'nats';

const encoder = new TextEncoder();

/** Names and values of headers, in order. */
export type HeaderFields = readonly (readonly [name: string, value: string])[];

/**
 * Headers that are written and never read again, for `publish`: one string and one encoding, where the
 * client's own header object validates, copies and searches for each field. Throws a RangeError for a value
 * that holds a line break, which would smuggle in a header of its own. Names are the code's, never input.
 */
export function headerBlock(fields: HeaderFields): MsgHdrs {
  let text = 'NATS/1.0\r\n';
  for (const [name, value] of fields) {
    if (/[\r\n]/.test(value)) throw new RangeError(`header ${name} must not hold a line break`);
    text += `${name}: ${value}\r\n`;
  }
  const block = { encode: () => encoder.encode(`${text}\r\n`) };
  // The client calls nothing but `encode` on the headers of a message it publishes (its `protocol.publish`).
  return block as unknown as MsgHdrs;
}

/** Length in bytes of a `headerBlock` of these fields on the wire; it counts towards the server's `max_payload`. */
export function headerBytes(fields: HeaderFields): number {
  return fields.reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value) + 4, 12);
}
