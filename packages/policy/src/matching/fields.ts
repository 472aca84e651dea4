import type { Labels, Policy } from '@causeway/protocol';
import { isGlob, matchesGlob, matchesLabels } from './glob.ts';
import { spanOf } from './times.ts';

/** A call as policies see it. `at` is ms on the hub's clock; labels are those of the two identities. */
export interface PolicyCall {
  readonly from: { readonly site: string; readonly service: string; readonly labels?: Labels | undefined };
  readonly to: {
    readonly service: string;
    readonly major: number;
    readonly endpoint: string;
    readonly site: string;
    readonly labels?: Labels | undefined;
  };
  readonly at: number;
}

/** Why a policy says nothing of a call: the field, by its path, and what it would have to be. */
export interface Mismatch {
  readonly field: string;
  readonly why: string;
}

/** One field of a policy: whether a call fits it, and how to say that it does not. */
interface FieldTest {
  readonly field: string;
  readonly fits: (policy: Policy, call: PolicyCall) => boolean;
  readonly why: (policy: Policy, call: PolicyCall) => string;
}

const fitsName = (pattern: string | undefined, name: string) =>
  pattern === undefined || matchesGlob(pattern, name);

function saysName(pattern: string | undefined, what: string, name: string): string {
  return `is ${pattern}; the ${what} is ${name}`;
}

/** The first label that does not fit, in words. */
function saysLabels(selector: Labels | undefined, labels: Labels | undefined, whose: string): string {
  for (const [key, pattern] of Object.entries(selector ?? {})) {
    if (matchesLabels({ [key]: pattern }, labels)) continue;
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    const has = value === undefined ? `has no label ${key}` : `has ${key}=${value}`;
    return `asks for ${key}=${pattern}; the ${whose} ${has}`;
  }
  return '';
}

/** Names that are told of a list; all of them would fill a screen. */
const mostNamed = 8;

function someOf(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const iso = (ms: number) => new Date(ms).toISOString();

const callerFields: readonly FieldTest[] = [
  {
    field: 'from.site',
    fits: ({ from }, call) => fitsName(from.site, call.from.site),
    why: ({ from }, call) => saysName(from.site, 'caller’s site', call.from.site),
  },
  {
    field: 'from.service',
    fits: ({ from }, call) => fitsName(from.service, call.from.service),
    why: ({ from }, call) => saysName(from.service, 'caller', call.from.service),
  },
  {
    field: 'from.labels',
    fits: ({ from }, call) => from.labels === undefined || matchesLabels(from.labels, call.from.labels),
    why: ({ from }, call) => saysLabels(from.labels, call.from.labels, 'caller'),
  },
];

const apiFields: readonly FieldTest[] = [
  {
    field: 'to.service',
    fits: ({ to }, call) => fitsName(to.service, call.to.service),
    why: ({ to }, call) => saysName(to.service, 'service', call.to.service),
  },
  {
    field: 'to.major',
    fits: ({ to }, call) => to.major === undefined || to.major === call.to.major,
    why: ({ to }, call) => `is ${to.major}; the call is of v${call.to.major}`,
  },
  {
    field: 'to.site',
    fits: ({ to }, call) => fitsName(to.site, call.to.site),
    why: ({ to }, call) => saysName(to.site, 'serving site', call.to.site),
  },
  {
    field: 'to.labels',
    fits: ({ to }, call) => to.labels === undefined || matchesLabels(to.labels, call.to.labels),
    why: ({ to }, call) => saysLabels(to.labels, call.to.labels, 'serving identity'),
  },
];

const restFields: readonly FieldTest[] = [
  {
    field: 'to.endpoints',
    fits: ({ to }, call) => endpointFits(to.endpoints, call.to.endpoint),
    why: ({ to }, call) => `names ${someOf(to.endpoints ?? [])}; the endpoint is ${call.to.endpoint}`,
  },
  {
    field: 'notBefore',
    fits: (policy, { at }) => at >= (spanOf(policy).notBefore ?? at),
    why: ({ notBefore }, { at }) => `is ${notBefore}; it is ${iso(at)}`,
  },
  {
    field: 'expires',
    fits: (policy, { at }) => policy.expires === undefined || at < (spanOf(policy).expires ?? at),
    why: ({ expires }, { at }) => `was ${expires}; it is ${iso(at)}`,
  },
];

const allFields: readonly FieldTest[] = [...callerFields, ...apiFields, ...restFields];

const fits = (fields: readonly FieldTest[], policy: Policy, call: PolicyCall) =>
  fields.every((each) => each.fits(policy, call));

/** Whether a list of endpoints (all, where absent) means one. */
export function endpointFits(patterns: readonly string[] | undefined, endpoint: string): boolean {
  return patterns === undefined || patterns.some((pattern) => matchesGlob(pattern, endpoint));
}

/** Whether a policy is about calls of this API at this site, whoever makes them and when. */
export function concernsApi(policy: Policy, to: Omit<PolicyCall['to'], 'endpoint'>): boolean {
  return fits(apiFields, policy, { from: { site: '', service: '' }, to: { ...to, endpoint: '' }, at: 0 });
}

/** Whether a policy means this caller, whatever he calls and when. */
export function meansCaller(policy: Policy, from: PolicyCall['from']): boolean {
  return fits(callerFields, policy, { from, to: { service: '', major: 0, endpoint: '', site: '' }, at: 0 });
}

/** The first field that a call does not fit, and how many it does fit; undefined where the policy matches it. */
export function mismatch(policy: Policy, call: PolicyCall): (Mismatch & { fitting: number }) | undefined {
  const failing = allFields.filter((each) => !each.fits(policy, call));
  const [first] = failing;
  if (!first) return undefined;
  return { field: first.field, why: first.why(policy, call), fitting: allFields.length - failing.length };
}

/** The fields of a policy that say several things at once, with their places: globs, and labels. */
export function openFields({ from, to }: Policy): { pointer: string; pattern: string | Labels }[] {
  const named = [
    { pointer: '/from/site', pattern: from.site },
    { pointer: '/from/service', pattern: from.service },
    { pointer: '/from/labels', pattern: from.labels },
    { pointer: '/to/service', pattern: to.service },
    { pointer: '/to/site', pattern: to.site },
    { pointer: '/to/labels', pattern: to.labels },
    ...(to.endpoints ?? []).map((pattern, index) => ({ pointer: `/to/endpoints/${index}`, pattern })),
  ];
  return named.flatMap(({ pointer, pattern }) => {
    const open = typeof pattern === 'object' || (pattern !== undefined && pattern !== '*' && isGlob(pattern));
    return open && pattern !== undefined ? [{ pointer, pattern }] : [];
  });
}
