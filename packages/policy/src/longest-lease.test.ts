import { expect, it } from 'vitest';
import type { PolicyDocument } from './documents.ts';
import { longestLease } from './longest-lease.ts';

const policy = (effect: 'allow' | 'deny', offline?: string): PolicyDocument => ({
  kind: 'policy',
  name: 'p',
  tenant: 'acme',
  from: {},
  to: { service: 'quotes' },
  effect,
  ...(offline === undefined ? {} : { offline }),
});

it('longest lease - is that of the policy that allows calls for longest; a day where it does not say', () => {
  expect(longestLease([])).toBe(0);
  expect(longestLease([policy('deny')])).toBe(0);
  expect(longestLease([policy('allow', '10s'), policy('allow', '2m'), policy('deny')])).toBe(120_000);
  expect(longestLease([policy('allow', '10s'), policy('allow')])).toBe(86_400_000);
});
