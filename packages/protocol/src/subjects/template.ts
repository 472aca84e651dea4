import { type TokenKind, tokenKinds } from './tokens.ts';

type KindOf<K> = K extends 'major' ? number : string;

/** The fields of a template such as `serve.{site:name}.v{major:major}`, by name. */
export type Fields<T extends string> = T extends `${string}{${infer Name}:${infer Kind}}${infer Rest}`
  ? { [K in Name]: KindOf<Kind> } & Fields<Rest>
  : unknown;

type Values = Record<string, string | number>;

interface Slot {
  readonly prefix: string;
  readonly field: string | undefined;
  readonly kind: TokenKind | undefined;
}

/** One subject of the grammar: builds, matches and takes apart. */
export interface SubjectTemplate<T extends string> {
  /** The template as written. */
  readonly template: T;
  /** The fields in order, with their kinds. */
  readonly fields: readonly { readonly name: string; readonly kind: TokenKind }[];
  /** The subject with all fields filled in. Throws a RangeError for a value the grammar does not admit. */
  build(values: Fields<T>): string;
  /** A subscription pattern: `*` for each field that is left out. Throws as `build` does. */
  pattern(values: Partial<Fields<T>>): string;
  /** The fields of a subject, or undefined where it is not one of these. */
  parse(subject: string): Fields<T> | undefined;
}

const slotPattern = /^([^{}]*)(?:\{(\w+):(\w+)\})?$/;

function parseTemplate(template: string): Slot[] {
  return template.split('.').map((text) => {
    const match = slotPattern.exec(text);
    if (!match) throw new RangeError(`bad token "${text}" in subject template "${template}"`);
    const [, prefix = '', field, kind] = match;
    if (kind !== undefined && !(kind in tokenKinds)) {
      throw new RangeError(`unknown kind "${kind}" in subject template "${template}"`);
    }
    return { prefix, field, kind: kind as TokenKind | undefined };
  });
}

/**
 * Defines a subject by a template: literal tokens, and fields as `{name:kind}`, alone in a token or behind
 * a literal prefix (`v{major:major}`).
 */
export function subject<const T extends string>(template: T): SubjectTemplate<T> {
  const slots = parseTemplate(template);

  function fill(slot: Slot, values: Values, wildcard: boolean): string {
    if (slot.field === undefined || slot.kind === undefined) return slot.prefix;
    const value = values[slot.field];
    if (value === undefined && wildcard) return '*';
    const text = String(value);
    if (value === undefined || !tokenKinds[slot.kind](text)) {
      throw new RangeError(
        `${slot.field} ${JSON.stringify(value)} is not a valid ${slot.kind} in ${template}`,
      );
    }
    return slot.prefix + text;
  }

  return {
    template,
    fields: slots.flatMap((slot) =>
      slot.field !== undefined && slot.kind !== undefined ? [{ name: slot.field, kind: slot.kind }] : [],
    ),
    build: (values) => slots.map((slot) => fill(slot, values as Values, false)).join('.'),
    pattern: (values) => slots.map((slot) => fill(slot, values as Values, true)).join('.'),
    parse(text) {
      const tokens = text.split('.');
      if (tokens.length !== slots.length) return undefined;
      const values: Values = {};
      for (const [index, slot] of slots.entries()) {
        const token = tokens[index] as string;
        if (slot.field === undefined || slot.kind === undefined) {
          if (token !== slot.prefix) return undefined;
          continue;
        }
        if (!token.startsWith(slot.prefix)) return undefined;
        const value = token.slice(slot.prefix.length);
        if (!tokenKinds[slot.kind](value)) return undefined;
        values[slot.field] = slot.kind === 'major' ? Number(value) : value;
      }
      return values as Fields<T>;
    },
  };
}
