import { hubSite } from '@causeway/identity';
import { documentKeys } from '@causeway/protocol';
import type { DocumentStore } from './store.ts';

/** Which tenant is at which site, as the documents say now. */
export interface TenantPresence {
  /** Whether it may be used there: a site that is revoked has no tenants. */
  isPresent(tenant: string, site: string): boolean;
  /**
   * Whether its records and counters are collected from there. Of a tenant that was removed the last ones may still be
   * on their way, be it from a site that was cut off for days, be it the record of the removal itself.
   */
  mayRecord(tenant: string, site: string): boolean;
}

export function tenantPresence(store: Pick<DocumentStore, 'get'>): TenantPresence {
  const siteOf = (name: string) => {
    const document = store.get(documentKeys.site(name));
    return document?.kind === 'site' ? document : undefined;
  };
  return {
    isPresent(tenant, name) {
      const site = siteOf(name);
      return site !== undefined && !site.revoked && Object.hasOwn(site.tenants, tenant);
    },
    mayRecord(tenant, name) {
      // The cloud's stream also holds the registry's records of acts: of every tenant, and of the fabric.
      if (name === hubSite) {
        if (tenant === 'any') return true;
        return [documentKeys.account(tenant), documentKeys.formerAccount(tenant)].some(
          (key) => store.get(key) !== undefined,
        );
      }
      const site = siteOf(name);
      if (!site) return false;
      return Object.hasOwn(site.tenants, tenant) || site.formerTenants?.includes(tenant) === true;
    },
  };
}
