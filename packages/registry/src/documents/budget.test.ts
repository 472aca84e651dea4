import { describe, expect, it } from 'vitest';
import { createDocumentBudget, documentLimits } from './budget.ts';

const of = (tenant: string | undefined, bytes: number) => ({ tenant, bytes });

describe('budget', () => {
  it('budget - eight changes of all that tenants may write leave a fifth of the bucket', () => {
    const limits = documentLimits(1024 ** 3);
    expect(limits.allBytes * 8).toBeLessThanOrEqual(0.8 * 1024 ** 3);
    expect(limits.tenantBytes * 2).toBeLessThanOrEqual(limits.allBytes);
  });

  it('budget - a tenant ends at its share, and others and what nobody makes go on', () => {
    const budget = createDocumentBudget({ tenantBytes: 100, allBytes: 150 });
    budget.replace(undefined, of('acme', 90));
    const refused = expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' });
    expect(() => budget.require([{ before: undefined, after: of('acme', 11) }])).toThrow(refused);
    expect(() =>
      budget.require([
        { before: undefined, after: of('acme', 6) },
        { before: undefined, after: of('acme', 5) },
      ]),
    ).toThrow(refused);
    budget.require([{ before: undefined, after: of('acme', 10) }]);
    budget.require([{ before: undefined, after: of('other', 60) }]);
    expect(() => budget.require([{ before: undefined, after: of('other', 61) }])).toThrow(refused);
    budget.require([{ before: undefined, after: of(undefined, 1_000) }]);
  });

  it('budget - what shrinks is always taken, so that a revocation is', () => {
    const budget = createDocumentBudget({ tenantBytes: 100, allBytes: 100 });
    budget.replace(undefined, of('acme', 300));
    budget.require([{ before: of('acme', 300), after: of('acme', 290) }]);
    budget.replace(of('acme', 300), of('acme', 20));
    budget.require([{ before: undefined, after: of('acme', 80) }]);
    budget.replace(of('acme', 20), undefined);
    budget.require([{ before: undefined, after: of('acme', 100) }]);
  });

  it('budget - what is deleted makes room for what comes with it', () => {
    const budget = createDocumentBudget({ tenantBytes: 100, allBytes: 100 });
    budget.replace(undefined, of('acme', 90));
    budget.require([
      { before: of('acme', 90), after: undefined },
      { before: undefined, after: of('acme', 100) },
    ]);
  });
});
