import { describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';

const random = (fraction: number) => ({
  bytes: (length: number) => new Uint8Array(length),
  fraction: () => fraction,
});

describe('backoff', () => {
  it('backoff - doubles from the least to the most, of which the upper half is jitter', () => {
    expect([0, 1, 2, 5, 6, 1_000].map((attempt) => backoffDelay(attempt, random(0)))).toEqual([
      25, 50, 100, 800, 1_000, 1_000,
    ]);
    expect(backoffDelay(0, random(0.5))).toBe(37.5);
    expect(backoffDelay(9, random(0.5), { min: 10, max: 100 })).toBe(75);
  });
});
