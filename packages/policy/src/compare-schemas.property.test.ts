import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { maxCompareSteps, schemaBreaks } from './compare-schemas.ts';
import { keywords, schemaMapKeywords } from './json-schema/keywords.ts';
import { mendKeywords } from './json-schema/own-keywords.ts';
import { createSteps } from './json-schema/steps.ts';
import { surveySchema } from './json-schema/survey.ts';

type Schema = boolean | { readonly [keyword: string]: unknown };

// `constructor` is a field of every object, in the eyes of JavaScript.
const names = ['a', 'b', 'kind', 'constructor'];
const name = fc.constantFrom(...names);
const small = fc.integer({ min: 0, max: 3 });
const number = fc.constantFrom(-1, 0, 0.5, 1, 2, 3);
const scalar = fc.constantFrom<unknown>(null, true, false, 0, 1, 2, 0.5, '', 'a', 'bb', '😀');
const types = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object');
const some = <T>(value: fc.Arbitrary<T>) =>
  fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: canonicalJson });

// JSON has no objects without a prototype, and ajv's comparison no place for them.
const dictionary = <T>(key: fc.Arbitrary<string>, each: fc.Arbitrary<T>) =>
  fc.dictionary(key, each, { maxKeys: 3, noNullPrototype: true });

// Built by name: an object literal that has a `then` looks like a promise.
const thenBranch = 'then';

const taggedBy = (tag: unknown, typed: boolean) => ({
  ...(typed ? { type: 'object' } : {}),
  required: ['kind'],
  properties: { kind: { const: tag } },
});

/** One to three keywords at a time, so that two schemas are often comparable. */
const { schema } = fc.letrec<{ schema: Schema; inner: Schema }>((tie) => {
  const inner = tie('inner');
  const fields = dictionary(name, inner);
  const keyword = fc.oneof(
    fc.record({ type: fc.oneof(types, some(types)) }),
    fc.record({ enum: some(scalar) }),
    fc.record({ const: scalar }),
    fc.record({ minimum: number }),
    fc.record({ exclusiveMinimum: number }),
    fc.record({ maximum: number }),
    fc.record({ exclusiveMaximum: number }),
    fc.record({ multipleOf: fc.constantFrom(0.5, 1, 2, 4) }),
    ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map((each) =>
      small.map((value) => ({ [each]: value })),
    ),
    fc.record({ pattern: fc.constantFrom('^a', 'b') }),
    fc.record({ format: fc.constantFrom('date', 'int32') }),
    fc.record({ uniqueItems: fc.boolean() }),
    fc.record({ required: some(name) }),
    fc.record({ dependentRequired: dictionary(name, some(name)) }),
    fc.record({ properties: fields }),
    fc.record({ properties: fields, additionalProperties: inner }),
    fc.record({ patternProperties: dictionary(fc.constantFrom('^a', '.'), inner) }),
    fc.record(
      {
        patternProperties: dictionary(fc.constantFrom('^a', '^k'), inner),
        additionalProperties: inner,
        properties: fields,
      },
      { requiredKeys: ['patternProperties', 'additionalProperties'] },
    ),
    // Alternatives told apart by a field, as it is required of objects, or of whatever it is.
    fc
      .uniqueArray(fc.constantFrom('a', 'bb', null), { minLength: 1, maxLength: 2 })
      .chain((tags) => fc.boolean().map((typed) => ({ oneOf: tags.map((tag) => taggedBy(tag, typed)) }))),
    fc.record({ propertyNames: inner }),
    fc.record({ items: inner }),
    fc.record({ prefixItems: fc.array(inner, { minLength: 1, maxLength: 2 }) }),
    ...['allOf', 'anyOf', 'oneOf'].map((each) =>
      fc.array(inner, { minLength: 1, maxLength: 2 }).map((list) => ({ [each]: list })),
    ),
    ...['not', 'contains', 'unevaluatedProperties', 'unevaluatedItems', 'contentSchema'].map((each) =>
      inner.map((value) => ({ [each]: value })),
    ),
    fc.record({ contains: inner, minContains: small, maxContains: small }),
    fc.record({ if: inner, [thenBranch]: inner, else: inner }, { requiredKeys: ['if'] }),
    fc.record({ [thenBranch]: inner }),
    fc.record({ dependentSchemas: dictionary(name, inner) }),
    fc.record({ contentEncoding: fc.constantFrom('base64', 'base64url') }),
    fc.record({ contentMediaType: fc.constantFrom('text/html', 'application/json') }),
    fc.record({ default: scalar }),
    fc.constantFrom({ $ref: '#/$defs/d' }),
    fc.constantFrom({ properties: { a: { $ref: '#' } } }, { items: { $ref: '#' } }),
  );
  const whole = fc
    .array(keyword, { minLength: 1, maxLength: 3 })
    .map((all) => Object.assign({}, ...all) as Schema);
  return {
    inner: fc.oneof(
      { maxDepth: 2, depthIdentifier: 'schema' },
      fc.constantFrom<Schema>(true, false, {}),
      whole,
      whole,
    ),
    schema: fc.record({ top: whole, d: inner }).map(({ top, d }) => ({ ...(top as object), $defs: { d } })),
  };
});

