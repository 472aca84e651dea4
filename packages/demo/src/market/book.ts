/** What desk B holds: shares of all five companies. */
export const book: readonly { readonly symbol: string; readonly quantity: number }[] = [
  { symbol: 'AAPL', quantity: 400 },
  { symbol: 'AMZN', quantity: 300 },
  { symbol: 'GOOG', quantity: 100 },
  { symbol: 'IBM', quantity: 500 },
  { symbol: 'MSFT', quantity: 2000 },
];
