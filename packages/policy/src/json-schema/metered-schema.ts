import { escapePointer } from '@causeway/protocol';
import {
  commentKeywords,
  isObject,
  type SchemaObject,
  schemaKeywords,
  schemaListKeywords,
  schemaMapKeywords,
} from './keywords.ts';
import { lengthOf, valuesIn } from './schema-cost.ts';
import type { Survey } from './survey.ts';

/** The keyword that takes steps. No schema of a manifest can have it: it is none of JSON Schema's. */
export const stepsKeyword = '$steps';

/** What the keyword says: how many steps each check takes, and whether also by the size of the value. */
export interface StepsDemand {
  readonly steps: number;
  /** One for each character of a text: a length is counted in characters. */
  readonly perCharacter: boolean;
  /** Some for each field of an object. */
  readonly perField: boolean;
}

/** Says nothing to a validator. */
const silent: ReadonlySet<string> = new Set([
  ...commentKeywords,
  ...['$anchor', '$schema', 'contentEncoding', 'contentMediaType', 'contentSchema', 'default', 'deprecated'],
  ...['readOnly', 'writeOnly'],
]);

/** Steps of one check of one schema, apart from those inside it: 10 ns each where the worst comes together. */
function stepsOf(schema: SchemaObject): number {
  let steps = 4 + Object.keys(schema).length;
  // A call, with the object that it is handed.
  if (Object.hasOwn(schema, '$ref')) steps += 10;
  if (Object.hasOwn(schema, 'dependentRequired')) steps += valuesIn(schema.dependentRequired);
  return steps + lengthOf(schema.properties) + lengthOf(schema.required);
}

/**
 * A copy of a schema for the validator: with the steps that each schema in it takes, without what changes
 * nothing, and with references by anchors of our own. So a reference leads where the survey went, and not into a
 * place that looks like a schema and was never looked at.
 */
export function meteredSchema({ schema, targets }: Survey): SchemaObject | boolean {
  // The whole has its name already, "#".
  const named = new Set([...targets.values()].filter((pointer) => pointer !== ''));
  const anchors = new Map([...named].map((pointer, at) => [pointer, `to${at}`]));
  let tracksFields = false;

  function eachField(map: object, change: (value: unknown, key: string) => unknown): SchemaObject {
    return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
  }

  function keyword(name: string, value: unknown, place: string): unknown {
    if (name === '$ref') return `#${anchors.get(targets.get(place) ?? '') ?? ''}`;
    if (schemaKeywords.has(name)) return metered(value, place);
    const inner = (each: unknown, key: string | number): unknown =>
      metered(each, `${place}/${escapePointer(String(key))}`);
    if (schemaListKeywords.has(name) && Array.isArray(value)) return value.map(inner);
    if (schemaMapKeywords.has(name) && isObject(value)) return eachField(value, inner);
    return value;
  }

  function metered(given: unknown, pointer: string): unknown {
    const anchor = anchors.get(pointer);
    if (!isObject(given)) {
      if (anchor === undefined) return given;
      return given === false ? { $anchor: anchor, not: {} } : { $anchor: anchor };
    }
    const said = Object.entries(given).filter(([name]) => !silent.has(name) && !name.startsWith('x-'));
    const copy = said.map(([name, value]) => [
      name,
      keyword(name, value, `${pointer}/${escapePointer(name)}`),
    ]);
    if (anchor !== undefined) copy.push(['$anchor', anchor]);
    const checks = said.some(([name]) => name !== '$defs' && name !== 'definitions');
    if (checks) copy.push([stepsKeyword, demandOf(given)]);
    return Object.fromEntries(copy);
  }

  function demandOf(given: SchemaObject): StepsDemand {
    const has = (...names: string[]) => names.some((name) => Object.hasOwn(given, name));
    return {
      steps: stepsOf(given),
      perCharacter: has('minLength', 'maxLength'),
      perField: tracksFields || has('minProperties', 'maxProperties'),
    };
  }

  // What has been evaluated is then noted field by field, and copied from each schema to the one that holds it.
  tracksFields = JSON.stringify(schema).includes('"unevaluatedProperties"');
  return metered(schema, '') as SchemaObject | boolean;
}
