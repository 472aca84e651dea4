import { describe, expect, it } from 'vitest';
import { toConf } from './to-conf.ts';

describe('toConf', () => {
  it('toConf - writes a whole file with nested maps and lists', () => {
    const text = toConf({
      remotes: [
        {
          urls: ['tls://hub.example:7422', 'tls://10.0.0.1:7422'],
          account: 'AABC',
          tls: { ca_file: './tls/ca.pem', handshake_first: true, timeout: 5 },
        },
      ],
      empty: [],
      none: {},
    });
    expect(text).toMatchInlineSnapshot(`
      "remotes: [
        {
          urls: [
            "tls://hub.example:7422"
            "tls://10.0.0.1:7422"
          ]
          account: "AABC"
          tls: {
            ca_file: "./tls/ca.pem"
            handshake_first: true
            timeout: 5
          }
        }
      ]
      empty: []
      none: {}
      "
    `);
  });

  it.each([
    ['a"b', '"a\\"b"'],
    ['C:\\nats', '"C:\\\\nats"'],
    ['two\nlines', '"two\\nlines"'],
    ['$HOME', '"$HOME"'],
    ['10k', '"10k"'],
  ])('toConf - quotes the string %j', (input, expected) => {
    expect(toConf({ key: input })).toBe(`key: ${expected}\n`);
  });

  it('toConf - leaves out what is undefined', () => {
    expect(toConf({ a: undefined, b: false })).toBe('b: false\n');
  });

  it.each<[string, Parameters<typeof toConf>[0]]>([
    ['a key with a blank', { 'a b': 1 }],
    ['a fraction', { a: 1.5 }],
    ['a NUL', { a: 'x\u0000' }],
  ])('toConf - refuses %s', (_name, input) => {
    expect(() => toConf(input)).toThrow(RangeError);
  });
});
