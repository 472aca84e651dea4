/**
 * Exchange A: serves `quotes` v1 from the market data. By hand: CAUSEWAY_URL, CAUSEWAY_CREDS (of an identity
 * `quotes`) and CAUSEWAY_CA in the environment, then `node packages/demo/src/services/quotes.ts`.
 */
import { type Price, readMarket } from '../market/prices.ts';
import { quotesManifest } from './manifests.ts';
import { runService } from './program.ts';

await runService('quotes', async ({ connect }) => {
  const market = await readMarket();

  function pricesOf(symbol: string): readonly Price[] {
    const prices = market.get(symbol);
    if (!prices) throw new Error(`no symbol ${symbol}; there are ${[...market.keys()].join(', ')}`);
    return prices;
  }

  const causeway = await connect();
  await causeway.serve(quotesManifest, {
    latest: ({ symbol }) => ({ symbol, ...(pricesOf(symbol).at(-1) as Price) }),
    history: ({ symbol, from = '', to = '9999' }) => ({
      symbol,
      prices: pricesOf(symbol).filter(({ date }) => date >= from && date <= to),
    }),
  });
});
