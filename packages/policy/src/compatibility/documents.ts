import { isObject, type SchemaObject } from '../json-schema/keywords.ts';
import { weightOf } from '../json-schema/schema-cost.ts';
import type { Steps } from '../json-schema/steps.ts';
import type { Survey } from '../json-schema/survey.ts';
import { createTexts, type Texts } from './texts.ts';

/** The part of a survey that comparing needs: all schemas by pointer, and where references lead. */
export type Places = Pick<Survey, 'places' | 'targets'>;

/** Takes steps, and throws `OutOfSteps` when there are none left. */
export type Counter = Pick<Steps, 'take'>;

/** What comparing two documents needs besides them. */
export interface Comparing {
  readonly steps: Counter;
  readonly texts: Texts;
}

/** The value of a keyword of the schema at a pointer; undefined where it has none. */
export function keywordOf({ places }: Places, pointer: string, keyword: string): unknown {
  const schema = places.get(pointer);
  return isObject(schema) && Object.hasOwn(schema, keyword) ? (schema as SchemaObject)[keyword] : undefined;
}

const weights = new WeakMap<object, number>();

/** What a schema weighs without those inside it: as many steps as going through its keywords and names takes. */
export function weightOnce(schema: SchemaObject): number {
  const known = weights.get(schema);
  if (known !== undefined) return known;
  const weight = weightOf(schema);
  weights.set(schema, weight);
  return weight;
}

/** Numbers for pointers: short, and nothing that a property's name could be taken for. */
export function createIds(): (pointer: string) => number {
  const ids = new Map<string, number>();
  return (pointer) => {
    const known = ids.get(pointer);
    if (known !== undefined) return known;
    ids.set(pointer, ids.size);
    return ids.size - 1;
  };
}

/** Characters of a pointer that are looked up in one step. */
const perStep = 128;

/**
 * What comparing these documents needs. Each step is dearer the longer their longest pointer is, for pointers are what
 * everything is looked up by.
 */
export function comparing(documents: readonly Places[], steps: Counter): Comparing {
  let longest = 0;
  for (const { places } of documents) {
    for (const pointer of places.keys()) longest = Math.max(longest, pointer.length);
  }
  const each = 1 + Math.floor(longest / perStep);
  const dear: Counter = { take: (count) => steps.take(count * each) };
  return { steps: dear, texts: createTexts(steps) };
}
