import { CausewayError, documentKeys, type Site } from '@causeway/protocol';
import type { DocumentStore } from '../documents/store.ts';
import { type CutOff, markedCutOff } from '../watchdog/watchdog.ts';
import { controlName } from './control-name.ts';
import type { Voiding } from './voiding.ts';

/**
 * Keeps a link of a site out for good: its key is void in its account, at the hub and at the site. The site's document
 * says so, and why; other links of the site, and its services, are left as they are.
 */
export function createLinkCut(options: {
  store: DocumentStore;
  voiding: Voiding;
}): (link: CutOff) => Promise<void> {
  const { store, voiding } = options;

  function standing({ site: name }: CutOff): Site | undefined {
    const site = store.get(documentKeys.site(name));
    return site?.kind === 'site' && !site.revoked ? site : undefined;
  }

  async function cut(link: CutOff): Promise<void> {
    const site = standing(link);
    const key = link.tenant === undefined ? site?.leaf : site?.tenants[link.tenant]?.leaf;
    if (!site || key === undefined) return;
    const account = link.tenant === undefined ? undefined : store.get(documentKeys.account(link.tenant));
    if (account !== undefined && account.kind !== 'account') return;
    if (account?.removed) return;
    // Where it is being replaced, that of before too.
    const before = site.replaced?.leaf?.[link.tenant ?? controlName];
    const keys = before === undefined ? [key] : [key, before];
    const voided = account ? await voiding.tenant(account, keys) : await voiding.control(keys);
    // As it is now: it may have been changed in the meantime.
    const now = standing(link);
    const marked = now && markedCutOff(now, link);
    if (!marked) return;
    await store.put([voided, marked]);
    await voiding.inForce();
  }

  return (link) =>
    voiding
      .inTurn(() => cut(link))
      .catch((error: unknown) => {
        // Someone else changed the document: the next look sees the link again, where it is still there.
        if (!(error instanceof CausewayError) || error.code !== 'CONFLICT') throw error;
      });
}
