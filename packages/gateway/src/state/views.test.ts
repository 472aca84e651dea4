import type { DiscoveredApi } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createViews, type Views } from './views.ts';

const api = (service: string, sites: string[], more: Partial<DiscoveredApi> = {}): DiscoveredApi => ({
  service,
  major: 1,
  version: '1.0.0',
  sites,
  endpoints: {},
  ...more,
});

const told = (views: Views) =>
  views.changes().map(({ tenant, service, event, api: { service: of } }) => [tenant, service, event, of]);

it('views - sites without a healthy instance stand last, in their order, and are named', () => {
  const views = createViews('edge-a');
  views.see('acme', 'desk', [api('quotes', ['edge-a', 'cloud', 'edge-b', 'edge-c']), api('news', ['cloud'])]);
  const before = views.of('acme', 'desk');
  expect(told(views)).toEqual([
    ['acme', 'desk', 'published', 'quotes'],
    ['acme', 'desk', 'published', 'news'],
  ]);
  views.idle('acme', { 'quotes.v1': ['cloud', 'edge-c', 'edge-z'] });
  expect(told(views)).toEqual([['acme', 'desk', 'changed', 'quotes']]);
  expect(views.of('acme', 'desk')?.apis[0]).toEqual(
    api('quotes', ['edge-a', 'edge-b', 'cloud', 'edge-c'], { idle: ['cloud', 'edge-c'] }),
  );
  expect(views.of('acme', 'desk')?.name).not.toBe(before?.name);
  views.idle('acme', {});
  expect(told(views)).toEqual([['acme', 'desk', 'changed', 'quotes']]);
  expect(views.of('acme', 'desk')?.apis).toEqual(before?.apis);
  expect(views.of('acme', 'desk')?.name).toBe(before?.name);
});

it('views - of its own site the gateway knows better than the registry, and what it does not serve is not idle', () => {
  const views = createViews('edge-a');
  views.see('acme', 'desk', [api('quotes', ['edge-a', 'cloud'])]);
  views.idle('acme', { 'quotes.v1': ['edge-a'] });
  expect(views.of('acme', 'desk')?.apis[0]?.idle).toBeUndefined();
  views.own('acme', 'quotes', 1, false);
  expect(views.of('acme', 'desk')?.apis[0]).toMatchObject({ sites: ['cloud', 'edge-a'], idle: ['edge-a'] });
  told(views);
  views.own('acme', 'quotes', 1, false);
  expect(told(views)).toEqual([]);
  views.own('acme', 'quotes', 1, undefined);
  expect(views.of('acme', 'desk')?.apis[0]?.sites).toEqual(['edge-a', 'cloud']);
});

it('views - who cannot see an API is told nothing of its instances, nor is another tenant', () => {
  const views = createViews('edge-a');
  views.see('acme', 'desk', [api('quotes', ['cloud'])]);
  views.see('acme', 'intern', []);
  views.see('globex', 'desk', [api('quotes', ['cloud'])]);
  told(views);
  views.idle('acme', { 'quotes.v1': ['cloud'], 'secret.v1': ['cloud'] });
  expect(told(views)).toEqual([['acme', 'desk', 'changed', 'quotes']]);
  expect(views.of('globex', 'desk')?.apis[0]?.idle).toBeUndefined();
});

it('views - a deprecation is told as one, once; its taking back as a change', () => {
  const views = createViews('edge-a');
  const deprecated = { date: '2027-03-31' };
  for (const more of [{}, { deprecated }, { deprecated, version: '1.0.1' }, {}]) {
    views.see('acme', 'desk', [api('quotes', ['cloud'], more)]);
  }
  expect(told(views).map(([, , event]) => event)).toEqual(['published', 'deprecated', 'changed', 'changed']);
});

it('views - what changed is unknown to a revision until one is reached; what did not keeps its own', () => {
  const views = createViews('edge-a');
  views.see('acme', 'desk', [api('quotes', ['cloud'])]);
  views.reached(4);
  expect(views.of('acme', 'desk')?.changedAt).toBe(4);
  views.see('acme', 'desk', [api('quotes', ['cloud'])]);
  expect(views.of('acme', 'desk')?.changedAt).toBe(4);
  views.idle('acme', { 'quotes.v1': ['cloud'] });
  expect(views.of('acme', 'desk')?.changedAt).toBe(Number.POSITIVE_INFINITY);
  expect(views.of('acme', 'nobody')).toBeUndefined();
});

it('views - however it came about, the same list has the same name, and another list another', () => {
  const sites = ['cloud', 'edge-a', 'edge-b'];
  const idle = fc.dictionary(fc.constantFrom('quotes.v1', 'news.v1'), fc.subarray(sites));
  const seen = fc.subarray([api('quotes', sites), api('news', ['edge-b'])]);
  const step = fc.oneof(
    idle.map((value) => ({ idle: value })),
    seen.map((value) => ({ seen: value })),
    fc.constantFrom(true, false, undefined).map((value) => ({ own: value })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const views = createViews('edge-a');
      const last: { idle: Record<string, string[]>; seen: DiscoveredApi[]; own: boolean | undefined } = {
        idle: {},
        seen: [],
        own: undefined,
      };
      for (const each of steps) {
        Object.assign(last, each);
        if ('idle' in each) views.idle('acme', each.idle);
        else if ('seen' in each) views.see('acme', 'desk', each.seen);
        else views.own('acme', 'quotes', 1, each.own);
      }
      views.see('acme', 'desk', last.seen);
      const straight = createViews('edge-a');
      straight.own('acme', 'quotes', 1, last.own);
      straight.idle('acme', last.idle);
      straight.see('acme', 'desk', last.seen);
      expect(views.of('acme', 'desk')?.apis).toEqual(straight.of('acme', 'desk')?.apis);
      expect(views.of('acme', 'desk')?.name).toBe(straight.of('acme', 'desk')?.name);
    }),
  );
});
