import type { Documents, PolicyDocument } from '@causeway/policy';

/** What the documentation says comes of a call, in the words that every part can be compared with. */
export interface Verdict {
  readonly effect: 'allow' | 'deny';
  readonly told: string;
  readonly policy: string | null;
  readonly matched: readonly string[];
  readonly audit?: 'prompt' | 'strict';
  readonly lease?: number;
  /** How the caller tries sites where it names none. */
  readonly route?: object | undefined;
  /** Names of the policies that limit it, with what. */
  readonly limits?: readonly object[];
}

interface Question {
  readonly tenant: string;
  readonly from: { readonly site: string; readonly service: string };
  readonly to: { readonly service: string; readonly major: number; readonly endpoint: string };
  readonly site: string;
  readonly at: number;
}

/** A pattern as a regular expression: another way than the engine's, and slow where it likes. */
function like(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.split('*').join('[^]*')}$`).test(text);
}

type Labelled = Record<string, string>;

const bears = (wanted: Labelled | undefined, labels: Labelled = {}) =>
  Object.keys(wanted ?? {}).every((key) => key in labels && like(wanted?.[key], labels[key] ?? ''));

const seconds: Record<string, number> = { '30s': 30, '15m': 900, '2h': 7_200, '7d': 604_800 };

/** The policies that count for a call, by name. */
function verdictPolicies(documents: Documents, { tenant, from, to, site, at }: Question): PolicyDocument[] {
  const labelsOf = (where: string, name: string) =>
    documents.services.find((each) => each.tenant === tenant && each.site === where && each.name === name)
      ?.labels;
  const counts = (policy: PolicyDocument, endpoint: string) =>
    policy.tenant === tenant &&
    like(policy.from.site, from.site) &&
    like(policy.from.service, from.service) &&
    bears(policy.from.labels, labelsOf(from.site, from.service)) &&
    like(policy.to.service, to.service) &&
    (policy.to.major === undefined || policy.to.major === to.major) &&
    like(policy.to.site, site) &&
    bears(policy.to.labels, labelsOf(site, to.service)) &&
    (policy.to.endpoints === undefined || policy.to.endpoints.some((each) => like(each, endpoint))) &&
    (policy.notBefore === undefined || Date.parse(policy.notBefore) <= at) &&
    (policy.expires === undefined || at < Date.parse(policy.expires));
  return documents.policies
    .filter((policy) => counts(policy, to.endpoint))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Decides a call by reading docs/policy.md aloud: no index, no compiled table, none of the engine's code. Undefined
 * where nobody is there to decide: no such identity, or nothing serves the API at the site.
 */
export function verdictOf(documents: Documents, asked: Question): Verdict | undefined {
  const { tenant, from, to, site } = asked;
  const isThere = (name: string) =>
    documents.sites.some((each) => each.name === name && !each.revoked && tenant in each.tenants);
  const identity = (where: string, name: string) =>
    documents.services.find((each) => each.tenant === tenant && each.site === where && each.name === name);
  const caller = identity(from.site, from.service);
  const server = identity(site, to.service);
  const api = documents.apis.find(
    (each) =>
      each.tenant === tenant && each.service === to.service && each.version.startsWith(`${to.major}.`),
  );
  if (!caller || !server?.hosts?.includes(to.major) || !api) return undefined;
  if (!isThere(from.site) || !isThere(site)) return undefined;

  const counting = (endpoint: string) => verdictPolicies(documents, { ...asked, to: { ...to, endpoint } });
  const may = (endpoint: string) =>
    counting(endpoint).length > 0 && counting(endpoint).every(({ effect }) => effect === 'allow');

  /** "Of several routes the first by name": of all policies that allow this caller anything of the API, anywhere. */
  function routeAsRead(): object | undefined {
    if (!documents.policies.some((policy) => policy.tenant === tenant && policy.route)) return undefined;
    const granting: [string, PolicyDocument[]][] = documents.sites
      .filter((each) => isThere(each.name) && identity(each.name, to.service)?.hosts?.includes(to.major))
      .map((each) => {
        const here = (endpoint: string) =>
          verdictPolicies(documents, { ...asked, site: each.name, to: { ...to, endpoint } });
        const all = Object.keys(api?.endpoints ?? {}).map(here);
        const open = all.filter((hits) => hits.length > 0 && hits.every(({ effect }) => effect === 'allow'));
        return [each.name, open.flat()];
      });
    const granted = granting.filter(([, policies]) => policies.length > 0);
    const [first] = granted
      .flatMap(([, policies]) => policies)
      .filter((policy) => policy.route !== undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    if (!first?.route) return undefined;
    const rank = (name: string) => `${name === from.site ? 0 : name === 'cloud' ? 1 : 2}${name}`;
    const usual = granted.map(([name]) => name).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
    const { order, weights = {} } = first.route;
    const named = order
      ? order.filter((each) => usual.includes(each))
      : usual
          .filter((each) => weights[each])
          .sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || (a < b ? -1 : 1));
    if (named.length === 0) return undefined;
    const all = [...named, ...usual.filter((each) => !named.includes(each))];
    const alphabetic = Object.keys(weights)
      .filter((each) => usual.includes(each))
      .sort();
    return {
      ...{ policy: first.name, order: all },
      ...(order ? {} : { weights: Object.fromEntries(alphabetic.map((each) => [each, weights[each]])) }),
    };
  }

  const names = Object.keys(api.endpoints);
  const hits = counting(to.endpoint);
  const matched = hits.map(({ name }) => name);
  if (!names.includes(to.endpoint)) {
    const known = names.some(may);
    // A deny of endpoints by name says nothing of one that the API has not.
    const deny = hits.find(
      ({ effect, to: { endpoints = ['*'] } }) => effect === 'deny' && endpoints.includes('*'),
    );
    const policy = known || !deny ? null : deny.name;
    return { effect: 'deny', told: known ? 'NO_SUCH_ENDPOINT' : 'NO_ROUTE', policy, matched };
  }
  if (!may(to.endpoint)) {
    const policy = hits.find(({ effect }) => effect === 'deny')?.name ?? null;
    return { effect: 'deny', told: names.some(may) ? 'DENIED' : 'NO_ROUTE', policy, matched };
  }
  return {
    ...{ effect: 'allow', told: 'OK', policy: matched[0] ?? '', matched },
    audit: hits.some(({ audit }) => audit === 'strict') ? 'strict' : 'prompt',
    lease: Math.min(...hits.map(({ offline }) => (seconds[offline ?? ''] ?? 86_400) * 1000)),
    route: routeAsRead(),
    limits: hits
      .filter(({ limits }) => Object.keys(limits ?? {}).length > 0)
      .map(({ name, limits }) => ({ policy: name, ...limits })),
  };
}
