import { describe, expectTypeOf, it } from 'vitest';
import type { Causeway } from './causeway.ts';
import type { CallContext, CallOptions, Client, Handlers, ManifestOf } from './types.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '12.0.1',
  endpoints: {
    latest: {
      request: {
        type: 'object',
        properties: { symbol: { type: 'string' }, side: { enum: ['bid', 'ask'] } },
        required: ['symbol'],
        additionalProperties: false,
      },
      reply: { type: 'array', items: { type: 'number' } },
    },
    ping: { request: true, reply: { type: 'null' } },
  },
} as const satisfies ManifestOf;

// Checked by tsc; the run only shows that the file loads. Nothing here is ever called.
describe('types', () => {
  it('types - a client’s inputs and results come from the manifest', () => {
    type Quotes = Client<typeof manifest>;
    expectTypeOf<Parameters<Quotes['latest']>[0]>().toEqualTypeOf<{ symbol: string; side?: 'bid' | 'ask' }>();
    expectTypeOf<Awaited<ReturnType<Quotes['latest']>>>().toEqualTypeOf<number[]>();
    expectTypeOf<Parameters<Quotes['latest']>[1]>().toEqualTypeOf<CallOptions | undefined>();
    expectTypeOf<Parameters<Quotes['ping']>[0]>().toEqualTypeOf<unknown>();
    expectTypeOf<keyof Quotes>().toEqualTypeOf<'latest' | 'ping'>();
  });

  it('types - every endpoint needs a handler that fits', () => {
    type Needed = Handlers<typeof manifest>;
    expectTypeOf<{ latest: () => number[]; ping: () => Promise<null> }>().toExtend<Needed>();
    expectTypeOf<{ latest: () => number[] }>().not.toExtend<Needed>();
    expectTypeOf<{ latest: () => string[]; ping: () => null }>().not.toExtend<Needed>();
    expectTypeOf<Parameters<Needed['latest']>[1]>().toEqualTypeOf<CallContext>();
  });

  it('types - service() takes the manifest’s own name and major, or anything untyped', () => {
    const use = (causeway: Causeway) => {
      const typed = causeway.service<typeof manifest>('quotes', 12);
      // @ts-expect-error the major of this manifest is 12
      causeway.service<typeof manifest>('quotes', 1);
      // @ts-expect-error this manifest is of quotes
      causeway.service<typeof manifest>('news', 12);
      // @ts-expect-error symbol is missing
      void typed.latest({});
      // @ts-expect-error ping has no handler
      void causeway.serve(manifest, { latest: () => [1] });
      return causeway.service('anything', 3);
    };
    expectTypeOf<ReturnType<typeof use>[string]>().toEqualTypeOf<
      (input: unknown, options?: CallOptions) => Promise<unknown>
    >();
  });
});
