import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { addMeteredFormats } from './formats.ts';
import { meteredSchema } from './metered-schema.ts';
import { equalDefinitions, mendKeywords, stepsDefinition, uniqueDefinition } from './own-keywords.ts';
import { createLinearPattern } from './pattern/linear-pattern.ts';
import type { Steps } from './steps.ts';
import type { Survey } from './survey.ts';

/**
 * Compiles a surveyed schema. Each check takes its steps from the counter and throws `OutOfSteps` when there are
 * none left; see docs/manifests.md for what that bounds.
 */
export function compileValidator(survey: Survey, steps: Steps): ValidateFunction {
  const regExp = Object.assign(
    (text: string) => {
      const pattern = createLinearPattern(text);
      return { test: (subject: string) => pattern.test(subject, steps), toString: () => `/${text}/u` };
    },
    // What standalone code would write; this code is never stored.
    { code: 'createLinearPattern' },
  );
  // An instance of its own: ajv keeps every schema it has seen, and names in two schemas would collide.
  const ajv = new Ajv2020({
    allErrors: false,
    // With inlining, one schema with 200 properties that is named 200 times becomes 40,000 lines of code.
    inlineRefs: false,
    // The survey has found what would be ignored, with its place; what is untidy is no fault.
    strict: false,
    validateSchema: false,
    logger: false,
    // Else every object would have the fields `constructor` and `toString`, as JavaScript's do.
    ownProperties: true,
    // Ajv’s optimizer takes away what can never be reached with the variables in it that are asked for elsewhere: a check
    // of what is unlike a schema with `not: true` would throw.
    code: { regExp, optimize: false },
  });
  addMeteredFormats(ajv, steps);
  mendKeywords(ajv);
  for (const own of [uniqueDefinition(steps), ...equalDefinitions(steps)]) {
    ajv.removeKeyword(String(own.keyword));
    ajv.addKeyword(own);
  }
  ajv.addKeyword(stepsDefinition(steps));
  return ajv.compile(meteredSchema(survey));
}
