import { apiName, type ExplainReply, type ExplainRequest } from '@causeway/protocol';
import { adviceOn } from './advice.ts';
import { compareText } from './canonical-json.ts';
import { consider, shortened } from './consider.ts';
import { type DocumentIndex, indexDocuments } from './document-index.ts';
import type { ApiDocument, Documents, PolicyDocument } from './documents.ts';
import { meansCaller, type PolicyCall } from './matching/fields.ts';
import { spanOf, stretchAround } from './matching/times.ts';
import { didYouMean } from './nearest.ts';
import { explainedRoute } from './route.ts';

/** Policies, counted for each site, that one answer looks at: half a second at worst. */
const mostWeighed = 20_000;

type Explained = ExplainReply['sites'][number];

function nowhere(site: string, reason: string): Explained {
  return { site, decision: 'deny', code: 'NO_ROUTE', policy: null, reason, limits: [] };
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const { listed: some, more } = shortened(names);
  return `${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Why nobody answers such a call, before any policy is asked; undefined where somebody would. */
function missing(index: DocumentIndex, request: Omit<ExplainRequest, 'policies'>): string | undefined {
  const { tenant, from, to } = request;
  const name = apiName(to.service, to.major);
  if (!index.api(tenant, to.service, to.major)) {
    const known = index.apisOf(tenant).map((api) => apiName(api.service, Number.parseInt(api.version, 10)));
    return `tenant ${tenant} has no API ${name}; published: ${listed(known)}${didYouMean(name, known)}`;
  }
  const serving = index.servingSites(tenant, to.service, to.major);
  if (to.site !== undefined && !serving.includes(to.site)) {
    const what = index.isPresent(tenant, to.site)
      ? `site ${to.site} does not serve ${name}`
      : `tenant ${tenant} has no site ${to.site}`;
    return `${what}; ${name} is served at: ${listed(serving)}`;
  }
  if (serving.length === 0) return `${name} is published, but no site serves it; start a service that does`;
  // The same words whether there is none, or others have it: a tenant's administrator may ask this.
  if (!index.isPresent(tenant, from.site)) return `tenant ${tenant} has no site ${from.site} to call from`;
  if (!index.service(tenant, from.site, from.service)) {
    return (
      `there is no identity ${tenant}/${from.site}/${from.service}, so nobody can call under that name; ` +
      'add it with `causeway service add`'
    );
  }
  return undefined;
}

function explainAt(
  index: DocumentIndex,
  policies: readonly PolicyDocument[],
  api: ApiDocument,
  request: Omit<ExplainRequest, 'policies'>,
  site: string,
  at: number,
): Explained {
  const { tenant, from, to } = request;
  const call: PolicyCall = {
    from: { ...from, labels: index.service(tenant, from.site, from.service)?.labels },
    to: { ...to, site, labels: index.service(tenant, site, to.service)?.labels },
    at,
  };
  const decision = index.ruleTable(api, site).index.decide(from, to.endpoint, at);
  const context = { site, ...consider(policies, call), ...(edgeOf(policies, at) ?? {}) };
  if (decision.effect === 'allow') {
    const { policy, audit, lease } = decision;
    const reason = `policy "${policy}" allows it`;
    const { listed: limits, more } = shortened(decision.limits);
    // Every site's rules have to be made for it: not where nothing routes.
    const routed = policies.some((each) => each.route !== undefined);
    const granted = routed ? index.grantedSites(api, call.from) : [];
    const route = explainedRoute(
      index.route(api, call.from, granted),
      granted.map((each) => each.site),
    );
    return {
      ...{ ...context, decision: 'allow', code: 'OK', policy, reason, audit, lease, limits },
      ...(more === 0 ? {} : { omittedLimits: more }),
      ...(route === undefined ? {} : { route }),
    };
  }
  const told =
    decision.told === 'NO_ROUTE' ? '; no endpoint of the API is granted, so the caller is told NO_ROUTE' : '';
  return {
    ...context,
    decision: 'deny',
    code: decision.told,
    policy: decision.policy,
    reason: `${decision.reason}${told}`,
    limits: [],
    ...adviceOn(api, policies, request, call),
  };
}

/** When the next of these policies begins or ends: what is said here stands until then. */
function edgeOf(policies: readonly PolicyDocument[], at: number): { until: number } | undefined {
  const { until } = stretchAround(policies.map(spanOf), at);
  return Number.isFinite(until) ? { until } : undefined;
}

/** Policies of the tenant in question, with those to be tried instead of what stands under their names. */
function policiesOf(documents: Documents, tenant: string, tried: readonly PolicyDocument[]) {
  const put = new Set(tried.map(({ name }) => name));
  const standing = documents.policies.filter((each) => each.tenant === tenant && !put.has(each.name));
  return [...standing, ...tried].sort((a, b) => compareText(a.name, b.name));
}

/**
 * What would become of a call at a time (ms on the hub's clock), by which document, and why not by the others: for each
 * site that serves the API, or for the one asked about. It asks the rules the gateways enforce. `code` is what the
 * caller is told (`OK` where it is allowed), `reason` the whole truth. Where the call fits nothing that exists, there
 * is one entry, with code `NO_ROUTE`, for the site asked about or `any`. However many policies and sites there are, the
 * answer is of a bounded size, and says how much it leaves out.
 *
 * `tried` are policies of the tenant that count as if they were applied: a dry run.
 */
export function explain(
  documents: Documents,
  request: Omit<ExplainRequest, 'policies'>,
  at: number,
  tried: readonly PolicyDocument[] = [],
): ExplainReply {
  const { tenant, to } = request;
  const policies = policiesOf(documents, tenant, tried);
  const labels = documents.services.find(
    (each) => each.tenant === tenant && each.site === request.from.site && each.name === request.from.service,
  )?.labels;
  // Others decide nothing of this caller's calls, and may be many.
  const own = policies.filter((policy) => meansCaller(policy, { ...request.from, labels }));
  const index = indexDocuments({ ...documents, policies: own }, at);
  const fault = missing(index, request);
  const api = index.api(tenant, to.service, to.major);
  if (fault !== undefined || !api) return { sites: [nowhere(to.site ?? 'any', fault ?? 'no such API')] };
  const serving = to.site === undefined ? index.servingSites(tenant, to.service, to.major) : [to.site];
  const { listed: sites, more } = shortened(serving, Math.max(1, Math.floor(mostWeighed / policies.length)));
  return {
    sites: sites.map((site) => explainAt(index, policies, api, request, site, at)),
    ...(more === 0 ? {} : { omittedSites: more }),
  };
}
