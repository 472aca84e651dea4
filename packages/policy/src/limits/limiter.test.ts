import { expect, test } from 'vitest';
import { createLimiter } from './limiter.ts';
import { createLimiterPool } from './limiter-pool.ts';

test('limiter - without limits everything is admitted', () => {
  const limiter = createLimiter([], 0);
  expect(limiter.admit(0, 0)).toBeUndefined();
  limiter.release();
});

test('limiter - a rate refuses with its policy and how long to wait; burst is the rate rounded up', () => {
  const limiter = createLimiter([{ policy: 'slow', rate: 2.5 }], 0);
  for (let call = 0; call < 3; call += 1) expect(limiter.admit(0, 0)).toBeUndefined();
  expect(limiter.admit(0, 0)).toEqual({
    code: 'RATE_LIMITED',
    policy: 'slow',
    limit: 'rate',
    retryAfter: 400,
  });
  expect(limiter.admit(400, 0)).toBeUndefined();
});

test('limiter - concurrency refuses until a call has ended', () => {
  const limiter = createLimiter([{ policy: 'few', concurrency: 1 }], 0);
  expect(limiter.admit(0, 0)).toBeUndefined();
  expect(limiter.admit(0, 0)).toEqual({
    code: 'TOO_MANY_CONCURRENT',
    policy: 'few',
    limit: 'concurrency',
    retryAfter: undefined,
  });
  limiter.release();
  expect(limiter.admit(0, 0)).toBeUndefined();
  limiter.release();
  expect(() => limiter.release()).toThrow(RangeError);
});

test('limiter - a refusal by one policy uses nothing of the others', () => {
  const wide = { policy: 'wide', rate: 1, burst: 3, concurrency: 3 };
  const limiter = createLimiter([wide, { policy: 'narrow', rate: 1, burst: 1 }], 0);
  expect(limiter.admit(0, 0)).toBeUndefined();
  for (let call = 0; call < 50; call += 1) expect(limiter.admit(0, 0)?.policy).toBe('narrow');
  // Had they used anything, `wide` would have none left for these.
  expect(limiter.admit(1000, 0)).toBeUndefined();
  expect(limiter.admit(2000, 0)).toBeUndefined();
  expect(limiter.admit(3000, 0)).toMatchObject({ code: 'TOO_MANY_CONCURRENT', policy: 'wide' });
});

test('limiter - of several rates the longest wait is told', () => {
  const limits = [
    { policy: 'a', rate: 10, burst: 1 },
    { policy: 'b', rate: 1, burst: 1 },
  ];
  const limiter = createLimiter(limits, 0);
  limiter.admit(0, 0);
  expect(limiter.admit(0, 0)).toEqual({ code: 'RATE_LIMITED', policy: 'b', limit: 'rate', retryAfter: 1000 });
});

const limit = { policy: 'p', rate: 1, burst: 2 };

test('limiter pool - one caller’s endpoints share a policy’s limits, other callers do not', () => {
  const pool = createLimiterPool();
  const [latest, history, other] = ['a', 'a', 'b'].map((owner) => pool.limiter(owner, [limit], 0));
  expect(latest?.admit(0, 0)).toBeUndefined();
  expect(history?.admit(0, 0)).toBeUndefined();
  expect(latest?.admit(0, 0)).toMatchObject({ code: 'RATE_LIMITED' });
  expect(other?.admit(0, 0)).toBeUndefined();
  expect(pool.size).toBe(2);
});

test('limiter pool - closing and asking anew is no way to a fresh burst', () => {
  const pool = createLimiterPool();
  for (let round = 0; round < 2; round += 1) {
    const limiter = pool.limiter('a', [limit], 0);
    expect(limiter.admit(0, 0)).toBeUndefined();
    limiter.close();
    limiter.close();
    pool.sweep(1000);
    expect(pool.size).toBe(1);
  }
  expect(pool.limiter('a', [limit], 0).admit(0, 0)).toMatchObject({ code: 'RATE_LIMITED' });
});

test('limiter pool - what is unused and full again is forgotten, what is under way is not', () => {
  const pool = createLimiterPool();
  const limiter = pool.limiter('a', [{ ...limit, concurrency: 1 }], 0);
  limiter.admit(0, 0);
  pool.sweep(10_000);
  limiter.close();
  pool.sweep(10_000);
  expect(pool.size).toBe(1);
  limiter.release();
  pool.sweep(2000);
  expect(pool.size).toBe(1);
  pool.sweep(2001);
  expect(pool.size).toBe(0);
});
