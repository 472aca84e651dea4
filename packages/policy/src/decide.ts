import type { Rule } from '@causeway/protocol';
import { compareText } from './canonical-json.ts';
import { didYouMean } from './nearest.ts';

/** Who calls, as the broker pinned it in the subject. */
export interface Caller {
  readonly site: string;
  readonly service: string;
}

/** What one policy lets one caller use at one serving site, over all endpoints the policy covers. */
export interface PolicyLimits {
  readonly policy: string;
  /** Calls per second. */
  readonly rate?: number;
  /** Calls; `rate` rounded up where absent. */
  readonly burst?: number;
  /** Calls under way at once. */
  readonly concurrency?: number;
}

/** The call may be made, within the limits of every allowing policy that has some. */
export interface Allowed {
  readonly effect: 'allow';
  /** The first matching allow in the order of names. */
  readonly policy: string;
  readonly limits: readonly PolicyLimits[];
  /** Strict where one of the allowing policies asks for it: the reply waits until the call's record is stored. */
  readonly audit: 'prompt' | 'strict';
}

/**
 * The call may not be made. `code` and `reason` are the truth, for the record and for `explain`; `told` is
 * what the caller hears. Where the two differ (`NO_ROUTE`), the reason must not be told either: to a caller
 * with no grant on any endpoint, the API does not exist.
 */
export interface Denied {
  readonly effect: 'deny';
  readonly code: 'DENIED' | 'NO_SUCH_ENDPOINT';
  readonly told: 'DENIED' | 'NO_ROUTE' | 'NO_SUCH_ENDPOINT';
  /** The first matching deny in the order of names; null where nothing matched. */
  readonly policy: string | null;
  readonly reason: string;
}

/** What the policies say of one call. */
export type Decision = Allowed | Denied;

/** The rules of one API at one site, ready for many questions. */
export interface RuleIndex {
  /** As the function `decide`; a miss costs four look-ups, however many rules there are. */
  decide(caller: Caller, endpoint: string): Decision;
  /** The API's endpoints that the caller may call. */
  granted(caller: Caller): readonly string[];
}

const any = '*';

function covers(rule: Rule, endpoint: string): boolean {
  return rule.endpoints.includes(any) || rule.endpoints.includes(endpoint);
}

function isAllowed(rules: readonly Rule[], endpoint: string): boolean {
  let allowed = false;
  for (const rule of rules) {
    if (!covers(rule, endpoint)) continue;
    if (rule.effect === 'deny') return false;
    allowed = true;
  }
  return allowed;
}

function limitsOf(rule: Rule): PolicyLimits | undefined {
  const { rate, burst, concurrency } = rule.limits ?? {};
  if (rate === undefined && concurrency === undefined) return undefined;
  return {
    policy: rule.policy,
    ...(rate === undefined ? {} : { rate }),
    ...(rate === undefined || burst === undefined ? {} : { burst }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** `rules` are those that match the caller, in the order of their names. */
function evaluate(
  rules: readonly Rule[],
  caller: Caller,
  endpoint: string,
  endpoints: readonly string[] | undefined,
): Decision {
  let allow: Rule | undefined;
  let deny: Rule | undefined;
  let audit: Allowed['audit'] = 'prompt';
  const limits: PolicyLimits[] = [];
  for (const rule of rules) {
    if (!covers(rule, endpoint)) continue;
    if (rule.effect === 'deny') {
      deny ??= rule;
      continue;
    }
    allow ??= rule;
    audit = rule.audit ?? audit;
    const limit = limitsOf(rule);
    if (limit) limits.push(limit);
  }
  const exists = endpoints === undefined || endpoints.includes(endpoint);
  if (exists && allow && !deny) return { effect: 'allow', policy: allow.policy, limits, audit };

  // Without the API's own list: every endpoint a rule names, and '' for all those that none names.
  const granted = (endpoints ?? [...rules.flatMap((rule) => rule.endpoints), '']).filter(
    (name) => name !== any && isAllowed(rules, name),
  );
  if (!exists && granted.length > 0) {
    const reason = `the API has no endpoint "${endpoint}"${didYouMean(endpoint, granted)}`;
    return { effect: 'deny', code: 'NO_SUCH_ENDPOINT', told: 'NO_SUCH_ENDPOINT', policy: null, reason };
  }
  const who = `${caller.site}/${caller.service}`;
  return {
    effect: 'deny',
    code: 'DENIED',
    told: granted.length > 0 ? 'DENIED' : 'NO_ROUTE',
    policy: deny?.policy ?? null,
    reason: deny
      ? `policy "${deny.policy}" denies ${who} the endpoint "${endpoint}"`
      : `no policy allows ${who} to call the endpoint "${endpoint}"`,
  };
}

function byName(rules: readonly Rule[]): Rule[] {
  return [...rules].sort((a, b) => compareText(a.policy, b.policy));
}

/**
 * Decides one call by the rules of one API at one site. Deny beats allow, whatever the order; what nothing
 * matches is denied.
 *
 * `endpoints` are the API's own (the keys of its manifest's `endpoints`): with them an endpoint that does not
 * exist is told apart (`NO_SUCH_ENDPOINT`), and a grant on one that does not exist is no grant. Where they are
 * left out, every name counts as an endpoint.
 */
export function decide(
  rules: readonly Rule[],
  caller: Caller,
  endpoint: string,
  endpoints?: readonly string[],
): Decision {
  const matching = rules.filter(
    ({ from }) =>
      (from.site === any || from.site === caller.site) &&
      (from.service === any || from.service === caller.service),
  );
  return evaluate(byName(matching), caller, endpoint, endpoints);
}

/** Files the rules by the callers they name, so that a decision reads only those that can match. */
export function createRuleIndex(rules: readonly Rule[], endpoints: readonly string[]): RuleIndex {
  const byCaller = new Map<string, Rule[]>();
  for (const rule of byName(rules)) {
    const key = `${rule.from.site}/${rule.from.service}`;
    const filed = byCaller.get(key);
    if (filed) filed.push(rule);
    else byCaller.set(key, [rule]);
  }

  function matching(caller: Caller): readonly Rule[] {
    const found = [
      byCaller.get(`${caller.site}/${caller.service}`),
      byCaller.get(`${caller.site}/${any}`),
      byCaller.get(`${any}/${caller.service}`),
      byCaller.get(`${any}/${any}`),
    ].filter((filed) => filed !== undefined);
    return found.length === 1 ? (found[0] ?? []) : byName(found.flat());
  }

  return {
    decide: (caller, endpoint) => evaluate(matching(caller), caller, endpoint, endpoints),
    granted(caller) {
      const rulesOfCaller = matching(caller);
      if (rulesOfCaller.length === 0) return [];
      return endpoints.filter((endpoint) => isAllowed(rulesOfCaller, endpoint));
    },
  };
}
