import { fmtCreds } from '@nats-io/jwt';
import { decodeJwt } from './claims.ts';
import { pairOf, publicKeyOf } from './keys.ts';

/** A user's JWT with the seed of its key: what a .creds file holds. */
export interface Creds {
  readonly jwt: string;
  /** Secret. */
  readonly seed: string;
}

/** An ordinary NATS .creds file. Throws a RangeError where the JWT is about another key than the seed's. */
export function formatCreds(jwt: string, seed: string): string {
  const key = publicKeyOf(seed);
  const { subject, type } = decodeJwt(jwt);
  if (type !== 'user' || subject !== key) {
    throw new RangeError(`the JWT is about ${type} ${subject}, the seed is that of ${key}`);
  }
  return new TextDecoder().decode(fmtCreds(jwt, pairOf(seed)));
}

const block = (title: string) => new RegExp(`-{3,}BEGIN ${title}-{3,}\\s+(\\S+)\\s+-{3,}END ${title}-{3,}`);
const jwtBlock = block('NATS USER JWT');
const seedBlock = block('USER NKEY SEED');

/** Takes a .creds file apart. Throws a RangeError, which does not repeat the text, where it is none. */
export function parseCreds(text: string): Creds {
  const jwt = jwtBlock.exec(text)?.[1];
  const seed = seedBlock.exec(text)?.[1];
  if (jwt === undefined || seed === undefined) {
    throw new RangeError('not a NATS .creds file: expected a block with a user JWT and one with its seed');
  }
  return { jwt, seed };
}
