import { type Fault, faultOf, type Parsed } from '@causeway/protocol';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { SchemaObject } from './keywords.ts';
import { createSteps, OutOfSteps, type Steps } from './steps.ts';
import { dialect, type Survey, surveySchema } from './survey.ts';
import { compileValidator } from './validator.ts';

/** Checks a value against one schema: the first fault, or undefined. */
export type ValueCheck = (value: unknown) => Fault | undefined;

/**
 * Steps that the check of one value may take, 0.15 s at worst. A megabyte of ordinary records takes a sixth of this.
 */
export const maxSteps = 15_000_000;

let metaCheck: ValidateFunction | undefined;

/** Checks against the dialect's own schema. Compiled on first use: it takes some 20 ms. */
function metaFault(schema: SchemaObject | boolean): Fault | undefined {
  if (typeof schema === 'boolean') return undefined;
  metaCheck ??= new Ajv2020({ strict: false }).getSchema(dialect) as ValidateFunction;
  return metaCheck(schema) ? undefined : faultOf(metaCheck.errors);
}

/** Surveys a schema and checks it against its dialect: all that can be said of it without compiling it. */
export function readSchema(schema: unknown): Parsed<Survey> {
  const survey = surveySchema(schema);
  if (survey.fault) return survey;
  const fault = metaFault(survey.value.schema);
  return fault ? { fault } : survey;
}

/** Compiles a schema that has been read. Checks take their steps from `together`, or have their own each. */
export function compileSurveyed(survey: Survey, together?: Steps): Parsed<ValueCheck> {
  const steps = together ?? createSteps(Number.POSITIVE_INFINITY);
  let validate: ValidateFunction;
  try {
    validate = compileValidator(survey, steps);
  } catch (error) {
    return { fault: { pointer: '', problem: `cannot be compiled: ${(error as Error).message}` } };
  }
  return {
    value(value) {
      if (!together) steps.left = maxSteps;
      try {
        return validate(value) ? undefined : faultOf(validate.errors);
      } catch (error) {
        if (!(error instanceof OutOfSteps)) throw error;
        const problem = `takes more than ${maxSteps} steps to check; send less at once, or have the API’s schema made simpler`;
        return { pointer: '', problem };
      }
    },
  };
}

/**
 * Compiles a JSON Schema 2020-12 as a manifest may hold it: whole in itself (no `$ref` to elsewhere), nothing in
 * it that a validator would pass over in silence (unknown keywords and formats; `x-…` are annotations), nothing
 * that would make the check asynchronous, and neither compiling nor checking without a bound (docs/manifests.md).
 * The fault names the place within the schema. This is the validator that gateways use, so what passes here
 * compiles there. A check gives a fault where it would take too long, and throws a RangeError where the value is
 * nested deeper than the stack bears.
 */
export function compileSchema(schema: unknown): Parsed<ValueCheck> {
  const survey = readSchema(schema);
  return survey.fault ? survey : compileSurveyed(survey.value);
}
