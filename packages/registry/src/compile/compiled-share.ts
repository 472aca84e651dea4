import { defaultStreamLimits } from '@causeway/nats-server';
import { CausewayError, type Site } from '@causeway/protocol';

/** Bytes of JSON that the tables of one tenant may have at all sites together. */
export interface CompiledShare {
  readonly tenantBytes: number;
}

/** Fewer tenants than this have no larger share each: others may come. */
const leastTenants = 4;

/**
 * The share of each tenant of these sites in a bucket of this size: a fifth of it is left for what is no tenant's, and
 * for the marks of what was deleted.
 */
export function compiledShare(
  sites: readonly Site[],
  bucketBytes = defaultStreamLimits.compiledBytes,
): CompiledShare {
  const tenants = new Set(sites.flatMap((site) => Object.keys(site.tenants)));
  return { tenantBytes: Math.floor((bucketBytes * 0.8) / Math.max(leastTenants, tenants.size)) };
}

/**
 * Throws PAYLOAD_TOO_LARGE where a tenant's tables would have more than its share, so that no tenant fills the bucket
 * that all sites are told from. What shrinks is always taken; `before` is asked for only where it matters.
 */
export function requireShare(
  after: ReadonlyMap<string, number>,
  before: () => ReadonlyMap<string, number>,
  { tenantBytes }: CompiledShare,
): void {
  for (const [tenant, bytes] of after) {
    if (bytes <= tenantBytes || bytes <= (before().get(tenant) ?? 0)) continue;
    throw new CausewayError(
      'PAYLOAD_TOO_LARGE',
      `what the sites must be told of tenant ${tenant} would have ${bytes} bytes; ${tenantBytes} are taken: fewer ` +
        'identities, APIs, policies or sites that serve them, or shorter schemas',
    );
  }
}
