/**
 * Names of streams and consumers, and of the subjects that records come to the cloud on. Permissions of leaf users
 * are written in these terms (docs/architecture.md, "Streams").
 */

/** The site that is the hub. */
export const cloudSite = 'cloud';

/** Streams. `auditCloud` and `flowCloud` are the cloud site's own, beside the collecting ones in `OPS`. */
export const streamNames = {
  audit: 'AUDIT',
  flow: 'FLOW',
  auditCloud: 'AUDIT_cloud',
  flowCloud: 'FLOW_cloud',
  documents: 'KV_documents',
  compiled: 'KV_compiled',
  quotas: 'KV_quotas',
} as const;

/** The stream a site's gateways write their blocks to. */
export function auditStream(site: string): string {
  return site === cloudSite ? streamNames.auditCloud : streamNames.audit;
}

/** The stream a site's gateways count in. */
export function flowStream(site: string): string {
  return site === cloudSite ? streamNames.flowCloud : streamNames.flow;
}

/** The consumer of a site's `AUDIT` and `FLOW` through which the cloud collects. */
export const collector = 'cloud';

/** What the reply subjects begin with, on which a site's records and counters come to the cloud's collector. */
export function collectPrefix(site: string): string {
  return `collect.${site}`;
}

/** Prefix of the JetStream API of a site, as the hub reaches it. */
export function apiPrefixOf(site: string): string {
  return site === cloudSite ? '$JS.API' : `$JS.${site}.API`;
}
