import { check, type Fault, nameFault, type Parsed, type Policy, reservedNames } from '@causeway/protocol';
import { shapes, unknownField } from './known-fields.ts';
import { withGot } from './what-was-got.ts';

/** A name in a pattern: reserved words match nothing, and `any` is how one might write `*`. */
function patternFault(pointer: string, text: string | undefined): Fault | undefined {
  if (text === undefined || !reservedNames.has(text)) return undefined;
  const hint =
    text === 'any' ? '; for any, write "*" or leave the field out' : '; no site or service bears it';
  return { pointer, problem: `"${text}" is a reserved word${hint}` };
}

function namesFault({ tenant, name, from, to }: Policy): Fault | undefined {
  const own = nameFault('policy', name);
  if (own) return { pointer: '/name', problem: own };
  const tenantFault = tenant === undefined ? undefined : nameFault('tenant', tenant);
  if (tenantFault) return { pointer: '/tenant', problem: tenantFault };
  return (
    patternFault('/from/site', from.site) ??
    patternFault('/from/service', from.service) ??
    patternFault('/to/service', to.service) ??
    patternFault('/to/site', to.site)
  );
}

/**
 * Checks a policy as somebody wrote it: its schema, its names, and limits or an audit mode on a deny, which would
 * look like something and be nothing. A field that is not known is named with the one it is most like.
 */
export function checkPolicy(value: unknown): Parsed<Policy> {
  const unknown = unknownField(value, shapes.policy);
  if (unknown) return { fault: unknown };
  const parsed = check('Policy', value);
  if (parsed.fault) return { fault: withGot(parsed.fault, value) };
  const fault = namesFault(parsed.value);
  if (fault) return { fault };
  const ofAllows = (['limits', 'audit'] as const).find((field) => parsed.value[field] !== undefined);
  if (parsed.value.effect === 'deny' && ofAllows) {
    const problem = 'has no meaning with effect "deny"; take it out, or put it on the policy that allows';
    return { fault: { pointer: `/${ofAllows}`, problem } };
  }
  return parsed;
}
