import { expect, test } from 'vitest';
import { deprecationTime, encodeDeprecation, parseDeprecation } from './deprecation.ts';

test('deprecation - a header is the first second of the day in UTC, and reads back', () => {
  expect(encodeDeprecation({ date: '2024-06-30' })).toBe('@1719705600');
  expect(parseDeprecation('@1719705600')).toBe(Date.UTC(2024, 5, 30));
  expect(encodeDeprecation({ date: '1969-12-31' })).toBe('@-86400');
  expect(parseDeprecation('@-86400')).toBe(-86_400_000);
});

test('deprecation - what is no day, or no such header, is nothing', () => {
  for (const date of ['2026-02-30', '2025-02-29', '2026-13-01', 'soon', '']) {
    expect(deprecationTime({ date })).toBeUndefined();
    expect(encodeDeprecation({ date })).toBeUndefined();
  }
  for (const text of ['', '1719705600', '@', '@x', '@1e9', '?1', '@9999999999999']) {
    expect(parseDeprecation(text)).toBeUndefined();
  }
});
