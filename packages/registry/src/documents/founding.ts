import { documentKeys } from '@causeway/protocol';
import type { Bootstrap } from '../config.ts';
import { type AnyDocument, type DocumentStore, keyOf } from './store.ts';

/**
 * What a fabric was founded with and the documents do not have yet: all of it at the first start, later a tenant that
 * was added. What stands is left as it is, and what was deleted stays so.
 */
export function foundingChanges(
  { sites, accounts }: Pick<Bootstrap, 'sites' | 'accounts'>,
  store: Pick<DocumentStore, 'get' | 'isDeleted'>,
): AnyDocument[] {
  const changes: AnyDocument[] = [];
  for (const document of [...sites, ...accounts]) {
    const key = keyOf(document);
    const standing = store.get(key);
    if (standing === undefined) {
      // Of what was deleted before a backup a restored bucket has no mark, but of a site that was removed it has this.
      const removed =
        document.kind === 'site' && store.get(documentKeys.formerSite(document.name)) !== undefined;
      const gone =
        document.kind === 'account' && store.get(documentKeys.formerAccount(document.name)) !== undefined;
      if (!removed && !gone && !store.isDeleted(key)) changes.push(document);
      continue;
    }
    if (document.kind !== 'site' || standing.kind !== 'site' || standing.revoked) continue;
    const added = Object.entries(document.tenants).filter(
      ([tenant]) => !Object.hasOwn(standing.tenants, tenant) && !standing.formerTenants?.includes(tenant),
    );
    if (added.length === 0) continue;
    changes.push({ ...standing, tenants: { ...standing.tenants, ...Object.fromEntries(added) } });
  }
  return changes;
}
