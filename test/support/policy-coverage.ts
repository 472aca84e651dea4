import type { Documents, PolicyDocument } from '@causeway/policy';
import type { GeneratedCall } from './policy-cases.ts';
import { verdictOf } from './policy-reference.ts';

const within =
  (part: 'from' | 'to', field: string) =>
  (policy: PolicyDocument): PolicyDocument => {
    const { [field]: _, ...rest } = policy[part] as Record<string, unknown>;
    return { ...policy, [part]: rest } as PolicyDocument;
  };

const without =
  (field: keyof PolicyDocument) =>
  (policy: PolicyDocument): PolicyDocument => {
    const { [field]: _, ...rest } = policy;
    return rest as PolicyDocument;
  };

/** Each field of a policy, and the policy without it. A service that may be called has to be named: then by `*`. */
const fields: Readonly<Record<string, (policy: PolicyDocument) => PolicyDocument>> = {
  'from.site': within('from', 'site'),
  'from.service': within('from', 'service'),
  'from.labels': within('from', 'labels'),
  'to.service': (policy) => ({ ...policy, to: { ...policy.to, service: '*' } }),
  'to.major': within('to', 'major'),
  'to.endpoints': within('to', 'endpoints'),
  'to.site': within('to', 'site'),
  'to.labels': within('to', 'labels'),
  effect: (policy) => ({ ...policy, effect: 'allow' }),
  limits: without('limits'),
  audit: without('audit'),
  notBefore: without('notBefore'),
  expires: without('expires'),
  offline: without('offline'),
  route: without('route'),
};

/** Counts in how many cases each field is decisive: without it in any policy, something else would come of the call. */
export interface Coverage {
  note(documents: Documents, call: GeneratedCall): void;
  /** Fields that were decisive in fewer cases than enough, with their number. */
  readonly short: Readonly<Record<string, number>>;
}

/** Creates it. What has been decisive often enough is looked at no longer. */
export function createCoverage(enough: number): Coverage {
  const counts = new Map(Object.keys(fields).map((field) => [field, 0]));
  return {
    note(documents, call) {
      let verdict: string | undefined;
      for (const [field, strip] of Object.entries(fields)) {
        const count = counts.get(field) ?? 0;
        if (count >= enough) continue;
        verdict ??= JSON.stringify(verdictOf(documents, call));
        const bare = { ...documents, policies: documents.policies.map(strip) };
        if (JSON.stringify(verdictOf(bare, call)) !== verdict) counts.set(field, count + 1);
      }
    },
    get short() {
      return Object.fromEntries([...counts].filter(([, count]) => count < enough));
    },
  };
}
