import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSteps } from '../steps.ts';
import { createLinearPattern } from './linear-pattern.ts';

const endless = () => createSteps(Number.POSITIVE_INFINITY);
const linear = (pattern: string, text: string) => createLinearPattern(pattern).test(text, endless());

for (const [pattern, ...texts] of [
  ['^[A-Z0-9]{1,8}$', 'MSFT', 'msft', '', 'ABCDEFGHI'],
  ['^\\d{4}-\\d{2}-\\d{2}$', '2010-01-01', '2010-1-01', '2010-01-01\n'],
  ['^(?<major>0|[1-9]\\d*)\\.(?:\\d+)$', '1.2', '01.2', '1.'],
  ['foo|bar|', 'x', 'bar'],
  ['\\bfoo\\B', 'foot', 'a foo', 'foo'],
  ['^.\\s\\S$', 'a\u2003b', '\u2028 b', '😀 b'],
  ['^[^]$', '\n', '😀', '\ud83d'],
  ['[]', '', 'a'],
  ['^[[:alpha:]$', 'a', ':', 'b'],
  ['^\\u{1f600}\\ud83d\\ude00\\u0041\\x42\\cJ\\/$', '😀😀AB\n/'],
  ['^\\p{Script=Greek}+\\P{L}$', 'αβγ1', 'abc1'],
  ['^[\\]\\-\\\\a]+$', ']-\\a', 'b'],
  ['^a{0}b{2}c{1,}d{0,2}?$', 'bbc', 'bc', 'bbccdd', 'bbccddd'],
  ['^(a*)*(?:(b?)+|c)*$', 'aabb', 'abcab', 'd'],
  ['(?:^a|b$)', 'ab', 'ca', 'bc'],
  ['', '', 'a'],
] as const) {
  test(`pattern - ${pattern} means what it means to JavaScript`, () => {
    for (const text of texts) expect(linear(pattern, text)).toBe(new RegExp(pattern, 'u').test(text));
  });
}

const { pattern } = fc.letrec<{ pattern: string; piece: string; atom: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 3 },
    fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => pieces.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map((ways) => ways.join('|')),
  ),
  piece: fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'))
        .map((both) => both.join('')),
    },
    { weight: 1, arbitrary: fc.constantFrom('^', '$', '\\b', '\\B') },
  ),
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', 'é', '.', '\\w', '\\W', '\\d', '\\s', '[ab]', '[^a]', '\\p{L}', '😀', '-'),
    tie('pattern').map((inner) => `(?:${inner})`),
    tie('pattern').map((inner) => `(${inner})`),
  ),
}));
const text = fc
  .array(fc.constantFrom('a', 'b', 'é', '1', ' ', '-', '😀', '\n', '\ud83d'), { maxLength: 7 })
  .map((list) => list.join(''));

test('pattern - any pattern finds in any text what JavaScript finds', () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
      // What is refused for its length is another matter.
      fc.pre(source.length < 60);
      const made = createLinearPattern(source);
      const native = new RegExp(source, 'u');
      for (const each of texts) {
        // V8 finds \B within a surrogate pair, where the language has no place to match at.
        const whole = source.includes('\\B') ? each.replaceAll('😀', '') : each;
        expect(made.test(whole, endless())).toBe(native.test(whole));
      }
    }),
    { numRuns: 500 },
  );
});

for (const [source, problem] of [
  ['a(?=b)', 'looks ahead with "(?="'],
  ['a(?!b)', 'looks ahead'],
  ['(?<=a)b', 'looks behind with "(?<="'],
  ['(?<!a)b', 'looks behind'],
  ['(a)\\1', 'refers back with "\\1"'],
  ['(?<n>a)\\k<n>', 'refers back'],
  ['(?i:a)', 'sets flags'],
  ['(?:[ab]{100}){100}', 'has 10101 steps written out'],
  [`${'('.repeat(60)}a${')'.repeat(60)}`, 'nested more than'],
] as const) {
  test(`pattern - ${source.slice(0, 20)} is refused`, () => {
    expect(() => createLinearPattern(source)).toThrow(problem);
  });
}

for (const [source, subject] of [
  ['^(a+)+$', `${'a'.repeat(100_000)}!`],
  ['^(a|a)*$', `${'a'.repeat(100_000)}!`],
  ['^(.*)*=x', 'a'.repeat(100_000)],
  ['([a-z]+)*[0-9]([a-z]*)*$', `${'a'.repeat(100_000)}!`],
] as const) {
  test(`pattern - ${source} takes few steps for each character of a text made against it`, () => {
    const steps = createSteps(10 * subject.length);
    expect(createLinearPattern(source).test(subject, steps)).toBe(false);
  });
}

test('pattern - an automaton of very many states is stopped by the count of steps', () => {
  const random = fc.sample(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 5000, maxLength: 5000 }), {
    numRuns: 1,
    seed: 1,
  });
  const made = createLinearPattern('^(a|b)*a(a|b){80}[cd]$');
  expect(() => made.test(random[0] ?? '', createSteps(1_000_000))).toThrow('too many steps');
  expect(made.test(random[0] ?? '', endless())).toBe(false);
});
