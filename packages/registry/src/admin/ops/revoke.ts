import type { RevokeReply, RevokeSiteReply } from '@causeway/protocol';
import type { DocumentStore } from '../../documents/store.ts';
import { defaultWaitMs, type IdentityReceipts } from '../../identities/receipts.ts';
import type { Revoker } from '../../identities/revoker.ts';
import { operation, requireScope } from '../admin-desk.ts';

interface RevokeOptions {
  readonly revoker: Revoker;
  readonly store: Pick<DocumentStore, 'all'>;
  readonly receipts: IdentityReceipts;
}

/** revoke: voids all keys of a service, everywhere, and cuts its connections. */
export function revokeOperation({ revoker, store, receipts }: RevokeOptions) {
  return operation({
    request: 'RevokeRequest',
    async run(request, by): Promise<RevokeReply> {
      const { tenant, wait = defaultWaitMs } = request;
      requireScope(by, tenant);
      const reply = await revoker.service(request);
      // Its credentials are worth something wherever the tenant's account is known.
      const sites = store.all.sites.filter((site) => Object.hasOwn(site.tenants, tenant));
      return { ...reply, sites: await receipts.collect(sites, wait, tenant) };
    },
  });
}

/** revoke-site: cuts a site off. Sites are the fabric's, whatever tenants are there. */
export function revokeSiteOperation({ revoker, store, receipts }: RevokeOptions) {
  return operation({
    request: 'RevokeSiteRequest',
    async run({ site, wait = defaultWaitMs }, by): Promise<RevokeSiteReply> {
      requireScope(by, 'any');
      const reply = await revoker.site(site);
      return { ...reply, sites: await receipts.collect(store.all.sites, wait) };
    },
  });
}

/** remove-site: cuts a site off and deletes it. */
export function removeSiteOperation({ revoker }: { revoker: Revoker }) {
  return operation({
    request: 'RemoveSiteRequest',
    run({ site, force = false }, by) {
      requireScope(by, 'any');
      return revoker.removeSite(site, force);
    },
  });
}
