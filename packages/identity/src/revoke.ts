import { toSeconds } from './claims.ts';
import { isPublicKey } from './keys.ts';

/**
 * Revoked users of an account: public key, or `*` for all, to unix seconds. A user JWT is void where its
 * `iat` is not later than that.
 */
export type Revocations = Readonly<Record<string, number>>;

/** A user to revoke. */
export interface Revoked {
  /** Public user key, or `*` for every user of the account. */
  readonly publicKey: string;
  /** `iat` of its latest JWT, where it may lie ahead of the clock: the revocation is never earlier. */
  readonly iat?: number;
}

/**
 * The revocations with `users` added, void from now on (`now` in milliseconds since the epoch). Times only
 * ever rise. What a `*` covers is left out. Throws a RangeError for a key that is none.
 */
export function addRevocations(
  revocations: Revocations,
  users: readonly Revoked[],
  now: number,
): Revocations {
  const all = new Map(Object.entries(revocations));
  for (const { publicKey, iat } of users) {
    if (publicKey !== '*' && !isPublicKey('user', publicKey)) {
      throw new RangeError(`${JSON.stringify(publicKey)} is not a user's public key, nor *`);
    }
    all.set(publicKey, Math.max(toSeconds(now), iat ?? 0, all.get(publicKey) ?? 0));
  }
  const everyone = all.get('*');
  return Object.fromEntries(
    [...all].filter(([key, time]) => key === '*' || everyone === undefined || time > everyone),
  );
}

/** True where a user JWT of that key, issued at `iat` (seconds), is void. */
export function isRevoked(revocations: Revocations, publicKey: string, iat: number): boolean {
  return iat <= Math.max(revocations[publicKey] ?? -1, revocations['*'] ?? -1);
}
