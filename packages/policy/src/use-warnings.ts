import { defaultMaxReplyBytes, majorOf, type Service } from '@causeway/protocol';
import { canonicalJson } from './canonical-json.ts';
import type { ApiDocument, Documents, PolicyDocument } from './documents.ts';
import { concernsApi, endpointFits, meansCaller } from './matching/fields.ts';

/** What stands in a policy and is perhaps not what was meant; it is taken all the same. */
export interface PolicyWarning {
  readonly pointer: string;
  readonly problem: string;
}

/** Where an identity serves an API. */
function targetsOf(documents: Documents, tenant: string) {
  return documents.apis
    .filter((api) => api.tenant === tenant)
    .flatMap((api) => {
      const major = majorOf(api.version);
      const serves = (each: Service) =>
        each.tenant === tenant && each.name === api.service && each.hosts?.includes(major) === true;
      return documents.services.filter(serves).map(({ site, labels }) => ({
        to: { service: api.service, major, site, labels },
        endpoints: Object.keys(api.endpoints),
      }));
    });
}

/** Other policies whose different route some caller of this one is under, too; by name. */
function otherRoutes(policy: PolicyDocument, documents: Documents): string[] {
  const own = canonicalJson(policy.route);
  const callers = documents.services
    .filter((each) => each.tenant === policy.tenant)
    .map(({ site, name, labels }) => ({ site, service: name, labels }))
    .filter((caller) => meansCaller(policy, caller));
  const targets = targetsOf(documents, policy.tenant).filter(({ to }) => concernsApi(policy, to));
  const overlaps = (other: PolicyDocument) =>
    callers.some((caller) => meansCaller(other, caller)) &&
    targets.some(
      ({ to, endpoints }) =>
        concernsApi(other, to) &&
        endpoints.some(
          (each) => endpointFits(policy.to.endpoints, each) && endpointFits(other.to.endpoints, each),
        ),
    );
  return documents.policies
    .filter(
      (other) =>
        other.route !== undefined &&
        other.tenant === policy.tenant &&
        other.name !== policy.name &&
        canonicalJson(other.route) !== own,
    )
    .filter(overlaps)
    .map(({ name }) => name)
    .sort();
}

/** A route's sites that the tenant is not at, and routes that are not the only one of their callers. */
export function routeWarnings(
  policy: PolicyDocument,
  documents: Documents,
  sites: ReadonlySet<string>,
): PolicyWarning[] {
  const { route, tenant, name } = policy;
  if (route === undefined) return [];
  const named = [
    ...(route.order ?? []).map((site, index) => ({ pointer: `/route/order/${index}`, site })),
    ...Object.keys(route.weights ?? {}).map((site) => ({ pointer: `/route/weights/${site}`, site })),
  ];
  const warnings = named
    .filter(({ site }) => !sites.has(site))
    .map(({ pointer, site }) => ({ pointer, problem: `${site} is no site of tenant ${tenant} yet` }));
  const others = otherRoutes(policy, documents);
  if (others.length === 0) return warnings;
  const [first = name] = [name, ...others].sort();
  const problem =
    `some of its callers are routed by ${others.slice(0, 5).join(', ')}, too; ` +
    `of several routes the first by the policy’s name counts: that of ${first}`;
  return [...warnings, { pointer: '/route', problem }];
}

/** Quotas of bytes that no call fits: one is admitted only where its largest reply does. */
export function quotaWarnings(
  { limits, to }: PolicyDocument,
  meant: readonly ApiDocument[],
): PolicyWarning[] {
  const amounts = Object.entries(limits?.quota?.bytes ?? {});
  if (amounts.length === 0) return [];
  const largest = meant.flatMap(({ endpoints }) =>
    Object.entries(endpoints)
      .filter(([name]) => endpointFits(to.endpoints, name))
      .map(([name, { maxReplyBytes = defaultMaxReplyBytes }]) => ({ name, bytes: maxReplyBytes })),
  );
  const bound = limits?.payload ?? Number.POSITIVE_INFINITY;
  return amounts.flatMap(([window, amount]) => {
    const over = largest.find(({ bytes }) => Math.min(bytes, bound) >= amount);
    if (!over) return [];
    const problem =
      `is ${amount}, and a reply of "${over.name}" may have ${Math.min(over.bytes, bound)} bytes: a call is admitted ` +
      'only where its largest reply fits what is left; raise it, or lower maxReplyBytes or limits.payload';
    return [{ pointer: `/limits/quota/bytes/${window}`, problem }];
  });
}
