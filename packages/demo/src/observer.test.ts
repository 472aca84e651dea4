import { describe, expect, it } from 'vitest';
import { sumCounters } from './observer.ts';

describe('observer', () => {
  it('observer - counters are added up by caller and API, of one tenant', () => {
    const values = new Map([
      ['flow.edge-a.acme.edge-a.trader.quotes.v1.latest.calls', 5n],
      ['flow.edge-a.acme.edge-a.trader.quotes.v1.latest.code-ok', 4n],
      ['flow.edge-a.acme.edge-a.trader.quotes.v1.latest.code-denied', 1n],
      ['flow.edge-a.acme.edge-a.trader.quotes.v1.history.calls', 2n],
      ['flow.edge-a.acme.edge-a.trader.quotes.v1.history.request-bytes', 30n],
      ['flow.edge-a.acme.edge-a.trader.quotes.v1.history.reply-bytes', 12n],
      ['flow.cloud.acme.cloud.report.risk.v1.volatility.calls', 1n],
      ['flow.cloud.other.cloud.report.risk.v1.volatility.calls', 100n],
    ]);
    expect(sumCounters(values, 'acme')).toEqual([
      { caller: 'cloud/report', api: 'risk.v1', calls: 1n, ok: 0n, bytes: 0n },
      { caller: 'edge-a/trader', api: 'quotes.v1', calls: 7n, ok: 4n, bytes: 42n },
    ]);
  });
});
