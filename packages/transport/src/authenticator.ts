import type { Logger } from '@causeway/protocol';
import type { Authenticator } from 'nats';
import { type JwtAndSeed, readCreds } from './creds.ts';
import { createSigner, type Signer } from './signer.ts';

/** A path of a `.creds` file, credentials, or a function that gives those of the moment. */
export type CredentialsSource = string | JwtAndSeed | (() => JwtAndSeed);

/**
 * Answers the server's nonce with the credentials of the moment, so that a file written anew is used at the
 * next reconnect. Throws for a source that is bad from the start; later the last good credentials stay in use,
 * since an authenticator that throws ends its connection for good.
 */
export function createAuthenticator(source: CredentialsSource, logger: Logger): Authenticator {
  const read =
    typeof source === 'function' ? source : () => (typeof source === 'string' ? readCreds(source) : source);
  let credentials = read();
  let signer: Signer = createSigner(credentials.seed);
  return (nonce) => {
    try {
      const current = read();
      if (current.seed !== credentials.seed) signer = createSigner(current.seed);
      credentials = current;
    } catch (err) {
      logger.warn({ err }, 'cannot read the credentials again; going on with those read before');
    }
    const sig = Buffer.from(signer.sign(Buffer.from(nonce ?? ''))).toString('base64url');
    return { jwt: credentials.jwt, sig };
  };
}
