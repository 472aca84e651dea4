import { decodeJwt, encodeClaims, type Issued, toSeconds } from './claims.ts';
import { isPublicKey } from './keys.ts';
import { type AccountLimits, accountLimits, claimsOfLimits } from './limits.ts';
import { accountNames, siteFault, tenantFault } from './names.ts';
import { addRevocations, type Revocations, type Revoked } from './revoke.ts';
import { type AccountKind, claimsOfRole, type RoleOf, roleTemplate } from './templates/roles.ts';

/** What an account JWT is made of. */
export interface AccountOptions<K extends AccountKind = AccountKind> {
  readonly kind: K;
  /** `CONTROL`, a tenant's name, `site-<site>` or `SYS-<site>` (`accountNames`). */
  readonly name: string;
  /** Public key of the account. */
  readonly publicKey: string;
  /**
   * Public account keys, one for each role that users shall have: whoever signs with such a key can give that
   * role and nothing else. In a system account they are plain signing keys, as its users carry their own
   * permissions. Several keys of a role count alike: while one takes the other's place.
   */
  readonly signingKeys: Partial<Record<RoleOf<K>, string | readonly string[]>>;
  readonly limits: AccountLimits;
  readonly revocations?: Revocations;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** `iat` of this account's JWT before; the new one is later, also within the same second. */
  readonly previousIat?: number;
}

/** Public keys that sign users, by role. */
export type SigningKeys = Readonly<Record<string, readonly string[]>>;

interface ScopedKey {
  readonly role?: string;
  readonly key?: string;
}

/** The signing keys of each role in an account's claims, as they stand there. */
export function signingKeysOf(jwt: string): SigningKeys {
  const found: Record<string, string[]> = {};
  for (const { role, key } of (decodeJwt(jwt).nats.signing_keys ?? []) as readonly ScopedKey[]) {
    if (role === undefined || key === undefined) continue;
    found[role] = [...(found[role] ?? []), key];
  }
  return found;
}

/** Says what is wrong with the name of an account of that kind, or undefined. */
export function accountFault(kind: AccountKind, name: string): string | undefined {
  if (kind === 'tenant') return tenantFault(name);
  if (kind === 'control') {
    return name === accountNames.control
      ? undefined
      : `the control account must be called CONTROL, not "${name}"`;
  }
  if (kind === 'ops') {
    return name === accountNames.ops ? undefined : `the consoles' account must be called OPS, not "${name}"`;
  }
  const prefix = accountNames[kind]('');
  if (!name.startsWith(prefix)) return `a ${kind} account must be called "${prefix}<site>", not "${name}"`;
  return siteFault(name.slice(prefix.length));
}

/**
 * Issues an account JWT, signed with the seed of an operator key. Its `iat` rises strictly, as servers and
 * gateways take only a later claim for newer. Throws a RangeError for a name, role or key that is none.
 */
export async function issueAccount<K extends AccountKind>(
  options: AccountOptions<K>,
  operatorSeed: string,
): Promise<Issued> {
  const { kind, name, publicKey } = options;
  const fault = accountFault(kind, name);
  if (fault !== undefined) throw new RangeError(fault);
  if (!isPublicKey('account', publicKey)) {
    throw new RangeError(`${JSON.stringify(publicKey)} is not an account's public key`);
  }
  const keys = Object.entries<string | readonly string[] | undefined>(options.signingKeys);
  const now = toSeconds(options.now);
  const revocations = options.revocations ?? {};
  return encodeClaims(
    {
      name,
      subject: publicKey,
      iat: options.previousIat === undefined ? now : Math.max(now, options.previousIat + 1),
      nats: {
        limits: claimsOfLimits(kind, options.limits),
        signing_keys: keys.flatMap(([role, of = []]) =>
          [of].flat().map((key) => signingKey(kind, role, key)),
        ),
        ...(Object.keys(revocations).length === 0 ? {} : { revocations: { ...revocations } }),
        type: 'account',
      },
    },
    operatorSeed,
  );
}

