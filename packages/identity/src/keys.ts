import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Random } from '@causeway/protocol';
import { fromPublic, fromSeed, type KeyPair, Prefix } from 'nkeys.js';
// The package's front door only makes keys from its own randomness; its codec takes ours.
import { Codec } from 'nkeys.js/lib/codec.js';

/** What an NKey stands for. */
export type KeyKind = 'operator' | 'account' | 'user';

/** An NKey: the public half (56 characters, `O…`, `A…` or `U…`) and the seed (58 characters, `SO…`, `SA…`, `SU…`). */
export interface Keys {
  readonly publicKey: string;
  /** Secret. Never logged; kept only in files of mode 0600. */
  readonly seed: string;
}

const prefixes = { operator: Prefix.Operator, account: Prefix.Account, user: Prefix.User } as const;
const seedPattern = /^S[OAU][A-Z2-7]{56}$/;
const letters = { operator: 'O', account: 'A', user: 'U' } as const;

/** Makes a key from 32 bytes of `random`. */
export function createKeys(kind: KeyKind, random: Random): Keys {
  const seed = new TextDecoder().decode(Codec.encodeSeed(prefixes[kind], random.bytes(32)));
  return { publicKey: publicKeyOf(seed), seed };
}

/** The public half of a seed. Throws a RangeError, which does not repeat the input, where it is no seed. */
export function publicKeyOf(seed: string): string {
  return pairOf(seed).getPublicKey();
}

/** True for the well-formed public key (prefix, length, checksum) of that kind. */
export function isPublicKey(kind: KeyKind, text: string): boolean {
  if (text.length !== 56 || !text.startsWith(letters[kind])) return false;
  try {
    // `fromPublic` looks at the prefix alone; decoding checks the sum.
    Codec.decode(prefixes[kind], new TextEncoder().encode(text));
    return fromPublic(text).getPublicKey() === text;
  } catch {
    return false;
  }
}

/** DER of an Ed25519 private key (RFC 8410), up to the 32 bytes of the key itself. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The pair that signs with a seed; for this package alone. It signs by `node:crypto`: the library's own signing,
 * in plain JavaScript, takes a hundred times as long, and a fabric is founded with dozens of signatures.
 */
export function pairOf(seed: string): KeyPair {
  try {
    if (!seedPattern.test(seed)) throw new RangeError();
    const bytes = new TextEncoder().encode(seed);
    const { prefix, buf } = Codec.decodeSeed(bytes);
    const key = createPrivateKey({ key: Buffer.concat([pkcs8, buf]), format: 'der', type: 'pkcs8' });
    const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
    const publicKey = new TextDecoder().decode(Codec.encode(prefix, Buffer.from(x, 'base64url')));
    const pair = fromSeed(bytes);
    pair.getPublicKey = () => publicKey;
    pair.sign = (data) => new Uint8Array(sign(null, data, key));
    return pair;
  } catch {
    // Without the cause: messages of parsers like to quote what they were given.
    throw new RangeError('not an NKey seed: expected 58 characters that begin with SO, SA or SU');
  }
}
