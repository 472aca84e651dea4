import { CausewayError, isName, nameFault } from '@causeway/protocol';
import { accountFault } from './accounts.ts';
import { encodeClaims, type Issued, toSeconds } from './claims.ts';
import { isPublicKey, publicKeyOf } from './keys.ts';
import { accountNames, holderFault, hubSite, siteFault, tenantFault } from './names.ts';
import type { RoleTemplate } from './templates/role-template.ts';
import {
  type AccountKind,
  claimsOfRole,
  expandRole,
  type RoleOf,
  roleTemplate,
  type UserTags,
} from './templates/roles.ts';

/** How long an invitation lasts: 15 minutes, in milliseconds. */
export const invitationLifetime = 15 * 60 * 1000;

/** Services of one tenant at a site: nats-server refuses a user whose list of subjects expands to more than 4096 entries. */
export const maxHosts = 2000;

/** What a user JWT is made of. */
export interface UserOptions<K extends AccountKind = AccountKind> {
  readonly account: { readonly kind: K; readonly name: string; readonly publicKey: string };
  readonly role: RoleOf<K>;
  readonly name: string;
  /** What the role asks for, no more: a `site` for most, `hosts` for tenants' gateways and leafs. */
  readonly tags: UserTags;
  /** Public key of the user. Its seed stays where it was made. */
  readonly key: string;
  /** Seed of the account's signing key for this role: the key decides which role it is. */
  readonly signer: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Unix seconds that `iat` must exceed: the time at which this key was revoked, or its JWT before. */
  readonly after?: number;
  /** Milliseconds since the epoch; never where absent. An invitation has `invitationLifetime` at most. */
  readonly expires?: number;
}

/** As `UserOptions`, whatever the kind of account. */
type AnyUser = Omit<UserOptions, 'role'> & { readonly role: string };

/**
 * Says why such a user must not be issued, or undefined. Templates put names and tags into subjects as they
 * are: one called `*` would speak as every service of its site, and one with two sites for both.
 */
export function userFault<K extends AccountKind>(
  options: Pick<UserOptions<K>, 'account' | 'role' | 'name' | 'tags'>,
): string | undefined {
  const { account, role, name, tags } = options;
  const template = roleTemplate(account.kind, role);
  if (!template) return `there is no role ${JSON.stringify(role)} in a ${account.kind} account`;
  // Before any pattern is tried: those read an array of one name as that name.
  if (typeof name !== 'string') return `the name of a ${role} must be text, got ${JSON.stringify(name)}`;
  return (
    accountFault(account.kind, account.name) ??
    holderFault(role, template.holder.name, name) ??
    unknownTag(tags) ??
    siteTagFault(template, role, account, tags.site) ??
    tenantTagFault(template, role, tags.tenant) ??
    hostsTagFault(template, role, tags.hosts)
  );
}

/**
 * Issues a user JWT. Users of a scoped signing key carry name and tags alone; those of a system account
 * carry their permissions. Throws a CausewayError INVALID_REQUEST for a user who must not exist.
 */
export async function issueUser<K extends AccountKind>(options: UserOptions<K>): Promise<Issued> {
  const fault = userFault(options) ?? keyFault(options);
  if (fault !== undefined) throw new CausewayError('INVALID_REQUEST', fault);
  const template = roleTemplate(options.account.kind, options.role) as RoleTemplate;
  const exp = expiry(template, options);
  const now = toSeconds(options.now);
  return encodeClaims(
    {
      name: options.name,
      subject: options.key,
      iat: options.after === undefined ? now : Math.max(now, options.after + 1),
      ...(exp === undefined ? {} : { exp }),
      nats: {
        ...permissions(options.account.kind, template, options),
        ...(publicKeyOf(options.signer) === options.account.publicKey
          ? {}
          : { issuer_account: options.account.publicKey }),
        tags: tagList(options.tags),
        type: 'user',
      },
    },
    options.signer,
  );
}