type Fields = Record<string, unknown>;
const has = (value: Fields, key: string) => Object.hasOwn(value, key);

/** Keywords that may stand for each other. */
const renamed = [
  ['anyOf', 'oneOf'],
  ['oneOf', 'anyOf'],
  ['allOf', 'anyOf'],
  ['minimum', 'exclusiveMinimum'],
  ['exclusiveMaximum', 'maximum'],
  ['maximum', 'exclusiveMaximum'],
] as const;

/** Something said otherwise, as people do when they go over a schema: mostly, but not always, meaning as much or less. */
function reshaped(value: Fields, dice: () => number): Fields {
  const { additionalProperties, items } = value;
  const key = names[dice() % names.length] ?? 'a';
  const ways: readonly (Fields | undefined)[] = [
    has(value, 'additionalProperties')
      ? { ...value, additionalProperties: true, properties: { [key]: additionalProperties } }
      : undefined,
    has(value, 'items') ? { ...value, items: true, prefixItems: [items] } : undefined,
    ...renamed.map(([from, to]) =>
      has(value, from) ? { ...value, [from]: undefined, [to]: value[from] } : undefined,
    ),
    Array.isArray(value.oneOf) ? { ...value, oneOf: undefined, ...value.oneOf[0] } : undefined,
    has(value, 'const') ? { ...value, const: undefined, enum: [value.const, 'other'] } : undefined,
  ];
  const open = ways.filter((each) => each !== undefined);
  const way = open[dice() % Math.max(1, open.length)];
  return way ? (JSON.parse(JSON.stringify(way)) as Fields) : value;
}

/** Another version of a schema: at some of its places a keyword goes, comes, or says more or less. */
function edited(value: unknown, dice: () => number): unknown {
  if (typeof value === 'number') return dice() % 3 === 0 ? value + (dice() % 2 === 0 ? 1 : -1) : value;
  if (Array.isArray(value)) {
    const kept = value.length > 1 && dice() % 4 === 0 ? value.slice(1) : value;
    return kept.map((each) => (each !== null && typeof each === 'object' ? edited(each, dice) : each));
  }
  if (value === null || typeof value !== 'object') return value;
  const shaped = dice() % 5 === 0 ? reshaped(value as Fields, dice) : value;
  const entries = Object.entries(shaped).filter(
    ([key]) => key === '$defs' || key === 'd' || dice() % 6 !== 0,
  );
  return Object.fromEntries(
    entries.map(([key, each]) => [key, dice() % 3 === 0 || key === '$defs' ? edited(each, dice) : each]),
  );
}

const pair = fc.oneof(
  fc.record({ before: schema, after: schema }),
  ...[1, 2, 3].map(() =>
    fc
      .record({ before: schema, dice: fc.array(fc.nat(59), { minLength: 30, maxLength: 30 }) })
      .map(({ before, dice }) => {
        let at = 0;
        return { before, after: edited(before, () => dice[at++ % dice.length] ?? 0) as Schema };
      }),
  ),
);

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.oneof(scalar, number, fc.constantFrom('2027-01-31', 'aaaa', 4, 6)),
    fc.array(tie('value'), { maxLength: 3 }),
    dictionary(fc.oneof(name, fc.constantFrom('other')), tie('value')),
  ),
})).value;
const strange = [5e21, 1e21, 2 ** 53, Number.POSITIVE_INFINITY, -0, 1e-7, '\ud83d', '\ude00\ud83d', {}, []];
const pool = [...fc.sample(value, { numRuns: 400, seed: 9 }), ...strange];

