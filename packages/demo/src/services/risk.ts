/**
 * The cloud's risk office: serves `risk` v1, computed from the history that `quotes` gives across the link. By
 * hand: CAUSEWAY_URL, CAUSEWAY_CREDS (of an identity `risk`) and CAUSEWAY_CA in the environment, then
 * `node packages/demo/src/services/risk.ts`.
 */
import { annualVolatility, historicalValueAtRisk } from '../market/statistics.ts';
import { type quotesManifest, riskManifest } from './manifests.ts';
import { runService } from './program.ts';

await runService('risk', async ({ connect, callsOf }) => {
  const causeway = await connect();
  const quotes = causeway.service<typeof quotesManifest>('quotes', 1);
  const calls = callsOf(causeway);
  const history = { service: 'quotes', major: 1, endpoint: 'history' };

  /** Prices of a symbol, fetched on behalf of the call whose trace this is. */
  async function pricesOf(
    request: Parameters<typeof quotes.history>[0],
    { traceparent, signal }: { traceparent: string | undefined; signal: AbortSignal },
  ) {
    const trace = traceparent === undefined ? {} : { traceparent };
    const reply = await calls.run(history, traceparent, () => quotes.history(request, { signal, ...trace }));
    return reply.prices;
  }

  await causeway.serve(riskManifest, {
    volatility: async (request, context) => {
      const prices = await pricesOf(request, context);
      return { symbol: request.symbol, volatility: annualVolatility(prices), months: prices.length - 1 };
    },
    valueAtRisk: async ({ portfolio, confidence }, context) => {
      const holdings = await Promise.all(
        portfolio.map(async ({ symbol, quantity }) => ({
          quantity,
          prices: await pricesOf({ symbol }, context),
        })),
      );
      return historicalValueAtRisk(holdings, confidence);
    },
  });
});
