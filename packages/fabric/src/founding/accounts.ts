import {
  type AccountKind,
  accountLimits,
  createKeys,
  issueAccount,
  issueUser,
  type Keys,
  type RoleOf,
  roles,
  type UserTags,
} from '@causeway/identity';
import type { Clock, Random } from '@causeway/protocol';

/** An account as it was founded: its claims, and the signing keys of its roles. */
export interface FoundedAccount<K extends AccountKind = AccountKind> {
  readonly kind: K;
  readonly name: string;
  readonly publicKey: string;
  readonly jwt: string;
  /** Secret. By role. */
  readonly signers: Readonly<Record<string, Keys>>;
}

/** What founding needs of the outside, and the operator's signing seed. */
export interface FoundingPorts {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Founds an account with a signing key for each of its roles. The account's own seed is not kept: the signing
 * keys give roles and the operator's key renews the claims, so nothing would need it.
 */
export async function foundAccount<K extends AccountKind>(
  kind: K,
  name: string,
  around: FoundingPorts & {
    readonly operatorSigner: string;
    readonly sites: number;
    readonly diskBytes: number;
  },
): Promise<FoundedAccount<K>> {
  const { clock, random, operatorSigner, sites, diskBytes } = around;
  const identity = createKeys('account', random);
  const signers = Object.fromEntries(
    Object.keys(roles[kind]).map((role) => [role, createKeys('account', random)]),
  );
  const { jwt } = await issueAccount(
    {
      kind,
      name,
      publicKey: identity.publicKey,
      signingKeys: Object.fromEntries(
        Object.entries(signers).map(([role, keys]) => [role, keys.publicKey]),
      ) as Partial<Record<RoleOf<K>, string>>,
      limits: accountLimits(kind, { sites, disk: diskBytes }),
      now: clock.now(),
    },
    operatorSigner,
  );
  return { kind, name, publicKey: identity.publicKey, jwt, signers };
}

/** A user of a founded account, with a key made here and now, because it is used here, or made here before. */
export async function foundUser<K extends AccountKind>(
  account: FoundedAccount<K>,
  role: RoleOf<K>,
  name: string,
  tags: UserTags,
  around: FoundingPorts,
  keys: Keys = createKeys('user', around.random),
): Promise<{ readonly jwt: string; readonly seed: string; readonly publicKey: string }> {
  const signer = account.signers[role];
  if (!signer) throw new Error(`account ${account.name} has no signing key for ${role}`);
  const { jwt } = await issueUser({
    account: { kind: account.kind, name: account.name, publicKey: account.publicKey },
    role,
    name,
    tags,
    key: keys.publicKey,
    signer: signer.seed,
    now: around.clock.now(),
  });
  return { jwt, seed: keys.seed, publicKey: keys.publicKey };
}
