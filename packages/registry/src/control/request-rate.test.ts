import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { createRequestRate } from './request-rate.ts';

/** How many of so many requests are admitted. */
function admitted(
  rate: ReturnType<typeof createRequestRate>,
  op: string,
  count: number,
  bytes = 100,
): number {
  let taken = 0;
  for (let n = 0; n < count; n += 1) {
    try {
      rate.admit(op, bytes);
      taken += 1;
    } catch (error) {
      expect(error).toMatchObject({ code: 'OVERLOADED', retryAfter: expect.any(Number) });
    }
  }
  return taken;
}

describe('request rate', () => {
  it('request rate - a burst is admitted, then so many a second', async () => {
    const clock = manualClock();
    const rate = createRequestRate('edge-a', clock);
    expect(admitted(rate, 'compiled', 100)).toBe(100);
    expect(admitted(rate, 'renew', 1_000)).toBe(400);
    await clock.advance(1_000);
    expect(admitted(rate, 'renew', 1_000)).toBe(100);
  });

  it('request rate - tables count by their length: short changes hardly, whole tables so many a second', async () => {
    const clock = manualClock();
    const rate = createRequestRate('edge-a', clock);
    const tables = (bytes: number, count: number) =>
      Array.from({ length: count }, () => {
        const taken = admitted(rate, 'compiled', 1);
        if (taken > 0) rate.answered(bytes);
        return taken;
      }).reduce((sum, taken) => sum + taken, 0);
    expect(tables(600_000, 30)).toBe(20);
    await clock.advance(1_000);
    expect(tables(600_000, 30)).toBe(5);
    await clock.advance(1_000);
    expect(tables(1_000, 100)).toBe(100);
  });

  it('request rate - long requests count by their length, and what is signed by its number', async () => {
    const clock = manualClock();
    const rate = createRequestRate('edge-a', clock);
    expect(admitted(rate, 'register', 100, 1_000_000)).toBe(16);
    expect(admitted(rate, 'renew', 10, 10_000)).toBe(10);
    await clock.advance(1_000);
    expect(admitted(rate, 'renew', 100, 1_000_000)).toBe(2);
    await clock.advance(60_000);
    for (const op of ['certificate', 'rekey', 'tenant']) admitted(rate, op, 20);
    expect(admitted(rate, 'certificate', 10)).toBe(0);
    expect(admitted(rate, 'renew', 10)).toBe(10);
    await clock.advance(1_000);
    expect(admitted(rate, 'rekey', 10)).toBe(2);
  });

  it('request rate - renewing every two seconds and one table at each is never too much', async () => {
    const clock = manualClock();
    const rate = createRequestRate('edge-a', clock);
    for (let n = 0; n < 1_000; n += 1) {
      expect(admitted(rate, 'renew', 1) + admitted(rate, 'compiled', 1)).toBe(2);
      await clock.advance(2_000);
    }
  });
});
