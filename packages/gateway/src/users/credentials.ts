import { decodeJwt, formatCreds, writeSecret } from '@causeway/identity';
import { readCreds } from '@causeway/transport';

/**
 * Puts a re-issued JWT into a credentials file, with the seed that is there, or with that of a new key that was made at this
 * site: no seed ever leaves it. Resolves with false where the file holds that JWT already. Throws an Error for a JWT of a
 * key that nobody here has.
 */
export async function renewCredentials(
  file: string,
  jwt: string,
  seedOf: (publicKey: string) => string | undefined,
): Promise<boolean> {
  const current = readCreds(file);
  if (current.jwt === jwt) return false;
  const { subject } = decodeJwt(jwt);
  const seed = subject === current.publicKey ? current.seed : seedOf(subject);
  if (seed === undefined)
    throw new Error(`${file}: a user was issued for ${subject}, whose seed is not here`);
  await writeSecret(file, formatCreds(jwt, seed));
  return true;
}
