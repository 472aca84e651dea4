import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parse } from 'csv-parse/sync';

/** What one share (or the index) cost on a day, in US dollars (or points). */
export interface Price {
  /** `2010-03-01`. */
  readonly date: string;
  readonly price: number;
}

/** Prices by symbol, each in the order of dates. */
export type Market = ReadonlyMap<string, readonly Price[]>;

/** The symbol under which the S&P 500 index is listed. */
const indexSymbol = 'SP500';

/**
 * Reads the market data of the npm package vega-datasets: monthly prices from January 2000 to March 2010 of five
 * shares (`stocks.csv`) and of the S&P 500 (`sp500.csv`). Rejects where the package is not installed.
 */
export async function readMarket(): Promise<Market> {
  // The package exports its code alone; the data lies in the folder beside it.
  const data = path.join(path.dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
  const [stocks, index] = await Promise.all([
    readFile(path.join(data, 'stocks.csv'), 'utf8'),
    readFile(path.join(data, 'sp500.csv'), 'utf8'),
  ]);
  return parseMarket(stocks, index);
}

/** Builds the market from the two files. Throws an Error that names a row that is none. */
export function parseMarket(stocksCsv: string, indexCsv: string): Market {
  const market = new Map<string, Price[]>();
  for (const row of rows(stocksCsv)) add(market, row.symbol ?? '', row);
  for (const row of rows(indexCsv)) add(market, indexSymbol, row);
  for (const prices of market.values()) prices.sort((a, b) => (a.date < b.date ? -1 : 1));
  return market;
}

type Row = Readonly<Record<string, string | undefined>>;

function rows(csv: string): Row[] {
  return parse(csv, { columns: true, skip_empty_lines: true, trim: true });
}

function add(market: Map<string, Price[]>, symbol: string, row: Row): void {
  const price = Number(row.price);
  const date = isoDate(row.date ?? '');
  if (symbol === '' || date === undefined || !(price > 0)) {
    throw new Error(`not a price: ${JSON.stringify(row)}; expected a symbol, a date and a price above 0`);
  }
  const prices = market.get(symbol);
  if (prices) prices.push({ date, price });
  else market.set(symbol, [{ date, price }]);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2000-01-01` for `Jan 1 2000`, whatever the machine's time zone. */
function isoDate(text: string): string | undefined {
  const [month = '', day = '', year = ''] = text.split(' ');
  const number = months.indexOf(month) + 1;
  if (number === 0 || !/^\d{1,2}$/.test(day) || !/^\d{4}$/.test(year)) return undefined;
  return `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`;
}
