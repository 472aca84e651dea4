import { createHash } from 'node:crypto';
import { isPublicKey, roles } from '@causeway/identity';
import { canonicalJson } from '@causeway/policy';
import { CausewayError, type EnrollRequest } from '@causeway/protocol';
import { verifySignature } from '@causeway/transport';
import type { DocumentStore } from '../documents/store.ts';
import { knownKeys } from '../identities/known-keys.ts';

type JoiningKeys = EnrollRequest['keys'];

/** What proof and signatures of a request are of: all else in it. */
export function signedPart(request: Omit<EnrollRequest, 'proof' | 'signatures'>): Uint8Array {
  const { proof: _, signatures: __, ...rest } = request as Partial<EnrollRequest>;
  return new TextEncoder().encode(canonicalJson(rest));
}

/** Tells the keys of one joining site from those of another: SHA-256, hex. */
export function digestOf(keys: JoiningKeys): string {
  return createHash('sha256').update(canonicalJson(keys)).digest('hex');
}

const refuse = (reason: string, pointer: string) => new CausewayError('INVALID_REQUEST', reason, { pointer });

/**
 * Throws INVALID_REQUEST for keys that a site must not be given claims for: those that are none, those that somebody
 * else has (to revoke this site would revoke him), and accounts that the sender does not hold: claims for another's
 * account, with his own signing keys in them, would be his to push.
 */
export function requireOwnKeys(request: EnrollRequest, store: Pick<DocumentStore, 'all' | 'accounts'>): void {
  const { keys, signatures } = request;
  const message = signedPart(request);
  for (const kind of ['account', 'system'] as const) {
    const pointer = `/keys/${kind}`;
    const { key, signers } = keys[kind];
    const signature = Buffer.from(signatures[kind], 'base64url');
    if (!isPublicKey('account', key) || !verifySignature(key, message, signature)) {
      throw refuse(`${kind}: the request is not signed with that account’s key`, `/signatures/${kind}`);
    }
    const wanted = Object.keys(roles[kind === 'account' ? 'site' : 'system']).sort();
    if (Object.keys(signers).sort().join() !== wanted.join()) {
      throw refuse(`signing keys are needed for ${wanted.join(', ')}`, `${pointer}/signers`);
    }
    for (const [role, signer] of Object.entries(signers)) {
      if (!isPublicKey('account', signer))
        throw refuse('is no public key of an account', `${pointer}/signers/${role}`);
    }
  }
  const users = [
    keys.leaf,
    keys.gateway,
    ...Object.values(keys.tenants).flatMap(({ gateway, leaf }) => [gateway, leaf]),
  ];
  const bad = users.find((key) => !isPublicKey('user', key));
  if (bad !== undefined) throw refuse(`${JSON.stringify(bad)} is no public key of a user`, '/keys');
  const own = [
    ...users,
    ...[keys.account, keys.system].flatMap(({ key, signers }) => [key, ...Object.values(signers)]),
  ];
  if (new Set(own).size !== own.length) throw refuse('a key is there twice; each use needs its own', '/keys');
  const taken = knownKeys(store);
  if (own.some((key) => taken.has(key)))
    throw refuse('a key is in use elsewhere in the fabric; make new ones', '/keys');
}
