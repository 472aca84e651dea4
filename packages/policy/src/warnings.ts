import { majorOf } from '@causeway/protocol';
import type { Documents, PolicyDocument } from './documents.ts';
import { endpointFits, openFields } from './matching/fields.ts';
import { matchesGlob, matchesLabels } from './matching/glob.ts';
import { isActive, spanOf } from './matching/times.ts';
import { type PolicyWarning, quotaWarnings, routeWarnings } from './use-warnings.ts';

export type { PolicyWarning } from './use-warnings.ts';

/**
 * Looks a policy over beside all documents: globs and labels that mean nothing there is yet, and a time that is over
 * (`at` is ms on the hub's clock). Whole names that are not there yet are nothing unusual and give no warning.
 */
export function policyWarnings(policy: PolicyDocument, documents: Documents, at: number): PolicyWarning[] {
  const { tenant, to } = policy;
  const open = openFields(policy);
  // Most policies have no such field, and then nothing is looked at.
  const looks = open.length > 0 || policy.route !== undefined || policy.limits?.quota !== undefined;
  const some = looks ? documents : { services: [], apis: [], sites: [] };
  const services = some.services.filter((each) => each.tenant === tenant);
  const apis = some.apis.filter((each) => each.tenant === tenant);
  const sites = some.sites.filter((each) => !each.revoked && Object.hasOwn(each.tenants, tenant));
  const meant = apis.filter(
    (api) =>
      matchesGlob(to.service ?? '*', api.service) &&
      (to.major === undefined || to.major === majorOf(api.version)),
  );
  const endpoints = meant.flatMap((api) => Object.keys(api.endpoints));

  /** What a field's pattern is compared with: whether some of it fits, and what it is. */
  function found(pointer: string, pattern: string | Readonly<Record<string, string>>): [boolean, string] {
    if (typeof pattern === 'object') {
      return [
        services.some(({ labels }) => matchesLabels(pattern, labels)),
        'no service has all these labels',
      ];
    }
    const fits = (name: string) => matchesGlob(pattern, name);
    if (pointer.startsWith('/to/endpoints/')) {
      return [endpoints.some((each) => endpointFits([pattern], each)), `${pattern} fits no endpoint`];
    }
    if (pointer.endsWith('/site')) return [sites.some(({ name }) => fits(name)), `${pattern} fits no site`];
    const names = pointer.startsWith('/to')
      ? apis.map(({ service }) => service)
      : services.map(({ name }) => name);
    return [names.some(fits), `${pattern} fits no service`];
  }

  const warnings = open.flatMap(({ pointer, pattern }) => {
    const [fits, problem] = found(pointer, pattern);
    return fits ? [] : [{ pointer, problem: `${problem} of tenant ${tenant} yet` }];
  });
  const present = new Set(sites.map(({ name }) => name));
  warnings.push(...routeWarnings(policy, documents, present), ...quotaWarnings(policy, meant));
  const { expires } = spanOf(policy);
  if (expires !== undefined && !isActive({ expires }, at)) {
    warnings.push({
      pointer: '/expires',
      problem: `is over: ${policy.expires}; the policy says nothing any more`,
    });
  }
  return warnings;
}
