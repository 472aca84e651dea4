import { escapePointer } from '@causeway/protocol';
import { canonicalJson, compareText } from '../canonical-json.ts';
import {
  commentKeywords,
  isObject,
  type SchemaObject,
  schemaKeywords,
  schemaListKeywords,
  schemaMapKeywords,
  setKeywords,
} from './keywords.ts';

function mapValues(object: SchemaObject, change: (value: unknown) => unknown): SchemaObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

/**
 * What a schema demands, without what it says to people: descriptions, titles, examples and comments are left
 * out (of schemas, not of properties that happen to have such a name), and lists that are sets are sorted.
 */
export function contractOf(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(
    ([name]) => !commentKeywords.has(name) && !name.startsWith('x-'),
  );
  return Object.fromEntries(
    kept.map(([name, value]) => {
      if (schemaKeywords.has(name)) return [name, contractOf(value)];
      if (schemaListKeywords.has(name) && Array.isArray(value)) return [name, value.map(contractOf)];
      if (schemaMapKeywords.has(name) && isObject(value)) return [name, mapValues(value, contractOf)];
      if (setKeywords.has(name) && Array.isArray(value)) {
        return [name, [...value].sort((a, b) => compareText(canonicalJson(a), canonicalJson(b)))];
      }
      return [name, value];
    }),
  );
}

/** One place where two values differ: what stood there and what stands there now. */
export interface ValueDifference {
  readonly pointer: string;
  /** Undefined where there was nothing. */
  readonly before: unknown;
  /** Undefined where there is nothing now. */
  readonly after: unknown;
}

/** The deepest places where two JSON values differ; lists are compared as wholes unless of equal length. */
export function differences(before: unknown, after: unknown, pointer = ''): ValueDifference[] {
  if (before === after) return [];
  const lists = Array.isArray(before) && Array.isArray(after) && before.length === after.length;
  if (lists || (isObject(before) && isObject(after))) {
    const old = before as SchemaObject;
    const now = after as SchemaObject;
    return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name) => {
      const place = `${pointer}/${escapePointer(name)}`;
      const [was, is] = [old, now].map((side) => (Object.hasOwn(side, name) ? side[name] : undefined));
      if (was === undefined || is === undefined) return [{ pointer: place, before: was, after: is }];
      return differences(was, is, place);
    });
  }
  return [{ pointer, before, after }];
}