/**
 * Issues an account's JWT again with these revocations, signed with the seed of an operator key; all else in it stays.
 * As `issueAccount`, its `iat` rises strictly.
 */
export async function renewAccount(
  jwt: string,
  options: {
    readonly revocations: Revocations;
    readonly now: number;
    /** Other limits than before. */
    readonly limits?: { readonly kind: AccountKind; readonly limits: AccountLimits };
    /** Signing keys of roles in CONTROL, instead of those that these roles have. */
    readonly signingKeys?: SigningKeys;
  },
  operatorSeed: string,
): Promise<Issued> {
  const { name, subject, iat, nats, type } = decodeJwt(jwt);
  if (type !== 'account') throw new RangeError(`a JWT of type ${type}; expected an account's`);
  const { version: _, revocations: __, ...body } = nats as Record<string, unknown>;
  const { revocations, limits, signingKeys = {} } = options;
  const others = ((body.signing_keys ?? []) as readonly ScopedKey[]).filter(
    ({ role = '' }) => !Object.hasOwn(signingKeys, role),
  );
  const keys = Object.entries(signingKeys).flatMap(([role, of]) =>
    of.map((key) => signingKey('control', role, key)),
  );
  return encodeClaims(
    {
      name,
      subject,
      iat: Math.max(toSeconds(options.now), iat + 1),
      nats: {
        ...body,
        ...(limits === undefined ? {} : { limits: claimsOfLimits(limits.kind, limits.limits) }),
        ...(keys.length === 0 ? {} : { signing_keys: [...others, ...keys] }),
        ...(Object.keys(revocations).length === 0 ? {} : { revocations: { ...revocations } }),
      },
    },
    operatorSeed,
  );
}

/**
 * Issues an account's claims again with room for so many sites; those that stand where they have it already. More
 * sites than an account was founded for would otherwise find no place for their links.
 */
export async function withRoomForSites(
  jwt: string,
  options: { readonly kind: 'tenant' | 'control'; readonly sites: number; readonly now: number },
  operatorSeed: string,
): Promise<string> {
  const { kind, sites, now } = options;
  const { nats } = decodeJwt(jwt);
  const standing = nats.limits as Readonly<Record<string, number>>;
  const wanted = accountLimits(kind, { sites });
  const { leaf = 0, conn = 0, disk_storage: disk } = standing;
  if (leaf < 0 || leaf >= wanted.leafs) return jwt;
  const limits: AccountLimits = {
    ...wanted,
    connections: conn < 0 ? conn : Math.max(conn + wanted.leafs - leaf, wanted.connections),
    ...(wanted.jetstream && disk !== undefined ? { jetstream: { ...wanted.jetstream, disk } } : {}),
  };
  const revocations = (nats.revocations as Revocations | undefined) ?? {};
  return (await renewAccount(jwt, { revocations, now, limits: { kind, limits } }, operatorSeed)).jwt;
}

/**
 * Issues the claims of an account again as they are, with another operator key or with users revoked, later than
 * before. Throws a RangeError for a JWT that is no account's.
 */
export async function reissueAccount(
  jwt: string,
  options: { readonly now: number; readonly revoked?: readonly Revoked[] },
  operatorSeed: string,
): Promise<Issued> {
  const { now, revoked = [] } = options;
  const before = (decodeJwt(jwt).nats.revocations as Revocations | undefined) ?? {};
  return renewAccount(jwt, { revocations: addRevocations(before, revoked, now), now }, operatorSeed);
}

function signingKey(kind: AccountKind, role: string, key: string): unknown {
  const template = roleTemplate(kind, role);
  if (!template) throw new RangeError(`there is no role ${JSON.stringify(role)} in a ${kind} account`);
  if (!isPublicKey('account', key)) {
    throw new RangeError(`signing key ${JSON.stringify(key)} of role ${role} is not an account's public key`);
  }
  if (kind === 'system') return key;
  return { kind: 'user_scope', key, role, template: claimsOfRole(template) };
}
