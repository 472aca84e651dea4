import { escapePointer } from '@causeway/protocol';
import { isObject } from '../json-schema/keywords.ts';
import { type Comparing, keywordOf, type Places } from './documents.ts';
import { type Gathered, gather } from './gather.ts';

/** How deep fields of fields are looked at. */
const deepest = 3;

/**
 * True where no value can fit both: their types, their counted-up values, or a field that both require, keep them
 * apart. This is how alternatives are told from each other by a field such as `kind`.
 */
export function areApart(
  first: Places,
  a: readonly string[],
  second: Places,
  b: readonly string[],
  around: Comparing,
  depth = 0,
): boolean {
  const left = gather(first, a, around);
  const right = gather(second, b, around);
  around.steps.take(1 + left.required.size);
  const kinds = [...left.kinds].filter((kind) => right.kinds.has(kind));
  if (kinds.length === 0) return true;
  if (left.values && right.values) {
    const texts = right.values;
    around.steps.take(left.values.size);
    if (![...left.values.keys()].some((text) => texts.has(text))) return true;
  }
  if (depth >= deepest || kinds.some((kind) => kind !== 'object')) return false;
  return [...left.required].some(
    (name) =>
      right.required.has(name) &&
      areApart(first, named(first, left, name), second, named(second, right, name), around, depth + 1),
  );
}

function named(document: Places, { wholes }: Gathered, name: string): string[] {
  return wholes.flatMap((whole) => {
    const properties = keywordOf(document, whole, 'properties');
    return isObject(properties) && Object.hasOwn(properties, name)
      ? [`${whole}/properties/${escapePointer(name)}`]
      : [];
  });
}