function permissions(
  kind: AccountKind,
  template: RoleTemplate,
  { name, tags }: Pick<AnyUser, 'name' | 'tags'>,
): Record<string, unknown> {
  if (kind !== 'system') return {};
  const { publish, subscribe } = expandRole(template, name, tags);
  return { ...claimsOfRole(template), pub: { allow: publish }, sub: { allow: subscribe } };
}

/** Seconds since the epoch at which the JWT ends. */
function expiry(
  template: RoleTemplate,
  { now, expires }: Pick<AnyUser, 'now' | 'expires'>,
): number | undefined {
  const latest = template.bearer ? now + invitationLifetime : undefined;
  const end = latest === undefined ? expires : Math.min(latest, expires ?? latest);
  if (end === undefined) return undefined;
  if (end <= now) {
    throw new CausewayError('INVALID_REQUEST', 'the user would have expired already; choose a later time');
  }
  return toSeconds(end);
}

/** nats-server compares tags in lower case; names of the grammar are. */
function tagList(tags: UserTags): string[] {
  return [
    ...(tags.site === undefined ? [] : [`site:${tags.site}`]),
    ...(tags.tenant === undefined ? [] : [`tenant:${tags.tenant}`]),
    ...[...new Set(tags.hosts ?? [])].sort().map((service) => `hosts:${service}`),
  ];
}

function keyFault({ account, key, signer }: AnyUser): string | undefined {
  if (!isPublicKey('user', key)) return `${JSON.stringify(key)} is not a user's public key`;
  if (!isPublicKey('account', account.publicKey)) return 'the account has no valid public key';
  const signing = publicKeyOf(signer);
  if (!isPublicKey('account', signing)) return 'the signer is not an account key';
  if (account.kind !== 'system' && signing === account.publicKey) {
    return `the account's own key would sign a user without a role; use the signing key of its role`;
  }
  return undefined;
}

function unknownTag(tags: UserTags): string | undefined {
  const unknown = Object.keys(tags).find((tag) => tag !== 'site' && tag !== 'hosts' && tag !== 'tenant');
  return unknown === undefined ? undefined : `unknown tag ${JSON.stringify(unknown)}`;
}

function siteTagFault(
  template: RoleTemplate,
  role: string,
  account: AnyUser['account'],
  site: unknown,
): string | undefined {
  const wanted = template.holder.site;
  if (wanted === 'none') return site === undefined ? undefined : `the role ${role} has no site`;
  if (typeof site !== 'string') return `the role ${role} needs exactly one site, got ${JSON.stringify(site)}`;
  const fault = siteFault(site);
  if (fault !== undefined) return fault;
  if (wanted === 'edge' && site === hubSite)
    return `the role ${role} is for edge sites, not for "${hubSite}"`;
  if (wanted === 'cloud' && site !== hubSite)
    return `the role ${role} is for "${hubSite}", not for "${site}"`;
  if (account.kind === 'site' || account.kind === 'system') {
    const own = accountNames[account.kind](site);
    if (account.name !== own) return `a user of site "${site}" belongs into "${own}", not "${account.name}"`;
  }
  return undefined;
}

function tenantTagFault(template: RoleTemplate, role: string, tenant: unknown): string | undefined {
  if (template.holder.tenant === 'none') {
    return tenant === undefined ? undefined : `the role ${role} has no tenant`;
  }
  if (typeof tenant !== 'string') {
    return `the role ${role} needs exactly one tenant, got ${JSON.stringify(tenant)}`;
  }
  return tenantFault(tenant);
}

function hostsTagFault(template: RoleTemplate, role: string, hosts: unknown): string | undefined {
  if (hosts === undefined) return undefined;
  if (template.holder.hosts === 'none') return `the role ${role} hosts no services`;
  if (!Array.isArray(hosts)) return `hosts must be a list of service names, got ${JSON.stringify(hosts)}`;
  if (hosts.length > maxHosts) return `a site may host at most ${maxHosts} services, got ${hosts.length}`;
  const bad: unknown = hosts.find((service) => typeof service !== 'string' || !isName(service));
  return bad === undefined
    ? undefined
    : (nameFault('service', String(bad)) ?? 'a hosted service has no name');
}
