/**
 * The structure of a regular expression. What one character may be is left as it was written, for the
 * platform's own engine to decide: a character class means here exactly what it means to JavaScript.
 */
export type PatternNode =
  | { readonly kind: 'atom'; readonly source: string }
  | { readonly kind: 'assertion'; readonly which: Assertion }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly min: number; readonly max: number };

/** A condition on the place between two characters: beginning, end, word boundary, no word boundary. */
export type Assertion = '^' | '$' | 'b' | 'B';

/** Why a pattern cannot be used, in words that fit behind the pattern. */
export class PatternRefusal extends Error {
  override readonly name = 'PatternRefusal';
}

/** Groups in groups; what reads patterns recurses. */
const deepest = 50;

const atomEscape = /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|x..|c.|.)/suy;
const repeatMark = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;
const plainGroup = /\((?:\?:|\?<[^=!][^>]*>|(?!\?))/y;
const bounds = {
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
  '?': [0, 1],
} as const;

/**
 * Reads a pattern that is valid JavaScript with the flag `u`. Throws `PatternRefusal` for what cannot be matched
 * in time linear in the text: look-around and back-references; and for flags inside the pattern.
 */
export function parsePattern(text: string): PatternNode {
  let at = 0;

  function take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = at;
    const found = expression.exec(text) ?? undefined;
    if (found) at = expression.lastIndex;
    return found;
  }

  function choice(depth: number): PatternNode {
    if (depth > deepest) throw new PatternRefusal(`has groups nested more than ${deepest} deep`);
    const parts = [sequence(depth)];
    while (text[at] === '|') {
      at += 1;
      parts.push(sequence(depth));
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
  }

  function sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (at < text.length && text[at] !== '|' && text[at] !== ')') parts.push(repeated(one(depth)));
    return { kind: 'sequence', parts };
  }

  function repeated(part: PatternNode): PatternNode {
    const mark = take(repeatMark);
    if (!mark) return part;
    const [, sign, least, comma, most] = mark;
    if (sign !== undefined) {
      const [min, max] = bounds[sign as keyof typeof bounds];
      return { kind: 'repeat', part, min, max };
    }
    const min = Number(least);
    const max = comma === '' ? min : most === '' ? Number.POSITIVE_INFINITY : Number(most);
    return { kind: 'repeat', part, min, max };
  }

  function one(depth: number): PatternNode {
    const character = text[at];
    if (character === '(') return group(depth);
    if (character === '^' || character === '$') {
      at += 1;
      return { kind: 'assertion', which: character };
    }
    if (character === '[') return { kind: 'atom', source: characterClass() };
    if (character === '\\') return escaped();
    const source = String.fromCodePoint(text.codePointAt(at) ?? 0);
    at += source.length;
    return { kind: 'atom', source };
  }

  function group(depth: number): PatternNode {
    const start = at;
    if (!take(plainGroup)) {
      const behind = text.startsWith('(?<', start);
      const looks = behind || text.startsWith('(?=', start) || text.startsWith('(?!', start);
      const what = looks ? `looks ${behind ? 'behind' : 'ahead'}` : 'sets flags';
      throw new PatternRefusal(`${what} with "${text.slice(start, start + (behind ? 4 : 3))}"`);
    }
    const inner = choice(depth + 1);
    at += 1;
    return inner;
  }

  function characterClass(): string {
    const start = at;
    at += 1;
    while (text[at] !== ']') at += text[at] === '\\' ? 2 : 1;
    at += 1;
    return text.slice(start, at);
  }

  function escaped(): PatternNode {
    const letter = text[at + 1] ?? '';
    if (letter === 'b' || letter === 'B') {
      at += 2;
      return { kind: 'assertion', which: letter };
    }
    if (letter === 'k' || /[1-9]/.test(letter)) {
      throw new PatternRefusal(`refers back with "\\${letter}"`);
    }
    return { kind: 'atom', source: take(atomEscape)?.[0] ?? '' };
  }

  return choice(0);
}
