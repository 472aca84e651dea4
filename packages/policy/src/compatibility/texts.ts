import { canonicalJson } from '../canonical-json.ts';
import type { Steps } from '../json-schema/steps.ts';

/** Values as texts that are equal where the values are. What was made once is kept, and its steps are taken once. */
export interface Texts {
  of(value: unknown): string;
  /** The values of a list by their texts. */
  valuesOf(list: readonly unknown[]): ReadonlyMap<string, unknown>;
}

/** Characters of text that are made in one step. */
const perStep = 32;

/** Creates them; for schemas, which do not change. */
export function createTexts(steps: Pick<Steps, 'take'>): Texts {
  const texts = new WeakMap<object, string>();
  const lists = new WeakMap<object, ReadonlyMap<string, unknown>>();

  function of(value: unknown): string {
    const known = value !== null && typeof value === 'object' ? texts.get(value) : undefined;
    if (known !== undefined) return known;
    const text = canonicalJson(value);
    steps.take(1 + text.length / perStep);
    if (value !== null && typeof value === 'object') texts.set(value, text);
    return text;
  }

  return {
    of,
    valuesOf(list) {
      const known = lists.get(list);
      if (known) return known;
      const made = new Map(list.map((value) => [of(value), value]));
      lists.set(list, made);
      return made;
    },
  };
}
