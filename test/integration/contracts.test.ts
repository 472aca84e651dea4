import type { DeprecatedApi } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';

const since = Date.UTC(2027, 2, 31);
const deprecated = { date: '2027-03-31', note: 'call prices.v1' };
const quotes = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  $defs: {
    symbol: { type: 'string', maxLength: 5 },
    hidden: { type: 'string', description: 'of an endpoint that others call' },
  },
  endpoints: {
    latest: { request: { $ref: '#/$defs/symbol' }, reply: {} },
    secret: { request: { $ref: '#/$defs/hidden' }, reply: {} },
  },
} as const;
const latest = { service: 'quotes', major: 1, endpoint: 'latest', site: 'edge-a' };

describe('contracts', () => {
  let fabric: TestFabric;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    const server = await fabric.connect('edge-a', 'quotes');
    await server.serve(quotes, { latest: () => 1, secret: () => 2 });
    const policy = { kind: 'policy', from: { service: 'desk' }, effect: 'allow', tenant: 'acme' };
    await fabric.admin.apply([
      {
        ...policy,
        name: 'desk',
        to: { service: 'quotes', endpoints: ['latest'] },
        limits: { concurrency: 5 },
      },
    ]);
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('contracts - a deprecated API tells who may call it, in every answer, and nobody else', async () => {
    const desk = await fabric.connect('cloud', 'desk');
    const stranger = await fabric.connect('edge-a', 'stranger');
    const told: DeprecatedApi[] = [];
    const onDeprecated = (each: DeprecatedApi) => void told.push(each);
    // The desk's site may know of the API before the route to it is there.
    await until('the desk is answered', async () => {
      const reply = await desk.call(latest, 'IBM', { onDeprecated }).catch(() => undefined);
      return reply === 1;
    });
    expect([told, desk.status().deprecated]).toEqual([[], []]);

    await fabric.admin.apply([{ ...quotes, tenant: 'acme', deprecated }]);
    await until('a reply tells', async () => {
      await desk.call(latest, 'IBM', { onDeprecated });
      return told.length > 0;
    });
    const quotesV1 = { service: 'quotes', major: 1, since };
    expect([told[0], desk.status().deprecated]).toEqual([quotesV1, [quotesV1]]);

    // A refusal tells it, too: here of a request that the manifest's $defs rule out.
    told.length = 0;
    await expect(desk.call(latest, 'TOO LONG', { onDeprecated })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect(told).toEqual([quotesV1]);
    await expect(stranger.call(latest, 'IBM', { onDeprecated })).rejects.toMatchObject({ code: 'NO_ROUTE' });
    expect([told.length, stranger.status().deprecated]).toEqual([1, []]);

    const [seen] = await desk.discover();
    expect(seen?.deprecated).toEqual(deprecated);
    // Only those of the shared schemas that it needs: the others are nothing to it.
    expect(Object.keys(seen?.$defs ?? {})).toEqual(['symbol']);
  });

  it('contracts - a service that starts again leaves its API deprecated, and gets every difference it would break', async () => {
    const again = await fabric.connect('edge-a', 'quotes');
    await again.serve({ ...quotes, version: '1.0.1' }, { latest: () => 1, secret: () => 2 });
    const [api] = (await fabric.admin.get('apis', 'quotes.v1')).items;
    expect(api).toMatchObject({ version: '1.0.1', deprecated });

    const $defs = { ...quotes.$defs, symbol: { type: 'string', maxLength: 4 } };
    const breaking = { ...quotes, version: '1.1.0', $defs } as const;
    await expect(again.serve(breaking, { latest: () => 1, secret: () => 2 })).rejects.toMatchObject({
      code: 'INCOMPATIBLE_API',
      pointer: '/$defs/symbol/maxLength',
      differences: [
        {
          pointer: '/$defs/symbol/maxLength',
          before: '5',
          after: '4',
          why: 'callers may send more than 4 characters, which is refused now',
        },
      ],
    });
    // Beside it, as the next major.
    await again.serve({ ...breaking, version: '2.0.0' }, { latest: () => 1, secret: () => 2 });
    const names = (await fabric.admin.get('apis')).items.map(({ name }) => name);
    expect(names).toEqual(['quotes.v1', 'quotes.v2']);
  });
});
