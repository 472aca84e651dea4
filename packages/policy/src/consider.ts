import type { ExplainReply } from '@causeway/protocol';
import { compareText } from './canonical-json.ts';
import type { PolicyDocument } from './documents.ts';
import { mismatch, type PolicyCall } from './matching/fields.ts';

type Considered = NonNullable<ExplainReply['sites'][number]['considered']>[number];

/** Policies that did not match are listed up to this number: more fit no screen. */
const mostListed = 20;

/**
 * What became of each policy: those that match the call first, then those that came nearest, with the first field
 * that the call does not fit. All that match are listed; of the others some, and how many more there are.
 */
export function consider(
  policies: readonly PolicyDocument[],
  call: PolicyCall,
): { considered: Considered[]; omitted: number } {
  const matched: Considered[] = [];
  const others: { entry: Considered; fitting: number }[] = [];
  for (const policy of policies) {
    const { name, effect } = policy;
    const failed = mismatch(policy, call);
    if (!failed) matched.push({ policy: name, effect, matched: true });
    else {
      const { field, why, fitting } = failed;
      others.push({ entry: { policy: name, effect, matched: false, field, why }, fitting });
    }
  }
  others.sort((a, b) => b.fitting - a.fitting || compareText(a.entry.policy, b.entry.policy));
  return {
    considered: [...matched, ...others.slice(0, mostListed).map(({ entry }) => entry)],
    omitted: Math.max(0, others.length - mostListed),
  };
}
