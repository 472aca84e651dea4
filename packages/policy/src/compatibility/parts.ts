import { escapePointer } from '@causeway/protocol';
import { isObject } from '../json-schema/keywords.ts';
import { keywordOf, type Places } from './documents.ts';
import { type Known, shown } from './value-keywords.ts';

/** One thing to show: that what these schemas of the narrower document admit, this one of the wider does. */
export interface Goal {
  readonly inner: readonly string[];
  readonly outer: string;
  /** What to say where it cannot be shown, instead of what was found deeper. */
  readonly open?: {
    readonly pointer: string;
    readonly asked: unknown;
    readonly known: unknown;
    readonly what: () => string;
  };
}

const keysOf = (value: unknown) => (isObject(value) ? Object.keys(value) : []);
const has = (value: unknown, key: string) => isObject(value) && Object.hasOwn(value, key);

/** Fields of an object: goals of one of the keywords that speak of them. */
export function* objectGoals(
  keyword: 'properties' | 'patternProperties' | 'additionalProperties' | 'propertyNames',
  narrow: Places,
  wide: Places,
  known: Known,
  outer: string,
): Iterable<Goal> {
  const asked = keywordOf(wide, outer, keyword);
  const place = `${outer}/${keyword}`;
  const inEach = (name: string) =>
    known.wholes.flatMap((whole) =>
      keywordOf(narrow, whole, name) === undefined ? [] : [`${whole}/${name}`],
    );

  const patterned = new Set(
    known.wholes.filter((whole) => keysOf(keywordOf(narrow, whole, 'patternProperties')).length > 0),
  );

  /** What the narrower document says of a field of this name. */
  function fieldSchemas(name: string): string[] {
    return known.wholes.flatMap((whole) => {
      if (has(keywordOf(narrow, whole, 'properties'), name))
        return [`${whole}/properties/${escapePointer(name)}`];
      // A pattern may take the name; what it says of it is not looked at, so that nothing is promised.
      if (patterned.has(whole)) return [];
      return keywordOf(narrow, whole, 'additionalProperties') === undefined
        ? []
        : [`${whole}/additionalProperties`];
    });
  }

  const patternSchemas = (pattern: string): string[] =>
    known.wholes.flatMap((whole) =>
      has(keywordOf(narrow, whole, 'patternProperties'), pattern)
        ? [`${whole}/patternProperties/${escapePointer(pattern)}`]
        : [],
    );

  switch (keyword) {
    case 'propertyNames':
      yield { inner: inEach('propertyNames'), outer: place };
      return;
    case 'properties':
      for (const name of keysOf(asked)) {
        const inner = fieldSchemas(name);
        const at = `${place}/${escapePointer(name)}`;
        const what = () => `any value as ${shown(name)}, a field that was not spoken of`;
        const open = { pointer: at, asked: wide.places.get(at), known: undefined, what };
        yield { inner, outer: at, ...(inner.length === 0 ? { open } : {}) };
      }
      return;
    case 'patternProperties':
      for (const pattern of keysOf(asked)) {
        yield { inner: patternSchemas(pattern), outer: `${place}/${escapePointer(pattern)}` };
      }
      return;
    default:
      yield* otherFields();
  }

  /** Fields that `additionalProperties` of the wider schema is asked about. */
  function* otherFields(): Iterable<Goal> {
    const spoken = new Set(keysOf(keywordOf(wide, outer, 'properties')));
    const matched = new Set(keysOf(keywordOf(wide, outer, 'patternProperties')));
    const named = new Set(known.wholes.flatMap((whole) => keysOf(keywordOf(narrow, whole, 'properties'))));
    for (const name of named) {
      if (spoken.has(name)) continue;
      const inner = fieldSchemas(name);
      const at = `${outer}/properties/${escapePointer(name)}`;
      const [first = ''] = inner;
      const open = {
        pointer: at,
        asked: undefined,
        known: narrow.places.get(first),
        what: () => `a field ${shown(name)}`,
      };
      yield { inner, outer: place, ...(asked === false ? { open } : {}) };
    }
    const patterns = new Set(
      known.wholes.flatMap((whole) => keysOf(keywordOf(narrow, whole, 'patternProperties'))),
    );
    for (const pattern of patterns) {
      if (!matched.has(pattern)) yield { inner: patternSchemas(pattern), outer: place };
    }
    const inner = inEach('additionalProperties');
    const knownHere = keywordOf(narrow, known.wholes[0] ?? '', 'additionalProperties');
    const open = { pointer: place, asked, known: knownHere, what: () => 'fields of any other name' };
    yield { inner, outer: place, ...(asked === false ? { open } : {}) };
  }
}

/** Items of an array: goals of one of the keywords that speak of them. */
export function* arrayGoals(
  keyword: 'items' | 'prefixItems',
  narrow: Places,
  wide: Places,
  known: Known,
  outer: string,
): Iterable<Goal> {
  const lengthAt = (document: Places, pointer: string) => {
    const list = keywordOf(document, pointer, 'prefixItems');
    return Array.isArray(list) ? list.length : 0;
  };
  const most = Math.min(Number.POSITIVE_INFINITY, ...(known.said('maxItems') as number[]));
  const ownLength = lengthAt(wide, outer);
  const longest = Math.max(ownLength, ...known.wholes.map((whole) => lengthAt(narrow, whole)));

  /** What the narrower document says of the item at this place; of all behind them where it is the last. */
  const itemSchemas = (at: number): string[] =>
    known.wholes.flatMap((whole) => {
      if (at < lengthAt(narrow, whole)) return [`${whole}/prefixItems/${at}`];
      return keywordOf(narrow, whole, 'items') === undefined ? [] : [`${whole}/items`];
    });

  if (keyword === 'prefixItems') {
    for (let at = 0; at < Math.min(ownLength, most); at += 1) {
      yield { inner: itemSchemas(at), outer: `${outer}/prefixItems/${at}` };
    }
    return;
  }
  // One more than the longest list stands for all that follow.
  for (let at = ownLength; at <= longest && at < most; at += 1) {
    yield { inner: itemSchemas(at), outer: `${outer}/items` };
  }
}
