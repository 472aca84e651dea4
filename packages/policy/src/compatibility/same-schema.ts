import { escapePointer } from '@causeway/protocol';
import {
  commentKeywords,
  isObject,
  schemaKeywords,
  schemaListKeywords,
  schemaMapKeywords,
  setKeywords,
} from '../json-schema/keywords.ts';
import { createAssumptions } from './assumptions.ts';
import { type Comparing, createIds, keywordOf, type Places } from './documents.ts';

/** Keywords that ask nothing of a value, and may change freely. */
const silent: ReadonlySet<string> = new Set([
  ...commentKeywords,
  ...['$anchor', '$defs', '$schema', 'definitions', 'deprecated'],
]);

/** True for what says nothing about the values that a schema admits. */
export const isSilent = (keyword: string): boolean => silent.has(keyword) || keyword.startsWith('x-');

/** Tells whether schemas of two documents ask for the same. */
export interface SameSchema {
  /** Two whole schemas, by their pointers; references are followed. */
  schemas(a: string, b: string): boolean;
  /** One keyword of two schemas; also where neither has it. */
  keyword(name: string, a: string, b: string): boolean;
}

/** Compares schemas of two documents, word for word but for descriptions and the order of sets. */
export function createSameSchema(first: Places, second: Places, { steps, texts }: Comparing): SameSchema {
  const assumptions = createAssumptions(true, (same) => same, steps);
  const [inFirst, inSecond] = [createIds(), createIds()];

  const schemas = (a: string, b: string): boolean =>
    assumptions.decide(`${inFirst(a)} ${inSecond(b)}`, () => {
      const left = first.places.get(a);
      const right = second.places.get(b);
      if (!isObject(left) || !isObject(right)) return left === right;
      const names = new Set([...Object.keys(left), ...Object.keys(right)]);
      return [...names].every((name) => isSilent(name) || keyword(name, a, b));
    });

  function members(a: object, b: object, at: (key: string) => [string, string]): boolean {
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    return keys.every((key) => Object.hasOwn(b, key) && schemas(...at(key)));
  }

  function keyword(name: string, a: string, b: string): boolean {
    steps.take(1);
    const [left, right] = [keywordOf(first, a, name), keywordOf(second, b, name)];
    if (left === undefined || right === undefined) return left === right;
    const [inA, inB] = [`${a}/${name}`, `${b}/${name}`];
    if (name === '$ref') return schemas(first.targets.get(inA) ?? '', second.targets.get(inB) ?? '');
    if (schemaKeywords.has(name)) return schemas(inA, inB);
    const lists = schemaListKeywords.has(name) && Array.isArray(left) && Array.isArray(right);
    if (lists || (schemaMapKeywords.has(name) && isObject(left) && isObject(right))) {
      return members(left as object, right as object, (key) => [
        `${inA}/${escapePointer(key)}`,
        `${inB}/${escapePointer(key)}`,
      ]);
    }
    if (setKeywords.has(name) && Array.isArray(left) && Array.isArray(right)) {
      const [these, those] = [texts.valuesOf(left), texts.valuesOf(right)];
      steps.take(these.size);
      return these.size === those.size && [...these.keys()].every((text) => those.has(text));
    }
    return texts.of(left) === texts.of(right);
  }

  return { schemas, keyword };
}
