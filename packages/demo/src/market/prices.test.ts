import { describe, expect, it } from 'vitest';
import { parseMarket, readMarket } from './prices.ts';

describe('prices', () => {
  it('prices - the market holds the published series, in the order of dates', async () => {
    const market = await readMarket();
    const counts = Object.fromEntries([...market].map(([symbol, prices]) => [symbol, prices.length]));
    expect(counts).toEqual({ MSFT: 123, AMZN: 123, IBM: 123, GOOG: 68, AAPL: 123, SP500: 123 });
    expect(market.get('AAPL')?.at(-1)).toEqual({ date: '2010-03-01', price: 223.02 });
    expect(market.get('SP500')?.[0]).toEqual({ date: '2000-01-01', price: 1394.46 });
    for (const prices of market.values()) {
      const dates = prices.map(({ date }) => date);
      expect(dates).toEqual([...dates].sort());
    }
  });

  it('prices - rows are sorted by date, not by the name of the month', () => {
    const market = parseMarket('symbol,date,price\nX,Feb 1 2001,2\nX,Dec 1 2000,1\n', 'date,price\n');
    expect(market.get('X')).toEqual([
      { date: '2000-12-01', price: 1 },
      { date: '2001-02-01', price: 2 },
    ]);
  });

  it.each([
    ['no price', 'X,Feb 1 2001,\n'],
    ['a price of nothing', 'X,Feb 1 2001,0\n'],
    ['no date', 'X,sometime,2\n'],
    ['no symbol', ',Feb 1 2001,2\n'],
  ])('prices - a row with %s is named', (_what, row) => {
    expect(() => parseMarket(`symbol,date,price\n${row}`, 'date,price\n')).toThrow(/not a price: \{/);
  });
});
