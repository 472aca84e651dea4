import { escapePointer, type Fault, type Parsed } from '@causeway/protocol';
import { didYouMean } from '../nearest.ts';
import { knownFormats } from './formats.ts';
import {
  isObject,
  keywords,
  type SchemaObject,
  schemaKeywords,
  schemaListKeywords,
  schemaMapKeywords,
} from './keywords.ts';
import { createLinearPattern } from './pattern/linear-pattern.ts';
import { PatternRefusal } from './pattern/parse-pattern.ts';
import { maxSchemaSize, maxTargets, placeCostFault, weightOf } from './schema-cost.ts';

/** What is known of a schema that has been walked through. */
export interface Survey {
  readonly schema: SchemaObject | boolean;
  /** All schemas inside, by pointer; '' is the whole. */
  readonly places: ReadonlyMap<string, SchemaObject | boolean>;
  /** Where each reference leads, by the pointer of the reference. */
  readonly targets: ReadonlyMap<string, string>;
  /** The sum of what its schemas weigh, and of its patterns. */
  readonly size: number;
}

export const dialect = 'https://json-schema.org/draft/2020-12/schema';

/** Deep enough for any schema, and far from what recursion can bear. */
const deepest = 100;

/** The first number in a schema that JSON reads and cannot write down again. */
function endlessFault(value: unknown, pointer: string): Fault | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { pointer, problem: 'is a number too large to be written down again; leave it out' };
  }
  if (value === null || typeof value !== 'object') return undefined;
  for (const [name, field] of Object.entries(value)) {
    if (field === null || (typeof field !== 'object' && typeof field !== 'number')) continue;
    const fault = endlessFault(field, `${pointer}/${escapePointer(name)}`);
    if (fault) return fault;
  }
  return undefined;
}

/** A field of this name is one that validators pass over. */
function passedOverFault(keyword: string, value: unknown, place: string): Fault | undefined {
  const isMap = schemaMapKeywords.has(keyword) || keyword === 'dependentRequired';
  if (!isMap || !isObject(value) || !Object.hasOwn(value, '__proto__')) return undefined;
  const problem = 'is a name that JavaScript keeps for itself, and validators pass over; use another';
  return { pointer: `${place}/__proto__`, problem };
}

function isTooDeep(value: unknown, left: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return left === 0 || Object.values(value).some((field) => isTooDeep(field, left - 1));
}

/** Instructions of a pattern that weigh as much as a keyword. */
const instructionsPerWeight = 8;

/** What a pattern weighs, or why it cannot be used. */
function weighPattern(text: unknown): { weight: number } | { problem: string } {
  if (typeof text !== 'string') return { weight: 0 };
  try {
    return { weight: Math.ceil(createLinearPattern(text).size / instructionsPerWeight) };
  } catch (error) {
    const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
    if (!(error instanceof PatternRefusal)) return { problem: `${shown} is not a regular expression` };
    const why = `${shown} ${error.message}`;
    return { problem: `${why}; patterns are searched in time linear in the text, without such things` };
  }
}

const notAdmitted: Readonly<Record<string, string>> = {
  $id: 'a schema here is named by its endpoint',
  $dynamicRef: 'inside one schema it means no more than "$ref"; write that',
  $dynamicAnchor: 'inside one schema it means no more than "$anchor"; write that',
  $vocabulary: 'it belongs into a dialect’s own schema',
};

function keywordFault(name: string, value: unknown, place: string): Fault | undefined {
  if (!keywords.has(name)) {
    const hint = didYouMean(name, keywords);
    return { pointer: place, problem: `is not a keyword of JSON Schema 2020-12${hint}` };
  }
  if (name === '$schema' && value !== dialect && value !== `${dialect}#`) {
    return { pointer: place, problem: `must be "${dialect}"` };
  }
  if (name === '$ref' && !(typeof value === 'string' && value.startsWith('#'))) {
    const problem = `${JSON.stringify(value)} is not inside this schema; copy what it names into $defs`;
    return { pointer: place, problem };
  }
  if (name === 'format' && typeof value === 'string' && !knownFormats().includes(value)) {
    const hint = didYouMean(value, knownFormats());
    return { pointer: place, problem: `"${value}" is not a known format${hint}` };
  }
  const reason = Object.hasOwn(notAdmitted, name) ? notAdmitted[name] : undefined;
  return reason === undefined ? undefined : { pointer: place, problem: `is not admitted: ${reason}` };
}

