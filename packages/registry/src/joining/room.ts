import { withRoomForSites } from '@causeway/identity';
import { type Clock, documentKeys } from '@causeway/protocol';
import type { Bootstrap, Keyring } from '../config.ts';
import type { AnyDocument, DocumentStore } from '../documents/store.ts';

/**
 * The accounts that must have room for the links of one more site, with claims that have it: none where they have it
 * already. Of tenants those alone that are to be at the site.
 */
export async function withRoom(options: {
  store: Pick<DocumentStore, 'get' | 'all' | 'accounts'>;
  bootstrap: Pick<Bootstrap, 'control' | 'controlJwt'>;
  keyring: Pick<Keyring, 'operator'>;
  tenants: readonly string[];
  clock: Pick<Clock, 'now'>;
}): Promise<AnyDocument[]> {
  const { store, bootstrap, keyring, tenants, clock } = options;
  const room = { sites: store.all.sites.length + 1, now: clock.now() };
  const changed: AnyDocument[] = [];
  for (const account of store.accounts.filter(({ name }) => tenants.includes(name))) {
    const jwt = await withRoomForSites(account.jwt, { kind: 'tenant', ...room }, keyring.operator);
    if (jwt !== account.jwt) changed.push({ ...account, jwt });
  }
  const standing = store.get(documentKeys.control);
  const before = standing?.kind === 'control' ? standing.jwt : bootstrap.controlJwt;
  if (before !== undefined) {
    const jwt = await withRoomForSites(before, { kind: 'control', ...room }, keyring.operator);
    if (jwt !== before) changed.push({ kind: 'control', publicKey: bootstrap.control, jwt });
  }
  return changed;
}
