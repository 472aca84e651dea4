import type { ExplainReply, ExplainRequest, Policy } from '@causeway/protocol';
import { shortened } from './consider.ts';
import type { ApiDocument, PolicyDocument } from './documents.ts';
import { mismatch, type PolicyCall } from './matching/fields.ts';
import { nearest } from './nearest.ts';

type Explained = ExplainReply['sites'][number];

/** A name for a policy that none of these has yet, of letters that a name may have. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = wanted.slice(0, 58).replace(/-+$/, '');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(name)) return name;
  }
}

function quoted(names: readonly string[]): string {
  const { listed, more } = shortened(names);
  return `${listed.map((name) => `"${name}"`).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/**
 * What somebody who wants a refused call to be allowed must do: take back the policies that deny it, and apply the
 * policy `add`, where none that stands allows it. Nothing to add for an endpoint that does not exist.
 */
export function adviceOn(
  api: ApiDocument,
  policies: readonly PolicyDocument[],
  { tenant, from, to }: Pick<ExplainRequest, 'tenant' | 'from' | 'to'>,
  call: PolicyCall,
): Pick<Explained, 'advice' | 'add'> {
  if (!Object.hasOwn(api.endpoints, to.endpoint)) {
    const near = nearest(to.endpoint, Object.keys(api.endpoints));
    const advice = `call an endpoint that there is${near === undefined ? '' : `, such as "${near}"`}`;
    return { advice };
  }
  const matching = policies.filter((policy) => mismatch(policy, call) === undefined);
  const denying = matching.filter(({ effect }) => effect === 'deny').map(({ name }) => name);
  const lacking = !matching.some(({ effect }) => effect === 'allow');
  const takeBack =
    denying.length === 0
      ? ''
      : `change or delete what denies it, ${quoted(denying)}: no other policy allows it while that stands`;
  if (!lacking) return { advice: takeBack };
  const wanted = `${from.service}-may-call-${to.service}-${to.endpoint.toLowerCase()}`;
  const add: Policy = {
    kind: 'policy',
    tenant,
    name: freeName(wanted, new Set(policies.map(({ name }) => name))),
    from: { site: from.site, service: from.service },
    to: { service: to.service, major: to.major, endpoints: [to.endpoint], site: call.to.site },
    effect: 'allow',
  };
  const apply = 'apply the policy below';
  return { advice: takeBack === '' ? apply : `${takeBack}; then ${apply}`, add: { ...add } };
}
