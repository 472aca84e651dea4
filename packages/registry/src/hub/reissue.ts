import { decodeJwt, publicKeyOf, reissueAccount } from '@causeway/identity';
import { type AccountDocument, type Clock, documentKeys, type Logger } from '@causeway/protocol';
import type { ControlDocument, DocumentStore, FormerAccount } from '../documents/store.ts';

/**
 * Signs account claims anew that another operator key has signed: after the operator's keys were replaced, or where the
 * documents are those of a backup from before that. No server here would take them as they are.
 */
export async function reissueForeign(options: {
  store: DocumentStore;
  /** Seed of the operator's signing key. */
  operator: string;
  clock: Pick<Clock, 'now'>;
  logger: Logger;
}): Promise<void> {
  const { store, operator, clock, logger } = options;
  const own = publicKeyOf(operator);
  const reissued: (AccountDocument | ControlDocument | FormerAccount)[] = [];
  const control = store.get(documentKeys.control);
  for (const account of [
    ...store.accounts,
    // Sites that do not have them yet must be able to take them.
    ...store.formerAccounts,
    ...(control?.kind === 'control' ? [control] : []),
  ]) {
    if (decodeJwt(account.jwt).issuer === own) continue;
    const { jwt } = await reissueAccount(account.jwt, { now: clock.now() }, operator);
    reissued.push({ ...account, jwt });
  }
  if (reissued.length === 0) return;
  await store.put(reissued);
  logger.warn(
    { accounts: reissued.map((account) => (account.kind === 'control' ? 'CONTROL' : account.name)) },
    'account claims of another operator key signed anew',
  );
}
