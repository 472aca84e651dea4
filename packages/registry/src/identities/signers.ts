import { rm } from 'node:fs/promises';
import path from 'node:path';
import { accountNames, createKeys, decodeJwt, publicKeyOf, writeSecret } from '@causeway/identity';
import { documentKeys, type Random, type Service } from '@causeway/protocol';
import type { Keyring } from '../config.ts';
import type { DocumentStore } from '../documents/store.ts';

/** The seeds that sign users: of each role in an account the one in use, and while it is replaced the next. */
export interface Signers {
  /** Seed of the key in use. Throws where there is none. */
  signer(account: string, role: string): string;
  /** The public key that is in use in the place of the one the account was founded with. */
  replaced(account: string, role: string): string | undefined;
  /** The next key of a role, made where there is none yet; its public half. */
  next(account: string, role: string): Promise<string>;
  /** The documents say that the next keys are in use: they take the files of those before, whose seeds are gone. */
  settle(account: string, roles: readonly string[]): Promise<void>;
}

/** What an identity's document says of who signed for a new key of its; nothing where that is whom it was founded with. */
export function signedBy(
  signers: Pick<Signers, 'replaced'>,
  { tenant, signers: before }: Pick<Service, 'tenant' | 'signers'>,
  key: string,
): Pick<Service, 'signers'> {
  const signer = signers.replaced(tenant, 'service');
  return signer === undefined ? {} : { signers: { ...before, [key]: signer } };
}

/**
 * Creates it, in the registry's folder. Which key is in use stands in the documents, so that it changes at once with the
 * claims, and whoever is killed while files are moved finds the right one.
 */
export function createSigners(options: {
  dir: string;
  keyring: Pick<Keyring, 'signer'>;
  store: Pick<DocumentStore, 'get'>;
  random: Random;
}): Signers {
  const { dir, keyring, store, random } = options;
  const made = new Map<string, string>();
  const nextRole = (role: string) => `${role}.next`;
  const fileOf = (account: string, role: string) => path.join(dir, 'keys', `${account}.${role}.nk`);

  function seedOf(account: string, role: string): string | undefined {
    const own = made.get(`${account}.${role}`);
    if (own !== undefined) return own === '' ? undefined : own;
    try {
      return keyring.signer(account, role);
    } catch {
      return undefined;
    }
  }

  function replaced(account: string, role: string): string | undefined {
    const key = account === accountNames.control ? documentKeys.control : documentKeys.account(account);
    const document = store.get(key);
    if (document?.kind !== 'account' && document?.kind !== 'control') return undefined;
    return (document.signers as Readonly<Record<string, string>> | undefined)?.[role];
  }

  return {
    replaced,
    signer(account, role) {
      const wanted = replaced(account, role);
      for (const each of [role, nextRole(role)]) {
        const seed = seedOf(account, each);
        if (seed !== undefined && (wanted === undefined || publicKeyOf(seed) === wanted)) return seed;
      }
      throw new Error(`the signing key ${wanted ?? ''} of ${account}.${role} is not in ${dir}/keys`);
    },
    async next(account, role) {
      const standing = seedOf(account, nextRole(role));
      if (standing !== undefined) return publicKeyOf(standing);
      const { seed, publicKey } = createKeys('account', random);
      await writeSecret(fileOf(account, nextRole(role)), seed);
      made.set(`${account}.${nextRole(role)}`, seed);
      return publicKey;
    },
    async settle(account, roles) {
      for (const role of roles) {
        const next = seedOf(account, nextRole(role));
        if (next === undefined || publicKeyOf(next) !== replaced(account, role)) continue;
        await writeSecret(fileOf(account, role), next);
        made.set(`${account}.${role}`, next);
        await rm(fileOf(account, nextRole(role)), { force: true });
        made.set(`${account}.${nextRole(role)}`, '');
      }
    },
  };
}

/** True where another key than this has signed the user. */
export function signedByOther(jwt: string, seed: string): boolean {
  return decodeJwt(jwt).issuer !== publicKeyOf(seed);
}
