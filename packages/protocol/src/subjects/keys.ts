import { isName } from './tokens.ts';

/**
 * Keys of the buckets, in one place as the subjects are. A bucket's key is a subject below `$KV.<bucket>`,
 * so the grammar of names makes each of them safe.
 */

/** Names of the registry's buckets and of the streams that stand behind them. */
export const buckets = {
  documents: 'documents',
  compiled: 'compiled',
  quotas: 'quotas',
} as const;

/** Keys in the bucket `documents`. */
export const documentKeys = {
  api: (tenant: string, service: string, major: number) => `api.${tenant}.${service}.v${major}`,
  policy: (tenant: string, name: string) => `policy.${tenant}.${name}`,
  site: (name: string) => `site.any.${name}`,
  service: (tenant: string, site: string, name: string) => `service.${tenant}.${site}.${name}`,
  account: (name: string) => `account.any.${name}`,
  control: 'control.any.CONTROL',
  /** One for each site: another invitation takes the place of the one before. */
  invitation: (site: string) => `invitation.any.${site}`,
  set: (tenant: string, name: string) => `set.${tenant}.${name}`,
  /** What an act changed is recorded here first: a part of the records of one chain. */
  acts: (tenant: string, part: number) => `acts.${tenant}.${part}`,
  formerAccount: (name: string) => `former-account.any.${name}`,
  formerSite: (name: string) => `former.any.${name}`,
} as const;

/** Keys in the bucket `compiled`, without the site's name that stands before each. */
export const compiledKeys = {
  serve: (tenant: string, service: string, major: number) => `serve.${tenant}.${service}.v${major}`,
  see: (tenant: string, service: string) => `see.${tenant}.${service}`,
  idle: (tenant: string) => `idle.${tenant}`,
  account: (publicKey: string) => `account.${publicKey}`,
  tenant: (name: string) => `tenant.${name}`,
  user: (tenant: string, role: 'gateway' | 'leaf') => `user.${tenant}.${role}`,
  callers: (tenant: string, site: string, shard: string) => `callers.${tenant}.${site}.${shard}`,
  /** Present where identities of other sites are listed, so that nobody else is a caller: not by a registry of before. */
  callersListed: 'callers',
  rekey: 'rekey',
  revision: 'revision',
  /** At an edge alone: the position in the hub's bucket that its copy has reached. */
  position: 'position',
} as const;

/** A key of a site's part of `compiled`, taken apart. */
export type CompiledKey =
  | { readonly kind: 'serve'; readonly tenant: string; readonly service: string; readonly major: number }
  | { readonly kind: 'see'; readonly tenant: string; readonly service: string }
  | { readonly kind: 'idle'; readonly tenant: string }
  | { readonly kind: 'account'; readonly publicKey: string }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'user'; readonly tenant: string; readonly role: 'gateway' | 'leaf' }
  | { readonly kind: 'callers'; readonly tenant: string; readonly site: string; readonly shard: string }
  | { readonly kind: 'callers-listed' }
  | { readonly kind: 'rekey' }
  | { readonly kind: 'revision' }
  | { readonly kind: 'position' };

const major = /^v(0|[1-9]\d{0,3})$/;
const publicKey = /^A[A-Z2-7]{55}$/;

/** Takes apart a key below the site's name; undefined for one that this version does not know. */
export function parseCompiledKey(key: string): CompiledKey | undefined {
  const [kind, ...parts] = key.split('.');
  const [a = '', b = '', c = ''] = parts;
  switch (`${kind}/${parts.length}`) {
    case 'serve/3':
      if (!isName(a) || !isName(b) || !major.test(c)) return undefined;
      return { kind: 'serve', tenant: a, service: b, major: Number(c.slice(1)) };
    case 'see/2':
      return isName(a) && isName(b) ? { kind: 'see', tenant: a, service: b } : undefined;
    case 'idle/1':
      return isName(a) ? { kind: 'idle', tenant: a } : undefined;
    case 'account/1':
      return publicKey.test(a) ? { kind: 'account', publicKey: a } : undefined;
    case 'tenant/1':
      return isName(a) ? { kind: 'tenant', tenant: a } : undefined;
    case 'user/2':
      return isName(a) && (b === 'gateway' || b === 'leaf')
        ? { kind: 'user', tenant: a, role: b }
        : undefined;
    case 'callers/3':
      return isName(a) && isName(b) && /^[0-9a-f]$/.test(c)
        ? { kind: 'callers', tenant: a, site: b, shard: c }
        : undefined;
    case 'callers/0':
      return { kind: 'callers-listed' };
    case 'rekey/0':
      return { kind: 'rekey' };
    case 'revision/0':
      return { kind: 'revision' };
    case 'position/0':
      return { kind: 'position' };
    default:
      return undefined;
  }
}

/**
 * The shard of a caller's name: one of sixteen, a hexadecimal digit (FNV-1a, 32 bits). An identity that is added rewrites
 * a sixteenth of its site's list, and no list outgrows a message.
 */
export function callerShard(name: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return (hash % 16).toString(16);
}
