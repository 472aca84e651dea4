import { encodeClaims, type Issued, toSeconds } from './claims.ts';
import { isPublicKey, type Keys } from './keys.ts';

/** What an operator JWT is made of. */
export interface OperatorOptions {
  /** The fabric's name, for people. */
  readonly name: string;
  /** The identity key. After this it can be taken offline: the signing keys do the daily work. */
  readonly keys: Keys;
  /** Public operator keys that may sign accounts. */
  readonly signingKeys: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Issues the operator JWT that every server trusts. It names no system account: each server has one of its
 * own, and nats-server refuses to start where this claim and its configuration differ.
 */
export async function issueOperator(options: OperatorOptions): Promise<Issued> {
  for (const key of options.signingKeys) {
    if (!isPublicKey('operator', key)) {
      throw new RangeError(`signing key ${JSON.stringify(key)} is not an operator's public key`);
    }
  }
  return encodeClaims(
    {
      name: options.name,
      subject: options.keys.publicKey,
      iat: toSeconds(options.now),
      nats: { signing_keys: [...options.signingKeys], type: 'operator' },
    },
    options.keys.seed,
  );
}
