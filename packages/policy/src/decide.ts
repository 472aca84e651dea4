import type { Quota, Rule } from '@causeway/protocol';
import { compareText } from './canonical-json.ts';
import { isGlob, matchesGlob } from './matching/glob.ts';
import { defaultLeaseMs, isActive, stretchAround } from './matching/times.ts';
import { didYouMean } from './nearest.ts';

/** Who calls, as the broker pinned it in the subject. */
export interface Caller {
  readonly site: string;
  readonly service: string;
}

/** What one policy lets one caller use over all endpoints it covers: a quota in the whole fabric, else at a serving site. */
export interface PolicyLimits {
  readonly policy: string;
  /** Calls per second. */
  readonly rate?: number;
  /** Calls; `rate` rounded up where absent. */
  readonly burst?: number;
  /** Calls under way at once. */
  readonly concurrency?: number;
  /** Bytes of requests and replies per second; as many may come at once. */
  readonly bytesPerSecond?: number;
  /** Bytes of a request, and of a reply. */
  readonly payload?: number;
  readonly quota?: Quota;
}

/** The time in which a decision stands: milliseconds on the hub's clock, from `since`, before `until`. */
interface Standing {
  readonly since: number;
  readonly until: number;
}

/** The call may be made, within the limits of every allowing policy that has some. */
export interface Allowed extends Standing {
  readonly effect: 'allow';
  /** The first matching allow in the order of names. */
  readonly policy: string;
  readonly limits: readonly PolicyLimits[];
  /** Strict where one of the allowing policies asks for it: the reply waits until the call's record is stored. */
  readonly audit: 'prompt' | 'strict';
  /** For how long, in ms, a site that hears nothing from the registry admits the call: the shortest of them all. */
  readonly lease: number;
}

/**
 * The call may not be made. `code` and `reason` are the truth, for the record and for `explain`; `told` is
 * what the caller hears. Where the two differ (`NO_ROUTE`), the reason must not be told either: to a caller
 * with no grant on any endpoint, the API does not exist.
 */
export interface Denied extends Standing {
  readonly effect: 'deny';
  readonly code: 'DENIED' | 'NO_SUCH_ENDPOINT';
  readonly told: 'DENIED' | 'NO_ROUTE' | 'NO_SUCH_ENDPOINT';
  /** The first matching deny in the order of names; null where nothing matched. */
  readonly policy: string | null;
  readonly reason: string;
}

/** What the policies say of one call. */
export type Decision = Allowed | Denied;

const any = '*';

function covers(rule: Rule, endpoint: string): boolean {
  return rule.endpoints.includes(any) || rule.endpoints.includes(endpoint);
}

/** Whether rules, all of one caller and in force, allow an endpoint. */
export function isAllowed(rules: readonly Rule[], endpoint: string): boolean {
  let allowed = false;
  for (const rule of rules) {
    if (!covers(rule, endpoint)) continue;
    if (rule.effect === 'deny') return false;
    allowed = true;
  }
  return allowed;
}

const limitFields = ['rate', 'burst', 'concurrency', 'bytesPerSecond', 'payload', 'quota'] as const;

/** The limits of a rule, in one order however they were written; undefined where it has none. */
function limitsOf({ policy, limits = {} }: Rule): PolicyLimits | undefined {
  const set = limitFields.filter((field) => limits[field] !== undefined);
  if (set.length === 0) return undefined;
  return { policy, ...Object.fromEntries(set.map((field) => [field, limits[field]])) };
}

/** Decides by `rules` that match the caller, in the order of their names, whenever they are in force. */
export function evaluate(
  rules: readonly Rule[],
  caller: Caller,
  endpoint: string,
  endpoints: readonly string[] | undefined,
  at: number,
): Decision {
  const standing = stretchAround(rules, at);
  const active = rules.filter((rule) => isActive(rule, at));
  let allow: Rule | undefined;
  let deny: Rule | undefined;
  let audit: Allowed['audit'] = 'prompt';
  let lease = Number.POSITIVE_INFINITY;
  const limits: PolicyLimits[] = [];
  for (const rule of active) {
    if (!covers(rule, endpoint)) continue;
    if (rule.effect === 'deny') {
      deny ??= rule;
      continue;
    }
    allow ??= rule;
    audit = rule.audit ?? audit;
    lease = Math.min(lease, rule.lease ?? defaultLeaseMs);
    const limit = limitsOf(rule);
    if (limit) limits.push(limit);
  }
  const exists = endpoints === undefined || endpoints.includes(endpoint);
  if (exists && allow && !deny) {
    return { effect: 'allow', policy: allow.policy, limits, audit, lease, ...standing };
  }

  // Without the API's own list: every endpoint a rule names, and '' for all those that none names.
  const granted = (endpoints ?? [...active.flatMap((rule) => rule.endpoints), '']).filter(
    (name) => name !== any && isAllowed(active, name),
  );
  if (!exists && granted.length > 0) {
    const reason = `the API has no endpoint "${endpoint}"${didYouMean(endpoint, granted)}`;
    const code = 'NO_SUCH_ENDPOINT';
    return { effect: 'deny', code, told: code, policy: null, reason, ...standing };
  }
  return {
    effect: 'deny',
    code: 'DENIED',
    told: granted.length > 0 ? 'DENIED' : 'NO_ROUTE',
    policy: deny?.policy ?? null,
    reason: whyDenied(deny, `${caller.site}/${caller.service}`, endpoint),
    ...standing,
  };
}

function whyDenied(deny: Rule | undefined, who: string, endpoint: string): string {
  if (!deny) return `no policy allows ${who} to call the endpoint "${endpoint}"`;
  const words = deny.reason === undefined ? '' : `: ${deny.reason}`;
  return `policy "${deny.policy}" denies ${who} the endpoint "${endpoint}"${words}`;
}

/** Rules in the order of their policies' names. */
export function byName(rules: readonly Rule[]): Rule[] {
  return [...rules].sort((a, b) => compareText(a.policy, b.policy));
}

/** Whether a rule means a caller, whatever he calls and whenever. */
export function matchesCaller({ from }: Rule, caller: Caller): boolean {
  if (from.callers) return from.callers.includes(`${caller.site}/${caller.service}`);
  return matchesGlob(from.site, caller.site) && matchesGlob(from.service, caller.service);
}

/**
 * Decides one call by the rules of one API at one site, at a time on the hub's clock. Deny beats allow, whatever the
 * order; what nothing matches is denied.
 *
 * `endpoints` are the API's own (the keys of its manifest's `endpoints`): with them an endpoint that does not
 * exist is told apart (`NO_SUCH_ENDPOINT`), and a grant on one that does not exist is no grant. Where they are
 * left out, every name counts as an endpoint.
 */
export function decide(
  rules: readonly Rule[],
  caller: Caller,
  endpoint: string,
  at: number,
  endpoints?: readonly string[],
): Decision {
  const matching = byName(rules.filter((rule) => matchesCaller(rule, caller)));
  return evaluate(matching, caller, endpoint, endpoints, at);
}

/** Whether a rule has to be tried on each caller: its names are neither whole nor `*` alone. */
export function isOfManyCallers({ from }: Rule): boolean {
  const several = (name: string) => name !== any && isGlob(name);
  return from.callers === undefined && (several(from.site) || several(from.service));
}
