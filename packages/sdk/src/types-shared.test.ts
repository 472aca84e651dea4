import { expectTypeOf, it } from 'vitest';
import type { Client, Handlers, ManifestOf } from './types.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  $defs: {
    symbol: { type: 'string', maxLength: 5 },
    quote: {
      type: 'object',
      properties: { symbol: { $ref: '#/$defs/symbol' }, price: { type: 'number' } },
      required: ['symbol', 'price'],
      additionalProperties: false,
    },
    tree: { type: 'object', properties: { kids: { type: 'array', items: { $ref: '#/$defs/tree' } } } },
  },
  endpoints: {
    latest: { request: { $ref: '#/$defs/symbol' }, reply: { $ref: '#/$defs/quote' } },
    all: {
      request: { type: 'array', items: { $ref: '#/$defs/symbol' } },
      reply: { type: 'array', items: { $ref: '#/$defs/quote' } },
    },
    grow: { request: { $ref: '#/$defs/symbol' }, reply: { $ref: '#/$defs/tree' } },
    own: {
      request: { $ref: '#/$defs/side', $defs: { side: { enum: ['bid', 'ask'] } } },
      reply: true,
    },
  },
} as const satisfies ManifestOf;

// Checked by tsc; the run only shows that the file loads.
it('types - references lead into the manifest’s own $defs, and into a schema’s', () => {
  type Quotes = Client<typeof manifest>;
  type Quote = { symbol: string; price: number };
  expectTypeOf<Parameters<Quotes['latest']>[0]>().toEqualTypeOf<string>();
  expectTypeOf<Awaited<ReturnType<Quotes['latest']>>>().toEqualTypeOf<Quote>();
  expectTypeOf<Parameters<Quotes['all']>[0]>().toEqualTypeOf<string[]>();
  expectTypeOf<Awaited<ReturnType<Quotes['all']>>>().toEqualTypeOf<Quote[]>();
  expectTypeOf<Parameters<Quotes['own']>[0]>().toEqualTypeOf<'bid' | 'ask'>();
  // A tree has no type here, and keeps nobody from calling.
  expectTypeOf<Parameters<Quotes['grow']>[0]>().toEqualTypeOf<string>();
  expectTypeOf<Awaited<ReturnType<Quotes['grow']>>>().toEqualTypeOf<unknown>();
  expectTypeOf<{ latest: () => Quote; all: () => Quote[]; own: () => 1; grow: () => 1 }>().toExtend<
    Handlers<typeof manifest>
  >();
  expectTypeOf<{ latest: () => string; all: () => Quote[]; own: () => 1; grow: () => 1 }>().not.toExtend<
    Handlers<typeof manifest>
  >();
});
