import { expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { createAvailability } from './availability.ts';

function open() {
  const clock = manualClock();
  const told: unknown[] = [];
  const availability = createAvailability({
    clock,
    onChange: (...change) => told.push(change.slice(1)),
  });
  return { clock, told, availability };
}

it('availability - what has no instance right after the start is not told as gone until instances had time to return', async () => {
  const { clock, told, availability } = open();
  availability.set('acme', 'quotes', 1, false);
  availability.set('acme', 'news', 1, false);
  expect(told).toEqual([]);
  expect(availability.report()).toEqual({ complete: false, apis: {} });
  availability.set('acme', 'quotes', 1, true);
  expect(told).toEqual([['quotes', 1, true]]);
  expect(availability.report()).toEqual({ complete: false, apis: { 'acme.quotes': [1] } });
  await clock.advance(4_000);
  expect(told.slice(1)).toEqual([['news', 1, false]]);
  expect(availability.report().complete).toBe(true);
});

it('availability - what was there and went is told at once, and nothing is told twice', async () => {
  const { clock, told, availability } = open();
  for (const available of [true, true, false, false]) availability.set('acme', 'quotes', 1, available);
  expect(told).toEqual([
    ['quotes', 1, true],
    ['quotes', 1, false],
  ]);
  await clock.advance(4_000);
  availability.set('acme', 'quotes', 1, undefined);
  availability.set('acme', 'quotes', 1, undefined);
  expect(told.at(-1)).toEqual(['quotes', 1, undefined]);
  expect(availability.report()).toEqual({ complete: true, apis: {} });
  availability.set('acme', 'news', 2, false);
  expect(told.at(-1)).toEqual(['news', 2, false]);
});

it('availability - closed, it has no timer left', () => {
  const { clock, availability } = open();
  availability.close();
  expect(clock.timers).toBe(0);
});
