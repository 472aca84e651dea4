/**
 * Keys of the two buckets, in one place as the subjects are. A bucket's key is a subject below `$KV.<bucket>`,
 * so the grammar of names makes each of them safe.
 */

/** Names of the registry's buckets and of the streams that stand behind them. */
export const buckets = {
  documents: 'documents',
  compiled: 'compiled',
} as const;

/** Keys in the bucket `documents`. */
export const documentKeys = {
  api: (tenant: string, service: string, major: number) => `api.${tenant}.${service}.v${major}`,
  policy: (tenant: string, name: string) => `policy.${tenant}.${name}`,
  site: (name: string) => `site.any.${name}`,
  service: (tenant: string, site: string, name: string) => `service.${tenant}.${site}.${name}`,
  account: (name: string) => `account.any.${name}`,
} as const;

/** Keys in the bucket `compiled`, without the site's name that stands before each. */
export const compiledKeys = {
  serve: (tenant: string, service: string, major: number) => `serve.${tenant}.${service}.v${major}`,
  see: (tenant: string, service: string) => `see.${tenant}.${service}`,
  account: (publicKey: string) => `account.${publicKey}`,
  user: (tenant: string, role: 'gateway' | 'leaf') => `user.${tenant}.${role}`,
  revision: 'revision',
} as const;

/** A key of a site's part of `compiled`, taken apart. */
export type CompiledKey =
  | { readonly kind: 'serve'; readonly tenant: string; readonly service: string; readonly major: number }
  | { readonly kind: 'see'; readonly tenant: string; readonly service: string }
  | { readonly kind: 'account'; readonly publicKey: string }
  | { readonly kind: 'user'; readonly tenant: string; readonly role: 'gateway' | 'leaf' }
  | { readonly kind: 'revision' };

/** Takes apart a key below the site's name; undefined for one that this version does not know. */
export function parseCompiledKey(key: string): CompiledKey | undefined {
  const [kind, a, b, c, ...rest] = key.split('.');
  if (rest.length > 0) return undefined;
  if (kind === 'serve' && a && b && c && /^v\d{1,4}$/.test(c)) {
    return { kind, tenant: a, service: b, major: Number(c.slice(1)) };
  }
  if (kind === 'see' && a && b && !c) return { kind, tenant: a, service: b };
  if (kind === 'account' && a && !b) return { kind, publicKey: a };
  if (kind === 'user' && a && (b === 'gateway' || b === 'leaf') && !c) return { kind, tenant: a, role: b };
  if (kind === 'revision' && !a) return { kind };
  return undefined;
}
