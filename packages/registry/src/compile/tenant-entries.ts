import { compiledKeys, documentKeys, type Site } from '@causeway/protocol';
import type { DocumentStore } from '../documents/store.ts';

/**
 * What a site must be told of tenants: those that are there or are to be, with their claims, and the claims of those
 * that were there. So what is void of theirs is void at the site's server too.
 */
export function tenantEntries(
  site: Site,
  store: Pick<DocumentStore, 'get'>,
): Map<string, { jwt: string } | { account: string }> {
  const entries = new Map<string, { jwt: string } | { account: string }>();
  const present = [...Object.keys(site.tenants), ...(site.awaited ?? [])];
  for (const tenant of present) {
    const account = store.get(documentKeys.account(tenant));
    if (account?.kind !== 'account') continue;
    entries.set(compiledKeys.account(account.publicKey), { jwt: account.jwt });
    entries.set(compiledKeys.tenant(tenant), { account: account.publicKey });
  }
  for (const tenant of site.formerTenants ?? []) {
    const account = store.get(documentKeys.account(tenant)) ?? store.get(documentKeys.formerAccount(tenant));
    if (account?.kind !== 'account' && account?.kind !== 'former-account') continue;
    entries.set(compiledKeys.account(account.publicKey), { jwt: account.jwt });
  }
  return entries;
}
