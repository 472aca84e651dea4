import type { TenantRemoval } from '../../identities/tenant-removal.ts';
import type { Tenants } from '../../identities/tenants.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** add-tenant: founds a tenant, or brings it to further sites. Tenants are the fabric's. */
export function addTenantOperation({ tenants }: { tenants: Tenants }) {
  return operation({
    request: 'AddTenantRequest',
    run({ tenant, sites }, by) {
      requireScope(by, 'any');
      return tenants.add(tenant, sites);
    },
  });
}

/** remove-tenant: takes a tenant away from a site, or from the fabric for good. */
export function removeTenantOperation({ removal }: { removal: TenantRemoval }) {
  return operation({
    request: 'RemoveTenantRequest',
    run({ tenant, site, force = false }, by) {
      requireScope(by, 'any');
      return site === undefined ? removal.fromFabric(tenant, force) : removal.fromSite(tenant, site, force);
    },
  });
}
