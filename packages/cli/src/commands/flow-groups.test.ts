import { describe, expect, it } from 'vitest';
import { groupCounters, groupings } from './flow-groups.ts';

const counters = new Map([
  ['flow.edge-a.acme.edge-b.desk.quotes.v1.latest.calls', 3n],
  ['flow.edge-a.acme.edge-b.desk.quotes.v1.latest.code-ok', 2n],
  ['flow.edge-a.acme.edge-b.desk.quotes.v1.history.calls', 4n],
  ['flow.edge-b.acme.edge-a.desk.quotes.v1.latest.calls', 5n],
  ['from.edge-a.flow.edge-b.acme.edge-a.desk.quotes.v1.latest.calls', 100n],
]);

describe('flow groups', () => {
  it('flow groups - by endpoint every counter has its row, forged ones have none', () => {
    expect(groupCounters(counters, 'endpoint')).toEqual([
      {
        tenant: 'acme',
        site: 'edge-a',
        from: 'edge-b/desk',
        to: 'quotes.v1.history',
        metrics: { calls: 4n },
      },
      {
        tenant: 'acme',
        site: 'edge-a',
        from: 'edge-b/desk',
        to: 'quotes.v1.latest',
        metrics: { calls: 3n, 'code-ok': 2n },
      },
      { tenant: 'acme', site: 'edge-b', from: 'edge-a/desk', to: 'quotes.v1.latest', metrics: { calls: 5n } },
    ]);
  });

  it('flow groups - each way of summing has the same total', () => {
    for (const by of groupings) {
      const calls = groupCounters(counters, by).reduce((sum, row) => sum + (row.metrics.calls ?? 0n), 0n);
      expect(calls).toBe(12n);
    }
    expect(groupCounters(counters, 'tenant')).toEqual([
      { tenant: 'acme', metrics: { calls: 12n, 'code-ok': 2n } },
    ]);
  });
});
