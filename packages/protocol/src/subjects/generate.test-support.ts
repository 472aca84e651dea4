import fc from 'fast-check';
import type { SubjectTemplate } from './template.ts';
import { reservedNames, type TokenKind } from './tokens.ts';

const name = fc.stringMatching(/^[a-z0-9-]{1,63}$/).filter((text) => !reservedNames.has(text));

/** Values that each kind of token admits, special words among them. */
export const goodTokens: { readonly [K in TokenKind]: fc.Arbitrary<string> } = {
  name,
  target: fc.oneof(name, fc.constant('any')),
  scope: fc.oneof(name, fc.constant('any')),
  holder: fc.oneof(name, fc.constant('gateway')),
  signer: fc.oneof(name, fc.constant('registry')),
  word: fc.oneof(name, fc.constantFrom(...reservedNames)),
  endpoint: fc.stringMatching(/^[A-Za-z0-9-]{1,63}$/),
  token: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  major: fc.nat({ max: 9999 }).map(String),
};

/** Texts that no kind of token admits. */
export const hostileToken = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '>',
    '.',
    ' ',
    '\n',
    '\r\n',
    '\0',
    'a.b',
    'a b',
    'a\n',
    'a*',
    '>a',
    'ä',
    '名',
    '😀',
  ),
  fc.constantFrom('a'.repeat(65), '-'.repeat(200), '%2e', 'a/b', '$SYS', 'a\u200b', '\uff41', 'a\ud800'),
  fc
    .tuple(fc.string(), fc.constantFrom('.', '*', '>', ' ', '\t', '\n', '\0', 'é', '\u2024'), fc.string())
    .map((parts) => parts.join('')),
);

/** Any subject of the grammar, whichever it is. */
export type AnySubject = SubjectTemplate<string>;

/** Field values as `build` takes them. */
export type Values = Record<string, string | number>;

/** Good values for all fields of a subject. */
export function valuesOf(subject: AnySubject): fc.Arbitrary<Values> {
  const fields = subject.fields.map(({ name: field, kind }): [string, fc.Arbitrary<string | number>] => [
    field,
    kind === 'major' ? goodTokens.major.map(Number) : goodTokens[kind],
  ]);
  return fc.record(Object.fromEntries(fields)).map((values) => ({ ...values }));
}

/** NATS's own matching of a subject against a subscription (`*` one token, `>` one or more). */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (const [index, want] of wanted.entries()) {
    if (want === '>') return index === wanted.length - 1 && tokens.length > index;
    if (tokens[index] === undefined || (want !== '*' && want !== tokens[index])) return false;
  }
  return wanted.length === tokens.length;
}
