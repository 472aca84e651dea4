import type { Revoker } from '../../identities/revoker.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** revoke: voids all keys of a service, everywhere, and cuts its connections. */
export function revokeOperation({ revoker }: { revoker: Revoker }) {
  return operation({
    request: 'RevokeRequest',
    run(request, by) {
      requireScope(by, request.tenant);
      return revoker.service(request);
    },
  });
}

/** revoke-site: cuts a site off. Sites are the fabric's, whatever tenants are there. */
export function revokeSiteOperation({ revoker }: { revoker: Revoker }) {
  return operation({
    request: 'RevokeSiteRequest',
    run({ site }, by) {
      requireScope(by, 'any');
      return revoker.site(site);
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
