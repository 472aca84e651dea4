import { formatCreds, writeSecret } from '@causeway/identity';
import { readCreds } from '@causeway/transport';

/**
 * Puts a re-issued JWT into a credentials file, with the seed that is there: the seed never left this site.
 * Resolves with false where the file holds that JWT already.
 */
export async function renewCredentials(file: string, jwt: string): Promise<boolean> {
  const current = readCreds(file);
  if (current.jwt === jwt) return false;
  await writeSecret(file, formatCreds(jwt, current.seed));
  return true;
}
