import { _, type Ajv2020, type CodeKeywordDefinition, type FuncKeywordDefinition } from 'ajv/dist/2020.js';
import { canonicalJson } from '../canonical-json.ts';
import { type StepsDemand, stepsKeyword } from './metered-schema.ts';
import type { Steps } from './steps.ts';

type Validate = NonNullable<FuncKeywordDefinition['validate']>;

/** Steps for the fields of an object where they are counted or copied: large objects are slow hash tables. */
function stepsOfFields(value: object): number {
  const count = Object.keys(value).length;
  return count * (count > 500 ? 50 : 4);
}

/** Takes its steps before anything else of a schema is looked at. */
export function stepsDefinition(steps: Steps): CodeKeywordDefinition {
  return {
    keyword: stepsKeyword,
    schemaType: 'object',
    before: '$ref',
    code({ gen, data, schema }) {
      const demand = schema as StepsDemand;
      const counter = gen.scopeValue('obj', { ref: steps });
      gen.code(_`${counter}.take(${demand.steps})`);
      if (demand.perCharacter) {
        gen.if(_`typeof ${data} == "string"`, () => gen.code(_`${counter}.take(${data}.length)`));
      }
      if (demand.perField) {
        const cost = gen.scopeValue('func', { ref: stepsOfFields });
        gen.if(_`${data} && typeof ${data} == "object" && !Array.isArray(${data})`, () =>
          gen.code(_`${counter}.take(${cost}(${data}))`),
        );
      }
    },
  };
}

/** Steps for each character of a value as JSON. */
const stepsPerCharacter = 4;

/** A text that is the same for equal values and for no others. */
function textOf(value: unknown, steps: Steps): string {
  if (typeof value === 'string') return `"${value}`;
  if (value === null || typeof value !== 'object') return String(value === 0 ? 0 : value);
  const text = canonicalJson(value);
  steps.take(10 + stepsPerCharacter * text.length);
  return text;
}

/** A check that leaves its error where ajv looks for it. */
function withError(
  keyword: string,
  find: (demanded: unknown, value: unknown) => { message: string; params: object } | undefined,
): Validate {
  const validate: Validate = (demanded: unknown, value: unknown) => {
    const found = find(demanded, value);
    if (found) validate.errors = [{ keyword, ...found }];
    return !found;
  };
  return validate;
}

/**
 * `multipleOf` for numbers of any size. Ajv's own reads a quotient from 10^21 on by its first digit, so that 5e21 is a
 * multiple of 10 and none of 5, and a schema that asks for less would refuse more.
 */
const multipleDefinition: FuncKeywordDefinition = {
  keyword: 'multipleOf',
  type: 'number',
  schemaType: 'number',
  errors: true,
  validate: withError('multipleOf', (multipleOf, value) =>
    Number.isInteger((value as number) / (multipleOf as number))
      ? undefined
      : { message: `must be multiple of ${multipleOf}`, params: { multipleOf } },
  ),
};

/**
 * What is to be asked of a list before its first items are. Ajv's `prefixItems` ends the check of a list that is too
 * short for any of its schemas but `true`: what comes after it is not asked of an empty list, for one.
 */
const beforeItems = { before: 'prefixItems' };

/**
 * Mends keywords of ajv's, whose faults would let a schema that asks for less refuse more: `multipleOf` of large
 * numbers, and those that are not asked of every list beside `prefixItems`, unless they are asked first.
 */
export function mendKeywords(ajv: Ajv2020): void {
  ajv.removeKeyword('multipleOf');
  ajv.addKeyword(multipleDefinition);
  for (const keyword of ['contains', 'uniqueItems']) {
    const definition = ajv.getKeyword(keyword);
    if (typeof definition !== 'object') throw new Error(`ajv has no keyword "${keyword}"`);
    ajv.removeKeyword(keyword);
    ajv.addKeyword({ ...definition, ...beforeItems });
  }
}

/** `uniqueItems` by one look-up for each item; ajv's own compares each with each where they are objects. */
export function uniqueDefinition(steps: Steps): FuncKeywordDefinition {
  const validate = withError('uniqueItems', (demanded, items) => {
    if (demanded !== true) return undefined;
    const seen = new Map<string, number>();
    for (const [i, item] of (items as unknown[]).entries()) {
      steps.take(30);
      const text = textOf(item, steps);
      const j = seen.get(text);
      if (j !== undefined) {
        const message = `must NOT have duplicate items (items ## ${j} and ${i} are identical)`;
        return { message, params: { i, j } };
      }
      seen.set(text, i);
    }
    return undefined;
  });
  const definition = { keyword: 'uniqueItems', type: 'array', schemaType: 'boolean' } as const;
  return { ...definition, ...beforeItems, errors: true, validate };
}

/**
 * `enum` by one look-up, and `const`. Ajv's own compare with each; and where a field is named `valueOf`, they call
 * it.
 */
export function equalDefinitions(steps: Steps): FuncKeywordDefinition[] {
  const sets = new WeakMap<object, ReadonlySet<string>>();
  const free: Pick<Steps, 'left' | 'take'> = { left: 0, take: () => undefined };

  /** Texts of values that are admitted; kept by the object that holds them. */
  function textsOf(holder: object, values: readonly unknown[]): ReadonlySet<string> {
    const known = sets.get(holder);
    if (known) return known;
    const made = new Set(values.map((each) => textOf(each, free)));
    sets.set(holder, made);
    return made;
  }

  const inEnum = withError('enum', (allowedValues, value) =>
    textsOf(allowedValues as object, allowedValues as unknown[]).has(textOf(value, steps))
      ? undefined
      : { message: 'must be equal to one of the allowed values', params: { allowedValues } },
  );
  const isConst = withError('const', (allowedValue, value) => {
    const isSame =
      allowedValue !== null && typeof allowedValue === 'object'
        ? textsOf(allowedValue, [allowedValue]).has(textOf(value, steps))
        : allowedValue === value;
    return isSame ? undefined : { message: 'must be equal to constant', params: { allowedValue } };
  });
  return [
    { keyword: 'enum', schemaType: 'array', errors: true, validate: inEnum },
    { keyword: 'const', errors: true, validate: isConst },
  ];
}
