import { describe, expect, it } from 'vitest';
import { createPaint, fit, wrap } from './text.ts';

describe('text', () => {
  it('text - fit cuts what is too long and fills up what is too short', () => {
    expect(fit('abc', 5)).toBe('abc  ');
    expect(fit('abcdef', 5)).toBe('abcd…');
    expect(fit('abcde', 5)).toBe('abcde');
  });

  it('text - wrap breaks between words, and words that are too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a bcdefghij k', 4)).toEqual(['a', 'bcde', 'fghi', 'j k']);
    expect(wrap('', 4)).toEqual([]);
  });

  it('text - control characters do not reach the screen', () => {
    expect(fit('a\u001b[2Jb\n', 7)).toBe('a [2Jb ');
    expect(wrap('a\nb', 9)).toEqual(['a b']);
  });

  it('text - paint colours only where there are colours', () => {
    expect(createPaint(false)('bad', 'x')).toBe('x');
    expect(createPaint(true)('bad', 'x')).toBe('\u001b[31mx\u001b[39m');
  });
});
