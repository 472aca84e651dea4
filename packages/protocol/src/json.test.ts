import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeJson, encodeJson } from './json.ts';

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
