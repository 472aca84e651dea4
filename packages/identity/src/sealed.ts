import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Random } from '@causeway/protocol';

/** A message that only the holder of one key can read: `enrollReply` of `schemas/enroll-messages.json`. */
export interface Sealed {
  /** Public X25519 key of this message alone, base64url. */
  readonly key: string;
  readonly iv: string;
  /** AES-256-GCM with its tag of 16 bytes at the end, base64url. */
  readonly data: string;
}

/** Keys to be answered to. */
export interface SealingKeys {
  /** X25519 (RFC 7748), base64url. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** DER of an X25519 public key (RFC 8410), up to its 32 bytes. */
const spki = Buffer.from('302a300506032b656e032100', 'hex');
const tagBytes = 16;

/** Makes keys for one answer. */
export function sealingKeys(): SealingKeys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(spki.length);
  return { publicKey: raw.toString('base64url'), privateKey };
}

function secretOf(own: KeyObject, other: string, salt: string): Buffer {
  const raw = Buffer.from(other, 'base64url');
  const publicKey = createPublicKey({ key: Buffer.concat([spki, raw]), format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey: own, publicKey });
  return Buffer.from(hkdfSync('sha256', shared, salt, 'causeway sealed answer', 32));
}

/** Seals a text for the holder of `answerTo`. Throws where that is no X25519 key. */
export function sealFor(answerTo: string, text: string, random: Random): Sealed {
  const { publicKey, privateKey } = sealingKeys();
  const iv = Buffer.from(random.bytes(12));
  const cipher = createCipheriv('aes-256-gcm', secretOf(privateKey, answerTo, answerTo + publicKey), iv);
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { key: publicKey, iv: iv.toString('base64url'), data: data.toString('base64url') };
}

/** Opens what was sealed for these keys. Throws where it was sealed for others, or changed on its way. */
export function openSealed(keys: SealingKeys, sealed: Sealed): string {
  const secret = secretOf(keys.privateKey, sealed.key, keys.publicKey + sealed.key);
  const data = Buffer.from(sealed.data, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(sealed.iv, 'base64url'), {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(data.subarray(-tagBytes));
  return Buffer.concat([decipher.update(data.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
}
