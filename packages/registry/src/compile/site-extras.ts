import { hubSite } from '@causeway/identity';
import { compiledKeys, type Site } from '@causeway/protocol';
import type { DocumentStore } from '../documents/store.ts';
import type { UserIssuer } from '../identities/user-issuer.ts';
import { tenantEntries } from './tenant-entries.ts';

/** What a site needs besides its tables: its tenants and the claims of its accounts, its own users, keys to be replaced. */
export async function extrasOf(options: {
  site: Site;
  store: Pick<DocumentStore, 'get'>;
  users: Pick<UserIssuer, 'usersOf'>;
  services: Parameters<UserIssuer['usersOf']>[1];
  /** As the site has it. */
  before: ReadonlyMap<string, unknown>;
}): Promise<Map<string, unknown>> {
  const { site, store, users, services, before } = options;
  const extras = new Map<string, unknown>(tenantEntries(site, store));
  if (site.rekey) extras.set(compiledKeys.rekey, site.rekey);
  // The hub's own are pushed by the registry itself.
  for (const { publicKey, jwt } of site.name === hubSite ? [] : (site.own ?? [])) {
    extras.set(compiledKeys.account(publicKey), { jwt });
  }
  for (const [key, user] of await users.usersOf(site, services, before)) extras.set(key, user);
  return extras;
}

/** The sites whose extras a change of this document may be about: one, all (undefined), or none. */
export function extrasConcerned(key: string): readonly string[] | undefined {
  const [kind, , site = ''] = key.split('.');
  if (kind === 'site' || kind === 'service') return [site];
  return kind === 'account' || kind === 'former-account' ? undefined : [];
}
