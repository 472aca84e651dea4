import type { DocumentStore } from '../../documents/store.ts';
import type { Administrator } from '../admin-desk.ts';

/** The tenant that is named; else the administrator's own, or the only one there is. Undefined where that leaves it open. */
export function tenantOrOnly(
  named: string | undefined,
  by: Administrator,
  store: Pick<DocumentStore, 'accounts'>,
): string | undefined {
  if (named !== undefined) return named;
  if (by.scope !== 'any') return by.scope;
  const [only, ...others] = store.accounts;
  return others.length === 0 ? only?.name : undefined;
}
