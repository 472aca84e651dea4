import { expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { createDeskRates } from './rates.ts';

const overloaded = expect.objectContaining({ code: 'OVERLOADED', retryAfter: expect.any(Number) });

it('desk rates - 10,000 requests in a second: the burst and the rate are answered, others are not disturbed', async () => {
  const clock = manualClock();
  const rates = createDeskRates(clock);
  let admitted = 0;
  for (let n = 0; n < 10_000; n += 1) {
    if (n % 10 === 0) await clock.advance(1);
    try {
      rates.admit('greedy');
      admitted += 1;
    } catch (error) {
      expect(error).toEqual(overloaded);
    }
  }
  expect(admitted).toBeGreaterThanOrEqual(1_190);
  expect(admitted).toBeLessThanOrEqual(1_200);
  rates.admit('modest');
  await clock.advance(1_000);
  rates.admit('greedy');
});

it('desk rates - long lists are paid for by the byte', async () => {
  const clock = manualClock();
  const rates = createDeskRates(clock);
  let answered = 0;
  const ask = () => {
    rates.admit('greedy');
    rates.sent('greedy', 500_000);
    answered += 500_000;
  };
  expect(() => {
    for (;;) ask();
  }).toThrow(overloaded);
  expect(answered).toBeLessThan(65_000_000);
  await clock.advance(1_000);
  ask();
});

it('desk rates - services that were never heard again are forgotten', async () => {
  const clock = manualClock();
  const rates = createDeskRates(clock);
  for (let n = 0; n < 5_000; n += 1) {
    rates.admit(`one-${n}`);
    await clock.advance(20);
  }
  // Whoever comes back begins with a full bucket.
  for (let n = 0; n < 1_000; n += 1) rates.admit('one-0');
  expect(() => rates.admit('one-0')).toThrow(overloaded);
});
