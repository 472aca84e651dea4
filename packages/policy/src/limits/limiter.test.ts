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

test('limiter - bytes may go into debt by what was admitted, and who waits as told is admitted', () => {
  const limiter = createLimiter([{ policy: 'p', bytesPerSecond: 100 }], 0);
  expect(limiter.countsBytes).toBe(true);
  expect(limiter.admit(0, 40)).toBeUndefined();
  limiter.replied(1_000, 10);
  const refused = limiter.admit(10, 1);
  // 1,040 bytes at 100 a second, of which 100 were there; one more, for the next call; 10 ms are over.
  expect(refused).toEqual({
    code: 'RATE_LIMITED',
    policy: 'p',
    limit: 'bytesPerSecond',
    retryAfter: 9_400,
  });
  expect(limiter.admit(10 + (refused?.retryAfter ?? 0) - 1, 1)?.retryAfter).toBe(1);
  expect(limiter.admit(10 + (refused?.retryAfter ?? 0), 1)).toBeUndefined();
});

test('limiter - a refusal by bytes uses no call, and one by calls no bytes', () => {
  const limiter = createLimiter([{ policy: 'p', rate: 1, burst: 1, bytesPerSecond: 10 }], 0);
  expect(limiter.admit(0, 10)).toBeUndefined();
  expect(limiter.admit(0, 5)).toMatchObject({ limit: 'rate', retryAfter: 1_000 });
  expect(limiter.admit(1_000, 0)).toBeUndefined();
  limiter.replied(30, 1_000);
  expect(limiter.admit(2_000, 5)).toMatchObject({ limit: 'bytesPerSecond', retryAfter: 1_100 });
  expect(limiter.admit(3_100, 5)).toBeUndefined();
});

test('limiter pool - a debt is not forgotten with its limiter, nor is it by a change of other limits', () => {
  const pool = createLimiterPool();
  const policy = { policy: 'p', bytesPerSecond: 100 };
  const first = pool.limiter('a', [policy], 0);
  first.admit(0, 0);
  first.replied(1_000, 0);
  first.close();
  pool.sweep(5_000);
  const second = pool.limiter('a', [{ ...policy, payload: 9, quota: { calls: { day: 1 } } }], 5_000);
  expect(second.admit(5_000, 1)).toMatchObject({ limit: 'bytesPerSecond' });
  second.close();
  pool.sweep(60_000);
  expect(pool.size).toBe(0);
});
