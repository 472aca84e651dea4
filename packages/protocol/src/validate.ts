import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import { messageRefs, messageSchemas } from './generated/schemas.ts';
import type { Messages } from './generated/types.ts';
import { isNestedDeeper } from './json.ts';

/** A fault in some input: where (JSON pointer, RFC 6901; empty for the whole) and what. */
export interface Fault {
  readonly pointer: string;
  readonly problem: string;
}

/** What a parser gives: the value, or the first fault. Only boundaries throw. */
export type Parsed<T> =
  | { readonly value: T; readonly fault?: never }
  | { readonly fault: Fault; readonly value?: never };

const addFormats = formatsPlugin as unknown as (ajv: Ajv2020) => void;

const ajv = new Ajv2020({ allErrors: false, strict: true, strictRequired: false, allowUnionTypes: true });
addFormats(ajv);
for (const schema of messageSchemas) ajv.addSchema(schema);

/** Words for an ajv error, naming what was got where that helps. */
export function faultOf(errors: readonly ErrorObject[] | null | undefined): Fault {
  const error = errors?.[0];
  if (!error) return { pointer: '', problem: 'is not valid' };
  const params = error.params as Record<string, unknown>;
  if (error.propertyName !== undefined) {
    const pointer = `${error.instancePath}/${escapePointer(error.propertyName)}`;
    return { pointer, problem: `is a name that will not do: it ${error.message ?? 'is not valid'}` };
  }
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const field = String(params.additionalProperty ?? params.unevaluatedProperty);
      return { pointer: `${error.instancePath}/${escapePointer(field)}`, problem: 'is not a known field' };
    }
    case 'required':
      return {
        pointer: `${error.instancePath}/${escapePointer(String(params.missingProperty))}`,
        problem: 'is missing',
      };
    case 'enum':
      return {
        pointer: error.instancePath,
        problem: `must be one of ${JSON.stringify(params.allowedValues)}`,
      };
    case 'const':
      return { pointer: error.instancePath, problem: `must be ${JSON.stringify(params.allowedValue)}` };
    default:
      return { pointer: error.instancePath, problem: error.message ?? 'is not valid' };
  }
}

/** Escapes a field's name for a JSON pointer (RFC 6901, section 3). */
export function escapePointer(field: string): string {
  return field.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Checks a value against one of the message schemas of `schemas/`, by the name of its type. */
export function check<N extends keyof Messages>(name: N, value: unknown): Parsed<Messages[N]> {
  const ref = messageRefs[name];
  const validate = ajv.getSchema(ref);
  if (!validate) throw new Error(`no schema ${ref}; run npm run generate`);
  return validate(value) ? { value: value as Messages[N] } : { fault: faultOf(validate.errors) };
}

/** A schema in a manifest may have 100 levels; the manifest and the message around it have a few more. */
const mostLevels = 128;

/** Parses JSON bytes and checks them as `check` does. What recurses over the value need not fear for its stack. */
export function parseMessage<N extends keyof Messages>(name: N, bytes: Uint8Array): Parsed<Messages[N]> {
  if (isNestedDeeper(bytes, mostLevels)) {
    return { fault: { pointer: '', problem: `is nested more than ${mostLevels} levels deep` } };
  }
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    return { fault: { pointer: '', problem: `is not JSON: ${(error as Error).message}` } };
  }
  return check(name, value);
}

const decoder = new TextDecoder('utf-8', { fatal: true });
