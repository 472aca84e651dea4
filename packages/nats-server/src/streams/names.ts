/**
 * Names of streams and consumers, and of the subjects that sources and mirrors are delivered on. Permissions
 * of leaf users are written in these terms (docs/architecture.md, "Streams").
 */

/** The site that is the hub. */
export const cloudSite = 'cloud';

/** Streams. `auditCloud` and `flowCloud` are the cloud site's own, beside the collecting ones in `CONTROL`. */
export const streamNames = {
  audit: 'AUDIT',
  flow: 'FLOW',
  auditCloud: 'AUDIT_cloud',
  flowCloud: 'FLOW_cloud',
  documents: 'KV_documents',
  compiled: 'KV_compiled',
} as const;

/** The stream a site's gateways write their blocks to. */
export function auditStream(site: string): string {
  return site === cloudSite ? streamNames.auditCloud : streamNames.audit;
}

/** The stream a site's gateways count in. */
export function flowStream(site: string): string {
  return site === cloudSite ? streamNames.flowCloud : streamNames.flow;
}

/** Where a site's records and counters travel to the cloud. */
export function deliverSubject(site: string, what: 'AUDIT' | 'FLOW'): string {
  return `deliver.${site}.${what}`;
}

/** Where a site's part of `compiled` travels to the site. */
export function mirrorSubject(site: string): string {
  return `mirror.${site}.compiled`;
}
