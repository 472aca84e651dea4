import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';

describe('circuit breaker', () => {
  it('circuit breaker - opens after three calls on end that nobody answered, and lets one through now and then', async () => {
    const clock = manualClock();
    const breaker = createCircuitBreaker(clock);
    for (let n = 0; n < 3; n += 1) {
      expect(breaker.wait('a')).toBe(0);
      breaker.timedOut('a');
    }
    // The first to see whether it is answered again goes at once.
    expect([breaker.wait('a'), breaker.wait('a'), breaker.wait('b')]).toEqual([0, 250, 0]);
    await clock.advance(100);
    // Those that were on their way time out as well, and put nothing off.
    breaker.timedOut('a');
    expect(breaker.wait('a')).toBe(150);
    await clock.advance(150);
    expect([breaker.wait('a'), breaker.wait('a')]).toEqual([0, 250]);
    await clock.advance(250);
    expect(breaker.wait('a')).toBe(0);
  });

  it('circuit breaker - one answer closes it, and single time-outs never open it', () => {
    const breaker = createCircuitBreaker(manualClock());
    for (let n = 0; n < 3; n += 1) breaker.timedOut('a');
    expect([breaker.wait('a'), breaker.wait('a')]).toEqual([0, 250]);
    breaker.answered('a');
    expect(breaker.wait('a')).toBe(0);
    for (let n = 0; n < 10; n += 1) {
      breaker.timedOut('a');
      breaker.timedOut('a');
      breaker.answered('a');
    }
    expect(breaker.wait('a')).toBe(0);
  });
});
