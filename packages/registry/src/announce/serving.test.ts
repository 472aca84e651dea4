import { beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../../../test/support/manual-clock.ts';
import { createServing, type Serving } from './serving.ts';

let clock: ManualClock;
let changes: number;
let serving: Serving;

beforeEach(() => {
  clock = manualClock();
  changes = 0;
  serving = createServing({
    clock,
    onChange: () => {
      changes += 1;
    },
  });
});

const quotes = { complete: true, apis: { 'acme.quotes': [1] } };
const none = { complete: true, apis: {} };
const idle = (site: string, tenant = 'acme', major = 1) => serving.idle(tenant, 'quotes', major, site);

it('serving - what a gateway says holds for its tenant, API and major; a renewal that says the same is no change', () => {
  serving.renewed('edge-a', 'gw-1', quotes);
  expect(changes).toBe(1);
  serving.renewed('edge-a', 'gw-1', quotes);
  expect(changes).toBe(1);
  expect([idle('edge-a'), idle('edge-a', 'globex'), idle('edge-a', 'acme', 2)]).toEqual([false, true, true]);
  serving.renewed('edge-a', 'gw-1', none);
  expect(changes).toBe(2);
  expect(idle('edge-a')).toBe(true);
});

it('serving - one healthy replica is enough', () => {
  serving.renewed('edge-a', 'gw-1', none);
  serving.renewed('edge-a', 'gw-2', quotes);
  expect(idle('edge-a')).toBe(false);
});

it('serving - a site that was not heard of yet, or whose gateway has just started, is not known', () => {
  expect(idle('edge-a')).toBeUndefined();
  serving.renewed('edge-a', 'gw-1', { complete: false, apis: {} });
  expect(idle('edge-a')).toBeUndefined();
  serving.renewed('edge-a', 'gw-1', { complete: false, apis: quotes.apis });
  expect(idle('edge-a')).toBe(false);
});

it('serving - a gateway of an earlier version does not say, and its site is tried', () => {
  serving.renewed('edge-a', 'gw-1', undefined);
  expect(idle('edge-a')).toBe(false);
});

it('serving - three missed renewals, and the site counts as gone until it is heard again', async () => {
  serving.renewed('edge-a', 'gw-1', quotes);
  await clock.advance(6_000);
  expect(idle('edge-a')).toBe(false);
  const before = changes;
  await clock.advance(1_500);
  expect(idle('edge-a')).toBe(true);
  expect(changes).toBeGreaterThan(before);
  const gone = changes;
  serving.renewed('edge-a', 'gw-1', quotes);
  expect([idle('edge-a'), changes]).toEqual([false, gone + 1]);
  serving.close();
  expect(clock.timers).toBe(0);
});
