import { escapePointer } from '@causeway/protocol';
import { canonicalJson } from '../canonical-json.ts';
import { isObject } from '../json-schema/keywords.ts';
import type { Steps } from '../json-schema/steps.ts';
import { type Gathered, gather } from './gather.ts';
import { keywordOf, type Places } from './same-schema.ts';

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
  steps: Steps,
  depth = 0,
): boolean {
  steps.take(1);
  const left = gather(first, a, steps);
  const right = gather(second, b, steps);
  const kinds = [...left.kinds].filter((kind) => right.kinds.has(kind));
  if (kinds.length === 0) return true;
  if (left.values && right.values) {
    const texts = new Set(left.values.map(canonicalJson));
    if (!right.values.some((value) => texts.has(canonicalJson(value)))) return true;
  }
  if (depth >= deepest || kinds.some((kind) => kind !== 'object')) return false;
  return [...left.required].some(
    (name) =>
      right.required.has(name) &&
      areApart(first, named(first, left, name), second, named(second, right, name), steps, depth + 1),
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
