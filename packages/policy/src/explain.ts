import { apiName, type ExplainReply, type ExplainRequest } from '@causeway/protocol';
import { type DocumentIndex, indexDocuments } from './document-index.ts';
import type { ApiDocument, Documents } from './documents.ts';
import { didYouMean } from './nearest.ts';

type Explained = ExplainReply['sites'][number];

function nowhere(site: string, reason: string): Explained {
  return { site, decision: 'deny', code: 'NO_ROUTE', policy: null, reason, limits: [] };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

/** Why nobody answers such a call, before any policy is asked; undefined where somebody would. */
function missing(index: DocumentIndex, request: ExplainRequest): string | undefined {
  const { tenant, from, to } = request;
  const name = apiName(to.service, to.major);
  if (!index.api(tenant, to.service, to.major)) {
    const known = index.apisOf(tenant).map((api) => apiName(api.service, Number.parseInt(api.version, 10)));
    return `tenant ${tenant} has no API ${name}; published: ${listed(known)}${didYouMean(name, known)}`;
  }
  const serving = index.servingSites(tenant, to.service, to.major);
  if (to.site !== undefined && !serving.includes(to.site)) {
    const what = index.hasSite(to.site)
      ? `site ${to.site} does not serve ${name}`
      : `there is no site ${to.site}`;
    return `${what}; ${name} is served at: ${listed(serving)}`;
  }
  if (serving.length === 0) return `${name} is published, but no site serves it; start a service that does`;
  if (!index.hasSite(from.site)) return `there is no site ${from.site} to call from`;
  if (!index.isPresent(tenant, from.site)) return `tenant ${tenant} is not present at site ${from.site}`;
  if (!index.hasService(tenant, from.site, from.service)) {
    return (
      `there is no identity ${tenant}/${from.site}/${from.service}, so nobody can call under that name; ` +
      'add it with `causeway service add`'
    );
  }
  return undefined;
}

function explainAt(index: DocumentIndex, api: ApiDocument, request: ExplainRequest, site: string): Explained {
  const decision = index.ruleTable(api, site).index.decide(request.from, request.to.endpoint);
  if (decision.effect === 'allow') {
    return {
      site,
      decision: 'allow',
      code: 'OK',
      policy: decision.policy,
      reason: `policy "${decision.policy}" allows it`,
      audit: decision.audit,
      limits: [...decision.limits],
    };
  }
  const told =
    decision.told === 'NO_ROUTE' ? '; no endpoint of the API is granted, so the caller is told NO_ROUTE' : '';
  const reason = `${decision.reason}${told}`;
  return { site, decision: 'deny', code: decision.told, policy: decision.policy, reason, limits: [] };
}

/**
 * What would become of a call, and by which document: for each site that serves the API, or for the one asked
 * about. It asks the rules the gateways enforce. `code` is what the caller is told (`OK` where it is allowed),
 * `reason` the whole truth. Where the call fits nothing that exists, there is one entry, with code `NO_ROUTE`,
 * for the site asked about or `any`.
 */
export function explain(documents: Documents, request: ExplainRequest): ExplainReply {
  const index = indexDocuments(documents);
  const { tenant, to } = request;
  const fault = missing(index, request);
  const api = index.api(tenant, to.service, to.major);
  if (fault !== undefined || !api) return { sites: [nowhere(to.site ?? 'any', fault ?? 'no such API')] };
  const sites = to.site === undefined ? index.servingSites(tenant, to.service, to.major) : [to.site];
  return { sites: sites.map((site) => explainAt(index, api, request, site)) };
}
