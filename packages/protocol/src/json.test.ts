import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeJson, encodeJson, isNestedDeeper } from './json.ts';

test('json - a value goes out and comes back', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value: unknown = JSON.parse(text);
      expect(decodeJson(encodeJson(value))).toEqual(value);
    }),
  );
});

test('json - bytes that are not UTF-8 are refused, not mended', () => {
  expect(() => decodeJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(TypeError);
  expect(() => decodeJson(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toThrow(TypeError);
});

test('json - what is not JSON is a SyntaxError', () => {
  for (const text of ['', '{', '{"a":1}x', "{'a':1}", 'NaN']) {
    expect(() => decodeJson(new TextEncoder().encode(text))).toThrow(SyntaxError);
  }
});

test('json - nesting is counted as the parser sees it, whatever texts hold', () => {
  const depthOf = (value: unknown): number =>
    value !== null && typeof value === 'object' ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(fc.json({ stringUnit: fc.constantFrom('"', '\\', '{', '[', ']', 'a', 'é') }), (text) => {
      const depth = depthOf(JSON.parse(text));
      const bytes = new TextEncoder().encode(text);
      expect(isNestedDeeper(bytes, depth)).toBe(false);
      if (depth > 0) expect(isNestedDeeper(bytes, depth - 1)).toBe(true);
    }),
  );
});
