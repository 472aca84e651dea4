import { escapePointer, type Fault, faultOf, type Parsed } from '@causeway/protocol';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import { didYouMean } from '../nearest.ts';
import {
  isObject,
  keywords,
  type SchemaObject,
  schemaKeywords,
  schemaListKeywords,
  schemaMapKeywords,
} from './keywords.ts';

/** Checks a value against one schema: the first fault, or undefined. */
export type ValueCheck = (value: unknown) => Fault | undefined;

const dialect = 'https://json-schema.org/draft/2020-12/schema';

// The package is CommonJS; its declaration hides that the default export is the function itself.
const addFormats = formatsPlugin as unknown as (ajv: Ajv2020) => void;

let metaCheck: ValidateFunction | undefined;

/** Checks against the dialect's own schema. Compiled on first use: it takes some 20 ms. */
function metaFault(schema: SchemaObject): Fault | undefined {
  metaCheck ??= new Ajv2020({ strict: false }).getSchema(dialect) as ValidateFunction;
  return metaCheck(schema) ? undefined : faultOf(metaCheck.errors);
}

let formats: readonly string[] | undefined;

function knownFormats(): readonly string[] {
  if (!formats) {
    const ajv = new Ajv2020();
    addFormats(ajv);
    formats = Object.keys(ajv.formats);
  }
  return formats;
}

function isPattern(text: unknown): boolean {
  try {
    return typeof text !== 'string' || new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function keywordFault(name: string, value: unknown, pointer: string): Fault | undefined {
  const place = `${pointer}/${escapePointer(name)}`;
  // Annotations of one's own, as later drafts reserve them.
  if (name.startsWith('x-')) return undefined;
  if (!keywords.has(name)) {
    return {
      pointer: place,
      problem: `is not a keyword of JSON Schema 2020-12${didYouMean(name, keywords)}`,
    };
  }
  if (name === '$schema' && value !== dialect && value !== `${dialect}#`) {
    return { pointer: place, problem: `must be "${dialect}"` };
  }
  if ((name === '$ref' || name === '$dynamicRef') && !(typeof value === 'string' && value.startsWith('#'))) {
    const problem = `${JSON.stringify(value)} is not inside this schema; copy what it names into $defs`;
    return { pointer: place, problem };
  }
  if (name === 'pattern' && !isPattern(value)) {
    return { pointer: place, problem: `${JSON.stringify(value)} is not a regular expression` };
  }
  const names = name === 'patternProperties' && isObject(value) ? Object.keys(value) : [];
  const broken = names.find((text) => !isPattern(text));
  if (broken !== undefined) {
    return { pointer: `${place}/${escapePointer(broken)}`, problem: 'is not a regular expression' };
  }
  if (name === 'format' && typeof value === 'string' && !knownFormats().includes(value)) {
    return {
      pointer: place,
      problem: `"${value}" is not a known format${didYouMean(value, knownFormats())}`,
    };
  }
  if (name === '$id') {
    return { pointer: place, problem: 'is not admitted: a schema here is named by its endpoint' };
  }
  return undefined;
}

/** Walks all schemas inside; what it finds would be ignored, or looked up elsewhere, by a validator. */
function walkFault(schema: unknown, pointer: string): Fault | undefined {
  if (!isObject(schema)) return undefined;
  for (const [name, value] of Object.entries(schema)) {
    const place = `${pointer}/${escapePointer(name)}`;
    let fault = keywordFault(name, value, pointer);
    if (!fault && schemaKeywords.has(name)) fault = walkFault(value, place);
    const inner =
      (schemaListKeywords.has(name) && Array.isArray(value)) ||
      (schemaMapKeywords.has(name) && isObject(value))
        ? Object.entries(value as object)
        : [];
    for (const [key, each] of inner) fault ??= walkFault(each, `${place}/${escapePointer(key)}`);
    if (fault) return fault;
  }
  return undefined;
}

/** Finds a reference in a schema, for the place of its fault. */
function findRef(value: unknown, ref: string, pointer: string): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  for (const [name, field] of Object.entries(value)) {
    const place = `${pointer}/${escapePointer(name)}`;
    if (name === '$ref' && field === ref) return place;
    const found = findRef(field, ref, place);
    if (found !== undefined) return found;
  }
  return undefined;
}

function annotationsOf(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (value === null || typeof value !== 'object') return found;
  for (const [name, field] of Object.entries(value)) {
    if (name.startsWith('x-') && !Array.isArray(value)) found.add(name);
    annotationsOf(field, found);
  }
  return found;
}

/** Deep enough for any schema, and far from what recursion can bear. */
const deepest = 100;

function isTooDeep(value: unknown, left: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return left === 0 || Object.values(value).some((field) => isTooDeep(field, left - 1));
}

function compile(schema: SchemaObject | boolean): ValidateFunction {
  // An instance of its own: ajv keeps every schema it has seen, and names in two schemas would collide.
  const ajv = new Ajv2020({
    allErrors: false,
    // What would be ignored is a fault (and found before this, with its place); what is untidy is not.
    strictSchema: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    validateSchema: false,
    logger: false,
  });
  addFormats(ajv);
  const annotations = [...annotationsOf(schema)].filter((name) => /^x-[a-z0-9$_:-]*$/i.test(name));
  for (const keyword of annotations) ajv.addKeyword({ keyword });
  return ajv.compile(schema);
}

/**
 * Compiles a JSON Schema 2020-12 as a manifest may hold it: whole in itself (no `$ref` to elsewhere), nothing in
 * it that a validator would pass over in silence (unknown keywords and formats; `x-…` are annotations), nothing
 * that would make the check asynchronous. The fault names the place within the schema. This is the validator
 * that gateways use, so what passes here compiles there.
 */
export function compileSchema(schema: unknown): Parsed<ValueCheck> {
  if (typeof schema !== 'boolean' && !isObject(schema)) {
    return { fault: { pointer: '', problem: 'is neither an object nor true or false' } };
  }
  if (isTooDeep(schema, deepest)) {
    return { fault: { pointer: '', problem: `is nested more than ${deepest} levels deep` } };
  }
  const fault = isObject(schema) ? (walkFault(schema, '') ?? metaFault(schema)) : undefined;
  if (fault) return { fault };
  try {
    const validate = compile(schema);
    return { value: (value) => (validate(value) ? undefined : faultOf(validate.errors)) };
  } catch (error) {
    const { message, missingRef } = error as Error & { missingRef?: string };
    const ref = missingRef ?? /can't resolve reference (\S+)/.exec(message)?.[1];
    const place = ref === undefined ? undefined : findRef(schema, ref, '');
    if (place !== undefined) return { fault: { pointer: place, problem: `"${ref}" is not in this schema` } };
    return { fault: { pointer: '', problem: `cannot be compiled: ${message}` } };
  }
}
