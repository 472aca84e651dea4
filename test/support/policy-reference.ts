import type { Documents, PolicyDocument } from '@causeway/policy';

/** What the documentation says comes of a call, in the words that every part can be compared with. */
export interface Verdict {
  readonly effect: 'allow' | 'deny';
  readonly told: string;
  readonly policy: string | null;
  readonly matched: readonly string[];
  readonly audit?: 'prompt' | 'strict';
  readonly lease?: number;
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

/**
 * Decides a call by reading docs/policy.md aloud: no index, no compiled table, none of the engine's code. Undefined
 * where nobody is there to decide: no such identity, or nothing serves the API at the site.
 */
export function verdictOf(documents: Documents, asked: Question): Verdict | undefined {
  const { tenant, from, to, site, at } = asked;
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

  const counts = (policy: PolicyDocument, endpoint: string) =>
    policy.tenant === tenant &&
    like(policy.from.site, from.site) &&
    like(policy.from.service, from.service) &&
    bears(policy.from.labels, caller.labels) &&
    like(policy.to.service, to.service) &&
    (policy.to.major === undefined || policy.to.major === to.major) &&
    like(policy.to.site, site) &&
    bears(policy.to.labels, server.labels) &&
    (policy.to.endpoints === undefined || policy.to.endpoints.some((each) => like(each, endpoint))) &&
    (policy.notBefore === undefined || Date.parse(policy.notBefore) <= at) &&
    (policy.expires === undefined || at < Date.parse(policy.expires));
  const counting = (endpoint: string) =>
    documents.policies
      .filter((policy) => counts(policy, endpoint))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const may = (endpoint: string) =>
    counting(endpoint).length > 0 && counting(endpoint).every(({ effect }) => effect === 'allow');

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
    limits: hits
      .filter(({ limits }) => Object.keys(limits ?? {}).length > 0)
      .map(({ name, limits }) => ({ policy: name, ...limits })),
  };
}
