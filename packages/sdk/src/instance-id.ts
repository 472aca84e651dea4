import type { Random } from '@causeway/protocol';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A name for one run of a service: twelve characters of a-z and 0-9, 62 random bits. */
export function instanceId(random: Random): string {
  let id = '';
  while (id.length < 12) {
    for (const byte of random.bytes(16)) {
      // 252 is the largest multiple of 36 in a byte: above it the first letters would be likelier.
      if (byte < 252 && id.length < 12) id += alphabet[byte % 36];
    }
  }
  return id;
}
