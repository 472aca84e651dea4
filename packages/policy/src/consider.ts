import type { ExplainReply } from '@causeway/protocol';
import { compareText } from './canonical-json.ts';
import type { PolicyDocument } from './documents.ts';
import { mismatch, type PolicyCall } from './matching/fields.ts';

type Considered = NonNullable<ExplainReply['sites'][number]['considered']>[number];

/** Of those that match, and of those that do not, this many are listed: more fit no screen. */
const mostListed = 12;

/** A list without what no screen has room for, or is beyond `most`, and how much that is. */
export function shortened<T>(list: readonly T[], most: number = mostListed): { listed: T[]; more: number } {
  const count = Math.min(most, mostListed);
  return { listed: list.slice(0, count), more: Math.max(0, list.length - count) };
}

/**
 * What became of each policy: those that match the call first, then those that came nearest, with the first field
 * that the call does not fit. Of each some are listed, with how many more there are. Where too many match, those that
 * deny come first: nothing else is to be known before they are gone.
 */
export function consider(
  policies: readonly PolicyDocument[],
  call: PolicyCall,
): { considered: Considered[]; omitted: number; omittedMatching?: number } {
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
  const denying = matched.filter(({ effect }) => effect === 'deny');
  const first =
    matched.length > mostListed
      ? [...denying, ...matched.filter(({ effect }) => effect === 'allow')]
      : matched;
  const { listed, more } = shortened(first);
  const rest = shortened(others);
  return {
    considered: [...listed, ...rest.listed.map(({ entry }) => entry)],
    omitted: rest.more,
    ...(more === 0 ? {} : { omittedMatching: more }),
  };
}
