import { hubSite } from '@causeway/identity';
import { documentKeys, type Logger } from '@causeway/protocol';
import type { DocumentStore } from '../documents/store.ts';
import type { Hub } from './hub.ts';

/** Keeps the hub's server at the claims that the documents hold. */
export interface AccountClaims {
  /**
   * Pushes the claims of each account that the hub does not have yet. Rejects where one of them was not taken. An account
   * in `hold` is left for the next time.
   */
  push(hold?: readonly string[]): Promise<void>;
}

/** Creates it; the hub counts as having none, for a registry may have ended between storing claims and pushing them. */
export function createAccountClaims(options: {
  store: DocumentStore;
  hub: Pick<Hub, 'pushClaims'>;
  logger: Logger;
}): AccountClaims {
  const { store, hub, logger } = options;
  /** Claims that the hub took, by the account's public key. */
  const taken = new Map<string, string>();
  let queue: Promise<unknown> = Promise.resolve();

  async function pushDue(hold: readonly string[]): Promise<void> {
    const failures: unknown[] = [];
    const control = store.get(documentKeys.control);
    const cloud = store.get(documentKeys.site(hubSite));
    // The hub's own accounts, once they are known: a new signing key of the operator signs them anew.
    const own = cloud?.kind === 'site' ? (cloud.own ?? []) : [];
    const accounts = [
      ...store.accounts,
      ...store.formerAccounts,
      ...(control?.kind === 'control' ? [{ ...control, name: 'CONTROL' }] : []),
      ...own.map((each) => ({ ...each, name: each.publicKey })),
    ];
    for (const { name, publicKey, jwt } of accounts) {
      if (taken.get(publicKey) === jwt || hold.includes(name)) continue;
      try {
        await hub.pushClaims(jwt);
        taken.set(publicKey, jwt);
      } catch (err) {
        // One that the hub does not take must not keep it from the others.
        logger.warn({ err, account: name }, 'claims not taken by the hub');
        failures.push(err);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  return {
    push(hold = []) {
      // One after the other: claims that are older must not arrive last.
      const pushed = queue.then(() => pushDue(hold));
      queue = pushed.catch(() => {});
      return pushed;
    },
  };
}
