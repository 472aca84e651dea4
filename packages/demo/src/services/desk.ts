/**
 * Desk B: serves `positions` v1 and values them by calling `quotes` at the exchange. It has two identities: it
 * serves as `positions` (CAUSEWAY_CREDS) and calls as `desk` (DESK_CREDS), so that each has only the rights it
 * needs. By hand: both and CAUSEWAY_URL and CAUSEWAY_CA in the environment, then
 * `node packages/demo/src/services/desk.ts`.
 */
import { book } from '../market/book.ts';
import { positionsManifest, type quotesManifest } from './manifests.ts';
import { runService } from './program.ts';

await runService('desk', async ({ connect, callsOf }) => {
  const creds = process.env.DESK_CREDS;
  if (!creds)
    throw new Error('DESK_CREDS is not set; expected the path of the .creds file of the identity desk');
  const desk = await connect({ creds });
  const quotes = desk.service<typeof quotesManifest>('quotes', 1);
  const calls = callsOf(desk);
  const latest = { service: 'quotes', major: 1, endpoint: 'latest' };

  const positions = await connect();
  await positions.serve(positionsManifest, {
    list: () => ({ positions: [...book] }),
    value: async (_nothing, { traceparent, signal }) => {
      const trace = traceparent === undefined ? {} : { traceparent };
      const worth = await Promise.all(
        book.map(async ({ symbol, quantity }) => {
          const quote = await calls.run(latest, traceparent, () =>
            quotes.latest({ symbol }, { signal, ...trace }),
          );
          return { date: quote.date, value: quote.price * quantity };
        }),
      );
      return {
        value: worth.reduce((sum, { value }) => sum + value, 0),
        // The oldest of the quotes: the value is not newer than that.
        quotedOn: worth.map(({ date }) => date).sort()[0] ?? '',
      };
    },
  });
});