/** The pointer that a reference's fragment means, written as `escapePointer` writes it. */
function pointerOf(reference: string, anchors: ReadonlyMap<string, string>): string | undefined {
  try {
    const fragment = decodeURIComponent(reference.slice(1));
    if (fragment === '' || fragment.startsWith('/')) return fragment;
    return anchors.get(fragment);
  } catch {
    return undefined;
  }
}

/**
 * Walks all schemas inside a schema. The first fault is what a validator would ignore, or look up elsewhere; or
 * what would take it too long, both to compile and to check with: this comes before any validator sees the
 * schema, and takes time in proportion to the schema up to the greatest size.
 */
export function surveySchema(schema: unknown): Parsed<Survey> {
  const places = new Map<string, SchemaObject | boolean>();
  const anchors = new Map<string, string>();
  const references = new Map<string, string>();
  let size = 0;

  function weigh(weight: number): Fault | undefined {
    size += weight;
    if (size <= maxSchemaSize) return undefined;
    const problem = `has a size of more than ${maxSchemaSize} (keywords, names, and values of enums); share parts by $ref, or check less of the value`;
    return { pointer: '', problem };
  }

  function patternFault(text: unknown, place: string): Fault | undefined {
    const found = weighPattern(text);
    return 'problem' in found ? { pointer: place, problem: found.problem } : weigh(found.weight);
  }

  function noteName(name: string, value: unknown, pointer: string): Fault | undefined {
    const place = `${pointer}/${escapePointer(name)}`;
    if (name === '$ref') references.set(place, String(value));
    if (name === 'pattern') return patternFault(value, place);
    if (name === '$anchor') {
      if (anchors.has(String(value))) return { pointer: place, problem: `"${value}" is named twice` };
      anchors.set(String(value), pointer);
    }
    return undefined;
  }

  function walk(value: unknown, pointer: string): Fault | undefined {
    // What is neither is left for the dialect's own schema to name.
    if (typeof value !== 'boolean' && !isObject(value)) return undefined;
    places.set(pointer, value);
    if (typeof value === 'boolean') return weigh(1);
    const tooLarge = weigh(weightOf(value));
    if (tooLarge) return tooLarge;
    for (const [name, field] of Object.entries(value)) {
      // Annotations of one's own, as later drafts reserve them.
      if (name.startsWith('x-')) continue;
      const place = `${pointer}/${escapePointer(name)}`;
      let fault =
        keywordFault(name, field, place) ??
        passedOverFault(name, field, place) ??
        noteName(name, field, pointer);
      if (!fault && schemaKeywords.has(name)) fault = walk(field, place);
      const holds = schemaListKeywords.has(name)
        ? Array.isArray(field)
        : schemaMapKeywords.has(name) && isObject(field);
      for (const [key, each] of holds ? Object.entries(field as object) : []) {
        const inner = `${place}/${escapePointer(key)}`;
        if (name === 'patternProperties') fault ??= patternFault(key, inner);
        fault ??= walk(each, inner);
        if (fault) return fault;
      }
      if (fault) return fault;
    }
    return undefined;
  }

  function targetsFault(targets: Map<string, string>): Fault | undefined {
    for (const [place, reference] of references) {
      const pointer = pointerOf(reference, anchors);
      if (pointer === undefined || !places.has(pointer)) {
        return { pointer: place, problem: `"${reference}" is not in this schema` };
      }
      targets.set(place, pointer);
    }
    const different = new Set(targets.values()).size;
    if (different <= maxTargets) return undefined;
    const problem = `refers to ${different} different schemas, and ${maxTargets} are taken; write those that are used once where they are used`;
    return { pointer: '', problem };
  }

  if (typeof schema !== 'boolean' && !isObject(schema)) {
    return { fault: { pointer: '', problem: 'is neither an object nor true or false' } };
  }
  if (isTooDeep(schema, deepest)) {
    return { fault: { pointer: '', problem: `is nested more than ${deepest} levels deep` } };
  }
  const endless = endlessFault(schema, '');
  if (endless) return { fault: endless };
  const targets = new Map<string, string>();
  const fault = walk(schema, '') ?? targetsFault(targets) ?? placeCostFault(places, targets);
  return fault ? { fault } : { value: { schema, places, targets, size } };
}
