import { describe, expect, it } from 'vitest';
import type { Price } from './prices.ts';
import { annualVolatility, historicalValueAtRisk, logReturns } from './statistics.ts';

/** Prices on the first of following months, from `first` (1 is January 2000). */
const monthly = (prices: readonly number[], first = 1): Price[] =>
  prices.map((price, index) => ({
    date: `2000-${String(first + index).padStart(2, '0')}-01`,
    price,
  }));

describe('statistics', () => {
  it('statistics - log returns of 100, 110, 99', () => {
    // ln 1.1 = 0.0953101798, ln 0.9 = −0.1053605157
    const [up, down] = logReturns(monthly([100, 110, 99]));
    expect(up).toBeCloseTo(0.0953101798, 9);
    expect(down).toBeCloseTo(-0.1053605157, 9);
  });

  it('statistics - volatility of 100, 110, 99 is that of two returns, over a year', () => {
    // Mean −0.0050251679; deviations ±0.1003353477; squares sum to 0.0201343640, over n − 1 = 1;
    // the root is 0.1418956095, times √12 = 3.4641016151 is 0.4915408108.
    expect(annualVolatility(monthly([100, 110, 99]))).toBeCloseTo(0.49154081, 7);
  });

  it('statistics - volatility divides by n − 1', () => {
    // Returns ln 2, 0, −ln 2, 0: mean 0, squares 2·(0.6931471806)² = 0.9609060278, over 3 = 0.3203020093;
    // the root is 0.5659523030, times √12 is 1.9605162869.
    expect(annualVolatility(monthly([1, 2, 2, 1, 1]))).toBeCloseTo(1.96051629, 6);
  });

  it('statistics - steady growth has no volatility', () => {
    expect(annualVolatility(monthly([100, 110, 121, 133.1]))).toBeCloseTo(0, 9);
  });

  it('statistics - too few prices for a volatility', () => {
    expect(() => annualVolatility(monthly([1, 2]))).toThrow('volatility needs 3 prices, not 2');
  });

  it('statistics - value at risk of one holding is the loss at its rank', () => {
    // Returns +10 %, −10 %, −20 %, +25 %; two shares at 99 are worth 198.
    // Losses in order: −49.5, −19.8, 19.8, 39.6. Rank ⌈0.75 · 4⌉ = 3, ⌈0.95 · 4⌉ = 4, ⌈0.5 · 4⌉ = 2.
    const holding = { quantity: 2, prices: monthly([100, 110, 99, 79.2, 99]) };
    const at = (confidence: number) => historicalValueAtRisk([holding], confidence);
    expect(at(0.75)).toMatchObject({ value: 198, months: 4, loss: expect.closeTo(19.8, 9) });
    expect(at(0.95).loss).toBeCloseTo(39.6, 9);
    expect(at(0.5).loss).toBeCloseTo(-19.8, 9);
  });

  it('statistics - value at risk adds up holdings month by month, over common dates', () => {
    // Common dates are months 2 to 4. A at 10 · 8 = 80, returns +100 %, −60 %; B at 1 · 30 = 30, −50 %, +50 %.
    // Losses: −(80 · 1 − 30 · 0.5) = −65 and −(−80 · 0.6 + 30 · 0.5) = 33.
    const a = { quantity: 10, prices: monthly([7, 10, 20, 8]) };
    const b = { quantity: 1, prices: monthly([40, 20, 30], 2) };
    expect(historicalValueAtRisk([a, b], 0.95)).toMatchObject({
      value: 110,
      months: 2,
      loss: expect.closeTo(33, 9),
    });
  });

  it('statistics - the rank is not disturbed by floating point', () => {
    // 100 months of which the n-th loses n per mille; 0.55 · 100 is 55.00000000000001 in floating point.
    const prices = [1000];
    for (let month = 1; month <= 100; month += 1) prices.push((prices.at(-1) as number) * (1 - month / 1000));
    const dated = prices.map((price, index) => ({ date: String(index).padStart(3, '0'), price }));
    const { value, loss } = historicalValueAtRisk([{ quantity: 1, prices: dated }], 0.55);
    expect(loss / value).toBeCloseTo(0.055, 9);
  });

  it.each([0, 1, 95, Number.NaN])('statistics - a confidence of %d is refused', (confidence) => {
    const holding = { quantity: 1, prices: monthly([1, 2, 3]) };
    expect(() => historicalValueAtRisk([holding], confidence)).toThrow(/expected a number between 0 and 1/);
  });

  it('statistics - holdings without common dates are refused', () => {
    const holdings = [monthly([1, 2]), monthly([1, 2], 3)].map((prices) => ({ quantity: 1, prices }));
    expect(() => historicalValueAtRisk(holdings, 0.9)).toThrow(/fewer than two dates/);
    expect(() => historicalValueAtRisk([], 0.9)).toThrow(/fewer than two dates/);
  });
});
