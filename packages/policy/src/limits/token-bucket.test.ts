import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

const anyRate = fc.integer({ min: 1, max: 2000 });
const anyBurst = fc.integer({ min: 1, max: 20 });
const anySteps = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 20 }), fc.nat({ max: 3000 })), {
  maxLength: 60,
});

test('token bucket - agrees with a plain simulation in whole numbers', () => {
  fc.assert(
    fc.property(anyRate, anyBurst, anySteps, (rate, burst, steps) => {
      const bucket = createTokenBucket({ rate, burst, now: 0 });
      // Thousandths of a token: rate of them come back each millisecond.
      let level = BigInt(burst) * 1000n;
      let now = 0;
      for (const step of steps) {
        now += step;
        level += BigInt(step) * BigInt(rate);
        if (level > BigInt(burst) * 1000n) level = BigInt(burst) * 1000n;
        const missing = 1000n - level;
        const wait = missing <= 0n ? 0 : Number((missing + BigInt(rate) - 1n) / BigInt(rate));
        expect(bucket.take(now)).toBe(wait);
        if (wait === 0) level -= 1000n;
      }
    }),
    { numRuns: 500 },
  );
});

test('token bucket - in any window at most rate * w + burst, whatever the clock does', () => {
  const anyFraction = fc.double({ min: 0.001, max: 5000, noNaN: true });
  const anyJump = fc.array(fc.double({ min: -500, max: 800, noNaN: true }), { maxLength: 60 });
  fc.assert(
    fc.property(anyFraction, anyBurst, anyJump, (rate, burst, jumps) => {
      const bucket = createTokenBucket({ rate, burst, now: 0 });
      let shown = 0;
      // Time as it truly passes: what goes back passes not.
      let passed = 0;
      const admitted: number[] = [];
      for (const jump of jumps) {
        shown += jump;
        passed += Math.max(0, jump);
        for (let tries = 0; tries < 3; tries += 1) if (bucket.take(shown) === 0) admitted.push(passed);
      }
      for (const [first, start] of admitted.entries()) {
        for (let last = first; last < admitted.length; last += 1) {
          const window = ((admitted[last] ?? 0) - start) / 1000;
          expect(last - first + 1).toBeLessThanOrEqual(rate * window + burst + 1e-9);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('token bucket - a lone caller that waits as told is admitted, and not a millisecond too late', () => {
  const anyFraction = fc.double({ min: 0.01, max: 100_000, noNaN: true });
  const anyStart = fc.double({ min: 0, max: 2e12, noNaN: true });
  fc.assert(
    fc.property(anyFraction, anyBurst, anyStart, (rate, burst, start) => {
      const bucket = createTokenBucket({ rate, burst, now: start });
      for (let calls = 0; calls < burst; calls += 1) expect(bucket.take(start)).toBe(0);
      const wait = bucket.take(start);
      expect(Number.isInteger(wait) && wait > 0).toBe(true);
      expect(wait).toBeLessThan(1000 / rate + 1.001);
      expect(bucket.take(start + wait)).toBe(0);
    }),
  );
});

test('token bucket - a busy month gives neither more nor less than its rate', () => {
  for (const rate of [3, 0.3]) {
    const bucket = createTokenBucket({ rate, burst: 2, now: 0 });
    let admitted = 0;
    const seconds = 30 * 86_400;
    for (let now = 0; now <= seconds * 1000; now += 10_000) while (bucket.take(now) === 0) admitted += 1;
    const polls = seconds / 10 + 1;
    // Asked every ten seconds only, the bucket is full each time.
    expect(admitted).toBe(polls * 2);
    const hungry = createTokenBucket({ rate, burst: 100, now: 0 });
    let taken = 0;
    for (let now = 0; now <= seconds * 1000; now += 10_000) while (hungry.take(now) === 0) taken += 1;
    expect(taken).toBe(rate * seconds + 100);
  }
});

test('token bucket - a clock set back stops nothing for long', () => {
  const bucket = createTokenBucket({ rate: 10, burst: 1, now: 1e12 });
  expect(bucket.take(1e12)).toBe(0);
  expect(bucket.take(0)).toBe(100);
  expect(bucket.take(100)).toBe(0);
});

test('token bucket - rates and bursts that are none are refused', () => {
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => createTokenBucket({ rate: bad, burst: 1, now: 0 })).toThrow(RangeError);
    expect(() => createTokenBucket({ rate: 1, burst: bad, now: 0 })).toThrow(RangeError);
  }
  const slow = createTokenBucket({ rate: Number.MIN_VALUE, burst: 1, now: 0 });
  expect([slow.take(0), slow.take(0)]).toEqual([0, Number.MAX_SAFE_INTEGER]);
});
