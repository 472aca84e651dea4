import { decodeJwt, publicKeyOf, reissueAccount } from '@causeway/identity';
import { type AccountDocument, type Clock, documentKeys, type Logger, type Site } from '@causeway/protocol';
import type { Bootstrap } from '../config.ts';
import type { ControlDocument, DocumentStore, FormerAccount } from '../documents/store.ts';

/**
 * Signs account claims anew that another operator key has signed: after the operator's keys were replaced, or where the
 * documents are those of a backup from before that. No server here would take them as they are.
 */
export async function reissueForeign(options: {
  store: DocumentStore;
  bootstrap: Pick<Bootstrap, 'control' | 'controlJwt'>;
  /** Seed of the operator's signing key. */
  operator: string;
  clock: Pick<Clock, 'now'>;
  logger: Logger;
}): Promise<void> {
  const { store, bootstrap, operator, clock, logger } = options;
  const own = publicKeyOf(operator);
  const isForeign = (jwt: string) => decodeJwt(jwt).issuer !== own;
  const anew = async (jwt: string) => (await reissueAccount(jwt, { now: clock.now() }, operator)).jwt;
  const reissued: (AccountDocument | ControlDocument | FormerAccount | Site)[] = [];
  const standing = store.get(documentKeys.control);
  const { control: publicKey, controlJwt } = bootstrap;
  const control: ControlDocument[] =
    standing?.kind === 'control'
      ? [standing]
      : controlJwt === undefined
        ? []
        : [{ kind: 'control', publicKey, jwt: controlJwt }];
  // Those of tenants that were removed, too: sites that do not have them yet must be able to take them.
  for (const account of [...store.accounts, ...store.formerAccounts, ...control]) {
    if (isForeign(account.jwt)) reissued.push({ ...account, jwt: await anew(account.jwt) });
  }
  for (const site of store.all.sites) {
    if (site.revoked || !site.own?.some(({ jwt }) => isForeign(jwt))) continue;
    const accounts = site.own.map(async (each) =>
      isForeign(each.jwt) ? { ...each, jwt: await anew(each.jwt) } : each,
    );
    reissued.push({ ...site, own: await Promise.all(accounts) });
  }
  if (reissued.length === 0) return;
  await store.put(reissued);
  logger.warn(
    { accounts: reissued.map((each) => (each.kind === 'control' ? 'CONTROL' : each.name)) },
    'account claims of another operator key signed anew',
  );
}
