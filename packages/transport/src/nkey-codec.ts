/**
 * The text form of NKeys: base32 (RFC 4648, no padding) of prefix bytes, 32 raw bytes and a CRC-16/XMODEM,
 * low byte first. Ours, because only 60 lines are needed and `nkeys.js` keeps its codec to itself.
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const seedPrefix = 18 << 3;

/** What stands behind a text that claims to be an NKey, or why it is none. */
export type Decoded<T> = { readonly value: T; readonly fault?: never } | { readonly fault: string };

/** A seed: the byte that names its role (160 is a user, 0 an account, 112 an operator), and the raw seed. */
export interface DecodedSeed {
  readonly role: number;
  readonly raw: Uint8Array;
}

/** Decodes a seed (`SU…`, `SA…`, `SO…`). The fault never holds the text: it may be a secret with a typo. */
export function decodeSeed(text: string): Decoded<DecodedSeed> {
  const bytes = decodeChecked(text);
  if (bytes === undefined) return { fault: 'is damaged: not base32, or its checksum does not fit' };
  const [first = 0, second = 0] = bytes;
  if ((first & 0xf8) !== seedPrefix) return { fault: 'is not an NKey seed (a seed begins with S)' };
  if (bytes.length !== 34) return { fault: `has ${bytes.length - 2} bytes where a seed has 32` };
  return { value: { role: ((first & 7) << 5) | (second >> 3), raw: bytes.subarray(2) } };
}

/** Decodes a public key (`U…`, `A…`, `O…`, `N…`) to its 32 raw bytes. */
export function decodePublicKey(text: string): Decoded<Uint8Array> {
  const bytes = decodeChecked(text);
  if (bytes === undefined) return { fault: 'is damaged: not base32, or its checksum does not fit' };
  if (bytes.length !== 33) return { fault: 'is not the public key of an NKey' };
  return { value: bytes.subarray(1) };
}

/** The text form of a public key of this role. */
export function encodePublicKey(role: number, raw: Uint8Array): string {
  const body = Uint8Array.of(role, ...raw);
  const crc = crc16(body);
  return base32(Uint8Array.of(...body, crc & 0xff, crc >> 8));
}

function decodeChecked(text: string): Uint8Array | undefined {
  const bytes = fromBase32(text);
  if (bytes === undefined || bytes.length < 4) return undefined;
  const body = bytes.subarray(0, -2);
  const [low = 0, high = 0] = bytes.subarray(-2);
  return crc16(body) === (low | (high << 8)) ? body : undefined;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc;
}

function base32(bytes: Uint8Array): string {
  let [text, bits, value] = ['', 0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [bits, value, length] = [0, 0, 0];
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return undefined;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length] = (value >> bits) & 0xff;
    length += 1;
  }
  // The bits left over must be zero, so that one key has one text.
  return (value & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}
