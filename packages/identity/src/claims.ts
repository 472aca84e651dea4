import { Algorithms, type ClaimsData, decode, encode } from '@nats-io/jwt';
import { pairOf } from './keys.ts';

/** A signed JWT, and what its issuer must remember of it. */
export interface Issued {
  readonly jwt: string;
  /** Public key that the claims are about. */
  readonly publicKey: string;
  /** When it was issued: seconds since the epoch. Revoking and ordering go by this. */
  readonly iat: number;
}

/** What a JWT of this fabric says, once its signature has been checked. */
export interface Claims {
  readonly type: 'operator' | 'account' | 'user';
  readonly name: string;
  /** Public key that the claims are about. */
  readonly subject: string;
  /** Public key that signed them. Whether that key is trusted is for the reader to decide. */
  readonly issuer: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch; absent where it does not end. */
  readonly exp?: number;
  /** A user's account, where a signing key signed for it. */
  readonly issuerAccount?: string;
  /** The body as NATS has it. */
  readonly nats: Readonly<Record<string, unknown>>;
}

interface ClaimsToEncode {
  readonly name: string;
  readonly subject: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch. */
  readonly exp?: number;
  readonly nats: Record<string, unknown>;
}

/** Signs claims with an operator's or account's seed; for this package alone. */
export async function encodeClaims(claims: ClaimsToEncode, signerSeed: string): Promise<Issued> {
  const body: Omit<ClaimsData<unknown>, 'iat'> & { iat?: number } = {
    name: claims.name,
    sub: claims.subject,
    aud: 'NATS',
    iss: '',
    jti: '',
    nats: { ...claims.nats },
    ...(claims.exp === undefined ? {} : { exp: claims.exp }),
  };
  // The library stamps its own clock's time on every claim. Ours is passed in, and must rise strictly per
  // account, so the property ignores what is assigned to it.
  Object.defineProperty(body, 'iat', { enumerable: true, get: () => claims.iat, set: () => undefined });
  const jwt = await encode(Algorithms.v2, body as ClaimsData<unknown>, pairOf(signerSeed));
  return { jwt, publicKey: claims.subject, iat: claims.iat };
}

/**
 * Takes a JWT apart after checking its signature against the issuer named in it. Throws an Error for
 * anything else than an operator, account or user JWT.
 */
export function decodeJwt(jwt: string): Claims {
  const claims = decode<Record<string, unknown>>(jwt);
  const type = claims.nats.type;
  if (type !== 'operator' && type !== 'account' && type !== 'user') {
    throw new Error(`a JWT of type ${JSON.stringify(type)}; expected operator, account or user`);
  }
  const issuerAccount = claims.nats.issuer_account;
  return {
    type,
    name: claims.name,
    subject: claims.sub,
    issuer: claims.iss,
    iat: claims.iat,
    ...(claims.exp === undefined ? {} : { exp: claims.exp }),
    ...(typeof issuerAccount === 'string' ? { issuerAccount } : {}),
    nats: claims.nats,
  };
}

/** Milliseconds on a `Clock` as the whole seconds that claims count in. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
