import type { DiscoveredApi, ExplainReply, Route } from '@causeway/protocol';
import { compareText } from './canonical-json.ts';
import { shortened } from './consider.ts';
import type { PolicyDocument } from './documents.ts';

/** The route of a policy that routes. */
export interface NamedRoute {
  readonly policy: string;
  readonly route: Route;
}

/** A site that a caller may call, and the endpoints that it may call there. */
export interface GrantedSite {
  readonly site: string;
  readonly endpoints: readonly string[];
}

/**
 * The route that counts for one caller of one API: of all allowing policies with a route that grant something of it
 * at a site that it may call, the first by name. So it hangs neither on the order of documents nor on the site.
 * `grants` says whether a policy allows one of the endpoints at a site.
 */
export function routeOf(
  policies: readonly PolicyDocument[],
  granted: readonly GrantedSite[],
  grants: (policy: PolicyDocument, at: GrantedSite) => boolean,
): NamedRoute | undefined {
  let first: NamedRoute | undefined;
  for (const policy of policies) {
    if (policy.route === undefined || policy.effect !== 'allow') continue;
    if (first && compareText(first.policy, policy.name) < 0) continue;
    if (granted.some((each) => grants(policy, each))) first = { policy: policy.name, route: policy.route };
  }
  return first;
}

/** Of sites in their usual order: those that the route names first, the heaviest or as they stand there. */
function routedSites({ order, weights = {} }: Route, sites: readonly string[]): string[] {
  const weightOf = (site: string) => (Object.hasOwn(weights, site) ? (weights[site] ?? 0) : 0);
  const named =
    order?.filter((site) => sites.includes(site)) ??
    sites.filter((site) => weightOf(site) > 0).sort((a, b) => weightOf(b) - weightOf(a) || compareText(a, b));
  return [...named, ...sites.filter((site) => !named.includes(site))];
}

/** Weights of those sites alone that a caller may call, by name: it hears of no other. */
function grantedWeights(weights: Readonly<Record<string, number>>, sites: readonly string[]) {
  const entries = Object.entries(weights).filter(([site]) => sites.includes(site));
  return Object.fromEntries(entries.sort(([a], [b]) => compareText(a, b)));
}

/** Sites and route as a caller discovers them; `sites` are those that it may call, in their usual order. */
export function routedEntry(
  named: NamedRoute | undefined,
  sites: readonly string[],
): Pick<DiscoveredApi, 'sites' | 'route'> {
  if (!named) return { sites: [...sites] };
  const { route } = named;
  const routed = routedSites(route, sites);
  // Where it names none of them it says nothing of where to call first.
  const names = route.order ?? Object.keys(route.weights ?? {});
  if (!names.some((site) => sites.includes(site))) return { sites: [...sites] };
  if (route.weights === undefined) return { sites: routed, route: { by: 'order' } };
  return { sites: routed, route: { by: 'weights', weights: grantedWeights(route.weights, sites) } };
}

/** The same as `explain` says it, of as many sites as it lists; undefined where there is no route. */
export function explainedRoute(
  named: NamedRoute | undefined,
  sites: readonly string[],
): ExplainReply['sites'][number]['route'] {
  const { sites: all, route } = routedEntry(named, sites);
  if (!named || !route) return undefined;
  const { policy } = named;
  const { listed: order } = shortened(all);
  return route.weights === undefined
    ? { policy, order }
    : { policy, order, weights: grantedWeights(route.weights, order) };
}
