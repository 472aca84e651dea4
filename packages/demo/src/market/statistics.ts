import type { Price } from './prices.ts';

/** One share in a portfolio, with its history. */
export interface Holding {
  readonly quantity: number;
  readonly prices: readonly Price[];
}

/** What a portfolio may lose within a month. */
export interface ValueAtRisk {
  /** Worth of the portfolio at its newest common date, in US dollars. */
  readonly value: number;
  /** The loss that is not exceeded with the confidence asked for, in US dollars; negative for a sure gain. */
  readonly loss: number;
  /** Number of months the figure rests on. */
  readonly months: number;
}

/** How many monthly returns make a year. */
const monthsPerYear = 12;

/** Natural logarithms of each price over the one before. */
export function logReturns(prices: readonly Price[]): number[] {
  return prices.slice(1).map(({ price }, index) => Math.log(price / (prices[index] as Price).price));
}

/**
 * Volatility of a year, as a fraction: the sample standard deviation (n − 1) of monthly log returns, times √12.
 * Throws a RangeError for fewer than three prices.
 */
export function annualVolatility(prices: readonly Price[]): number {
  const returns = logReturns(prices);
  if (returns.length < 2) throw new RangeError(`volatility needs 3 prices, not ${prices.length}`);
  const mean = returns.reduce((sum, each) => sum + each, 0) / returns.length;
  const squares = returns.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / (returns.length - 1)) * Math.sqrt(monthsPerYear);
}

/**
 * Value at risk of one month by historical simulation: what today's holdings would have lost in each month for
 * which all of them have prices, and of these losses the one at the confidence's rank (nearest rank, ⌈c·n⌉ from
 * the smallest). Throws a RangeError where the holdings have fewer than two dates in common.
 */
export function historicalValueAtRisk(holdings: readonly Holding[], confidence: number): ValueAtRisk {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`confidence is ${confidence}; expected a number between 0 and 1`);
  }
  const rows = commonRows(holdings);
  const newest = rows.at(-1);
  if (newest === undefined || rows.length < 2) {
    throw new RangeError('the holdings have fewer than two dates of prices in common');
  }
  const worth = newest.map((price, index) => price * (holdings[index] as Holding).quantity);
  const losses = rows.slice(1).map((row, month) => {
    const before = rows[month] as readonly number[];
    return -worth.reduce(
      (sum, each, index) => sum + each * ((row[index] as number) / (before[index] as number) - 1),
      0,
    );
  });
  losses.sort((a, b) => a - b);
  return {
    value: worth.reduce((sum, each) => sum + each, 0),
    loss: losses[rank(confidence, losses.length) - 1] as number,
    months: losses.length,
  };
}

/** ⌈c·n⌉, undisturbed by products such as 0.55 · 100, which floating point puts above 55. */
function rank(confidence: number, count: number): number {
  return Math.ceil(Number((confidence * count).toPrecision(12)));
}

/** For each date that all holdings have, the price of each, oldest first. */
function commonRows(holdings: readonly Holding[]): readonly (readonly number[])[] {
  const byDate = holdings.map(({ prices }) => new Map(prices.map(({ date, price }) => [date, price])));
  const dates = (holdings[0]?.prices ?? []).map(({ date }) => date);
  return dates
    .filter((date) => byDate.every((prices) => prices.has(date)))
    .map((date) => byDate.map((prices) => prices.get(date) as number));
}