// The package is CommonJS; its declaration hides that the default export is the function itself.
const addFormats = formatsPlugin as unknown as (ajv: Ajv2020) => void;
/** Ajv as it comes, but for its known faults; one for each schema, for they share their names. */
function compiled(schema: Schema): ValidateFunction {
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    meta: false,
    validateSchema: false,
    ownProperties: true,
  });
  addFormats(ajv);
  mendKeywords(ajv);
  return ajv.compile(schema as object);
}

const dialect = new Ajv2020({ strict: false, logger: false });

/** The schema if it is one, in the eyes of those who publish it. */
const admissible = (each: Schema) => {
  const { value: survey } = surveySchema(each);
  return survey !== undefined && dialect.validateSchema(each as object) === true;
};

/** Pairs that are looked at; each is compared as a request and as a reply. */
const pairs = 6_000;

/** The keyword whose breach stands at a pointer; a field's or an alternative's place belongs to the keyword that holds it. */
function keywordAt(pointer: string): string {
  const [last = '', holder = ''] = pointer.split('/').reverse();
  const keyword = keywords.has(last) && !schemaMapKeywords.has(holder) ? last : holder;
  // These three are compared as one.
  return keyword === thenBranch || keyword === 'else' ? 'if' : keyword;
}

/** Keywords that a comparison must not pass over: were one of them passed over, a value would show it. */
const telling = [
  ...['additionalProperties', 'anyOf', 'const', 'contains', 'dependentRequired', 'dependentSchemas'],
  ...['enum', 'exclusiveMaximum', 'exclusiveMinimum', 'if', 'maxItems', 'maxLength', 'maxProperties'],
  ...[
    'maximum',
    'minItems',
    'minLength',
    'minProperties',
    'minimum',
    'multipleOf',
    'not',
    'oneOf',
    'pattern',
  ],
  ...['properties', 'required', 'type', 'unevaluatedItems', 'unevaluatedProperties', 'uniqueItems'],
];

test('compare schemas - whatever is called compatible, ajv agrees on generated instances', {
  timeout: 240_000,
}, () => {
  const counts = { compared: 0, compatible: 0, values: 0, valid: 0 };
  const at = (each: Schema) => ({ schema: each, shared: undefined });
  /** Keywords of which it was shown that a comparison without them would have been found out. */
  const caught = new Set<string>();

  /** A value that is valid for the narrower of two schemas and not for the wider. */
  function counterexample(
    schemas: readonly Schema[],
    values: readonly unknown[],
  ): { value: unknown } | undefined {
    const [narrow, wide] = schemas.map(compiled);
    for (const each of values) {
      counts.values += 1;
      if (!narrow?.(each)) continue;
      counts.valid += 1;
      if (!wide?.(each)) return { value: each };
    }
    return undefined;
  }

  fc.assert(
    fc.property(pair, fc.array(value, { maxLength: 10 }), ({ before, after }, more) => {
      fc.pre(canonicalJson(before) !== canonicalJson(after));
      for (const side of ['request', 'reply'] as const) {
        const breaks = schemaBreaks(side, at(before), at(after), '', createSteps(maxCompareSteps));
        counts.compared += 1;
        const blamed = new Set(breaks.map(({ pointer }) => keywordAt(pointer)));
        const [only = ''] = blamed;
        // What one keyword alone speaks against would have passed without it.
        const isTelling = blamed.size === 1 && telling.includes(only) && !caught.has(only);
        if ((breaks.length > 0 && !isTelling) || !admissible(before) || !admissible(after)) continue;
        const found = counterexample(side === 'request' ? [before, after] : [after, before], [
          ...pool,
          ...more,
        ]);
        if (isTelling) {
          if (found) caught.add(only);
          continue;
        }
        counts.compatible += 1;
        if (found) throw new Error(`${side}: ${JSON.stringify({ before, after, each: found.value })}`);
      }
    }),
    { numRuns: pairs, seed: 5, endOnFailure: true },
  );
  // A comparison that calls nothing compatible would agree with anything.
  expect(counts.compared).toBe(2 * pairs);
  expect(counts.compatible).toBeGreaterThan(1_000);
  expect(counts.valid).toBeGreaterThan(100_000);
  expect(telling.filter((each) => !caught.has(each))).toEqual([]);
  process.stderr.write(`contracts: ${JSON.stringify(counts)}\n`);
});
