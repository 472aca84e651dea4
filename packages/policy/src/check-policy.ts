import {
  check,
  type Fault,
  nameFault,
  type Parsed,
  type Policy,
  type Route,
  reservedNames,
} from '@causeway/protocol';
import { shapes, unknownField } from './known-fields.ts';
import { durationMs, shortestLeaseMs, spanOf, timestampMs } from './matching/times.ts';
import { withGot } from './what-was-got.ts';

const longestLeaseMs = durationMs('3650d');

/** A name in a pattern: reserved words match nothing, and `any` is how one might write `*`. */
function patternFault(pointer: string, text: string | undefined): Fault | undefined {
  if (text === undefined || !reservedNames.has(text)) return undefined;
  const hint =
    text === 'any' ? '; for any, write "*" or leave the field out' : '; no site or service bears it';
  return { pointer, problem: `"${text}" is a reserved word${hint}` };
}

function namesFault({ tenant, name, from, to, route }: Policy): Fault | undefined {
  const own = nameFault('policy', name);
  if (own) return { pointer: '/name', problem: own };
  const tenantFault = tenant === undefined ? undefined : nameFault('tenant', tenant);
  if (tenantFault) return { pointer: '/tenant', problem: tenantFault };
  return (
    patternFault('/from/site', from.site) ??
    patternFault('/from/service', from.service) ??
    patternFault('/to/service', to.service) ??
    patternFault('/to/site', to.site) ??
    routeFault(route)
  );
}

/** A route names sites one by one. */
function routeFault({ order = [], weights = {} }: Route = {}): Fault | undefined {
  const named = [
    ...order.map((site, index) => ({ pointer: `/route/order/${index}`, site })),
    ...Object.keys(weights).map((site) => ({ pointer: `/route/weights/${site}`, site })),
  ];
  for (const { pointer, site } of named) {
    const problem = nameFault('site', site);
    if (problem) return { pointer, problem };
  }
  return undefined;
}

/** The tenant may be said in three places; it is one and the same, since no call crosses tenants. */
function tenantFault({ tenant, from, to }: Policy): Fault | undefined {
  const own = tenant ?? from.tenant;
  const other = [
    { pointer: '/from/tenant', named: from.tenant },
    { pointer: '/to/tenant', named: to.tenant },
  ].find(({ named }) => named !== undefined && own !== undefined && named !== own);
  if (!other) return undefined;
  const problem = `is ${other.named}, but the policy is of tenant ${own}: no call crosses from one tenant to another`;
  return { pointer: other.pointer, problem };
}

function timesFault(policy: Policy): Fault | undefined {
  for (const field of ['notBefore', 'expires'] as const) {
    const text = policy[field];
    if (text !== undefined && Number.isNaN(timestampMs(text))) {
      return { pointer: `/${field}`, problem: `is ${text}; there is no such day or time` };
    }
  }
  const { notBefore, expires } = spanOf(policy);
  if (notBefore !== undefined && expires !== undefined && expires <= notBefore) {
    return { pointer: '/expires', problem: `is ${policy.expires}, not after notBefore, ${policy.notBefore}` };
  }
  if (policy.offline === undefined) return undefined;
  const lease = durationMs(policy.offline);
  if (lease >= shortestLeaseMs && lease <= longestLeaseMs) return undefined;
  return { pointer: '/offline', problem: `is ${policy.offline}; from 10s to 3650d are possible` };
}

/** Fields that have no meaning with the other effect: they would look like something and be nothing. */
function effectFault(policy: Policy): Fault | undefined {
  if (policy.effect === 'allow') {
    if (policy.reason === undefined) return undefined;
    const problem = 'has no meaning with effect "allow"; take it out, or put it on the policy that denies';
    return { pointer: '/reason', problem };
  }
  const field = (['limits', 'route', 'audit', 'offline'] as const).find((each) => policy[each] !== undefined);
  if (!field) return undefined;
  const problem = 'has no meaning with effect "deny"; take it out, or put it on the policy that allows';
  return { pointer: `/${field}`, problem };
}

/**
 * Checks a policy as somebody wrote it: its schema, its names, its times, and fields that have no meaning with its
 * effect. A field that is not known is named with the one it is most like.
 */
export function checkPolicy(value: unknown): Parsed<Policy> {
  const unknown = unknownField(value, shapes.policy);
  if (unknown) return { fault: unknown };
  const parsed = check('Policy', value);
  if (parsed.fault) return { fault: withGot(parsed.fault, value) };
  const policy = parsed.value;
  const fault = namesFault(policy) ?? tenantFault(policy) ?? timesFault(policy) ?? effectFault(policy);
  return fault ? { fault } : parsed;
}
