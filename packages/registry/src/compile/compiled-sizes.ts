import { type KnownCallers, parseCompiledKey, type ServedApi, type VisibleApis } from '@causeway/protocol';
import { type CompiledShare, requireShare } from './compiled-share.ts';
import { sizeAsStored } from './fitting.ts';

/** How much each tenant has in the tables of all sites, kept in step with them. */
export interface CompiledSizes {
  /** What a site has under a key from now on; undefined where it has nothing. */
  set(site: string, key: string, value: unknown): void;
  /**
   * Throws PAYLOAD_TOO_LARGE where these values, in the place of those there are, are more than a tenant's share; `added` is
   * what else comes with them, by tenant.
   */
  require(
    values: Iterable<readonly [site: string, key: string, value: unknown]>,
    share: CompiledShare,
    added?: ReadonlyMap<string, number>,
  ): void;
  /** Whether a value that grows makes what its tenant has more than its share. */
  exceeds(site: string, key: string, value: unknown, share: CompiledShare): boolean;
}

/** The tenant whose share a key counts to; undefined where it is none's. */
function tenantOf(key: string): string | undefined {
  const parsed = parseCompiledKey(key);
  return parsed?.kind === 'serve' || parsed?.kind === 'see' || parsed?.kind === 'callers'
    ? parsed.tenant
    : undefined;
}

const sizeOf = (key: string, value: unknown) =>
  value === undefined ? 0 : key.length + sizeAsStored(value as ServedApi | VisibleApis | KnownCallers);

/** Creates them, empty. */
export function createCompiledSizes(): CompiledSizes {
  const sizes = new Map<string, number>();
  const ofTenant = new Map<string, number>();
  const placeOf = (site: string, key: string) => `${site}.${key}`;
  return {
    set(site, key, value) {
      const tenant = tenantOf(key);
      if (tenant === undefined) return;
      const place = placeOf(site, key);
      const before = sizes.get(place) ?? 0;
      const now = sizeOf(key, value);
      if (now === 0) sizes.delete(place);
      else sizes.set(place, now);
      ofTenant.set(tenant, (ofTenant.get(tenant) ?? 0) + now - before);
    },
    require(values, share, added: ReadonlyMap<string, number> = new Map()) {
      const after = new Map<string, number>();
      for (const [tenant, bytes] of added) after.set(tenant, (ofTenant.get(tenant) ?? 0) + bytes);
      for (const [site, key, value] of values) {
        const tenant = tenantOf(key);
        if (tenant === undefined) continue;
        const more = sizeOf(key, value) - (sizes.get(placeOf(site, key)) ?? 0);
        after.set(tenant, (after.get(tenant) ?? ofTenant.get(tenant) ?? 0) + more);
      }
      requireShare(after, () => ofTenant, share);
    },
    exceeds(site, key, value, { tenantBytes }) {
      const tenant = tenantOf(key);
      if (tenant === undefined) return false;
      const more = sizeOf(key, value) - (sizes.get(placeOf(site, key)) ?? 0);
      return more > 0 && (ofTenant.get(tenant) ?? 0) + more > tenantBytes;
    },
  };
}
