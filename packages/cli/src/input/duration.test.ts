import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

describe('duration', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['1.5s', 1_500],
    ['1m', 60_000],
    ['24h', 86_400_000],
  ])('duration - %s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '2', 's', '-1s', '0s', '0.1ms', '1e3s', '2 s', '2S', '25h', '1d', 'NaNs'])(
    'duration - %j is refused',
    (text) => {
      expect(() => parseDuration(text)).toThrow('Expected a time such as');
    },
  );
});
