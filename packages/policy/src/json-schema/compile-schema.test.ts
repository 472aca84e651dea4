import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileSchema, readSchema } from './compile-schema.ts';
import { maxSchemaSize } from './schema-cost.ts';

const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const fields = (count: number, make: (at: number) => unknown) =>
  Object.fromEntries(times(count, (at) => [`p${at}`, make(at)]));

/** A definition for each level, which names the next one twice for the same value. */
const tower = (levels: number) => ({
  $ref: '#/$defs/p0',
  $defs: fields(levels, (at) =>
    at + 1 < levels ? { allOf: times(2, () => ({ $ref: `#/$defs/p${at + 1}` })) } : { type: 'integer' },
  ),
});
const product = (properties: number, references: number) => ({
  properties: fields(references, () => ({ $ref: '#/$defs/a' })),
  $defs: { a: { properties: fields(properties, () => ({ type: 'string' })) } },
});

for (const [name, schema, pointer, problem] of [
  ['with 200 properties named 200 times', product(200, 200), '', 'size of more than 2000'],
  ['with 1000 properties named 1000 times', product(1000, 1000), '', 'size of more than 2000'],
  ['with a very long enum', { enum: times(3000, String) }, '', 'size of more than 2000'],
  [
    'with 201 definitions in use',
    { allOf: times(201, (at) => ({ $ref: `#/$defs/p${at}` })), $defs: fields(201, () => true) },
    '',
    'refers to 201 different schemas',
  ],
  ['that is a tower of equal references', tower(40), '/$defs/p29', 'references written out'],
  ['that is itself', { $ref: '#' }, '/$ref', 'never end'],
  ['that is all of itself twice', { allOf: [{ $ref: '#' }, { $ref: '#' }] }, '/allOf/0/$ref', 'never end'],
  [
    'that is not itself',
    { properties: { a: { not: { $ref: '#/properties/a' } } } },
    '/properties/a/not/$ref',
    'never end',
  ],
  [
    'that leads back by an anchor',
    { $ref: '#a', $defs: { b: { $anchor: 'a', if: { $ref: '#' } } } },
    '/$defs/b/if/$ref',
    'never end',
  ],
  [
    'that leads back by a dependency',
    { dependentSchemas: { a: { anyOf: [{ $ref: '#' }] } } },
    '/dependentSchemas/a/anyOf/0/$ref',
    'never end',
  ],
  [
    'with a pattern that looks ahead',
    { properties: { a: { pattern: '^(?!x)' } } },
    '/properties/a/pattern',
    'looks ahead',
  ],
  [
    'with a pattern that refers back',
    { patternProperties: { '(a)\\1': true } },
    '/patternProperties/(a)\\1',
    'refers back',
  ],
  ['with a pattern that repeats too often', { pattern: '^.{1,5000}$' }, '/pattern', '"maxLength"'],
  [
    'that refers into an annotation',
    { $ref: '#/x-a', 'x-a': { pattern: '^(?=a)' } },
    '/$ref',
    'is not in this schema',
  ],
  [
    'that refers to an anchor in an annotation',
    { $ref: '#a', 'x-a': { $anchor: 'a' } },
    '/$ref',
    'is not in this schema',
  ],
  [
    'that refers into a const',
    { $ref: '#/const', const: { type: 'string' } },
    '/$ref',
    'is not in this schema',
  ],
  ['with a dynamic reference', { $dynamicRef: '#a', $dynamicAnchor: 'a' }, '/$dynamicRef', 'write that'],
  [
    'with an anchor named twice',
    { $defs: { a: { $anchor: 'x' }, b: { $anchor: 'x' } } },
    '/$defs/b/$anchor',
    'named twice',
  ],
] as const) {
  test(`schema - one ${name} is refused with its place`, () => {
    const { fault } = compileSchema(schema);
    expect(fault?.pointer).toBe(pointer);
    expect(fault?.problem).toContain(problem);
  });
}

test('schema - the size counts what is written and not what references make of it', () => {
  expect(readSchema(product(100, 100)).value?.size).toBeLessThan(maxSchemaSize);
  expect(compileSchema(product(100, 100)).value?.({ p1: { p2: 3 } })).toEqual({
    pointer: '/p1/p2',
    problem: 'must be string',
  });
});

test('schema - a tree refers to itself, by pointers with escapes, anchors and booleans', () => {
  const check = compileSchema({
    $ref: '#/$defs/a%20tree~1node',
    $defs: {
      'a tree/node': {
        type: 'object',
        properties: { left: { $ref: '#node' }, right: { $ref: '#node' }, value: { $ref: '#/$defs/no' } },
        $anchor: 'node',
      },
      no: false,
    },
  }).value;
  expect(check?.({ left: { right: {} } })).toBeUndefined();
  expect(check?.({ left: { right: 1 } })?.pointer).toBe('/left/right');
  expect(check?.({ left: { value: 1 } })?.pointer).toBe('/left/value');
});

test('schema - a value is equal to a const whatever its fields are named', () => {
  const odd = JSON.parse('{"valueOf":1,"constructor":2,"__proto__":3,"toJSON":4}') as unknown;
  const check = compileSchema({
    properties: { a: { const: odd }, b: { enum: [odd, 0] }, c: { const: 0 } },
  }).value;
  expect(check?.({ a: odd, b: odd, c: -0 })).toBeUndefined();
  expect(check?.({ a: {} })?.pointer).toBe('/a');
  expect(check?.({ b: { valueOf: 1 } })?.problem).toContain('must be one of');
  expect(check?.({ b: -0, c: '0' })).toEqual({ pointer: '/c', problem: 'must be 0' });
});

const steps = 'takes more than 15000000 steps to check';
const distinct = times(60_000, (at) => ({ a: at }));
const nested = (levels: number) => JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`) as unknown;
const large = Object.fromEntries(times(60_000, (at) => [`k${at}`, 1]));

for (const [name, schema, value, problem] of [
  [
    'a pattern with a group repeated in a repetition',
    { pattern: '^(a+)+$' },
    `${'a'.repeat(500_000)}!`,
    'must match pattern',
  ],
  ['60,000 different objects that are to be unique', { uniqueItems: true }, distinct, undefined],
  [
    '60,000 objects of which two are equal',
    { uniqueItems: true },
    [...distinct, { a: 7 }],
    'items ## 7 and 60000 are identical',
  ],
  [
    'items that are to be unique on every level',
    { uniqueItems: true, items: { $ref: '#' } },
    nested(1000),
    undefined,
  ],
  [
    'a recursion that doubles with each level',
    { allOf: [{ items: { $ref: '#' } }, { items: { $ref: '#' } }] },
    nested(100),
    steps,
  ],
  [
    'an enum of 1,000 for each item',
    { items: { enum: times(1000, String) } },
    times(100_000, () => '999'),
    undefined,
  ],
  [
    '200 branches for each item',
    { items: { anyOf: [...times(200, () => ({ type: 'string' })), { type: 'number' }] } },
    times(100_000, () => 1),
    steps,
  ],
  [
    'a hundred lengths of one text',
    { allOf: times(100, (at) => ({ maxLength: 1e6 + at })) },
    'a'.repeat(900_000),
    steps,
  ],
  [
    'a hundred counts of one object’s fields',
    { allOf: times(100, (at) => ({ maxProperties: 1e6 + at })) },
    large,
    steps,
  ],
  [
    'a hundred notes of one object’s fields',
    { anyOf: times(100, () => ({ patternProperties: { k: true } })), unevaluatedProperties: false },
    large,
    steps,
  ],
] as const) {
  test(`schema - ${name} are checked in a bounded number of steps`, { timeout: 5_000 }, () => {
    const fault = compileSchema(schema).value?.(value);
    if (problem === undefined) expect(fault).toBeUndefined();
    else expect(fault?.problem).toContain(problem);
  });
}

test('schema - a megabyte of ordinary records stays far below the number of steps', {
  timeout: 5_000,
}, () => {
  const record = {
    id: 1,
    symbol: 'MSFT',
    at: '2020-01-01T00:00:00Z',
    to: 'somebody@example.com',
    tags: ['a', 'b'],
  };
  const check = compileSchema({
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'symbol'],
      properties: {
        id: { type: 'integer', minimum: 0 },
        symbol: { type: 'string', pattern: '^[A-Z0-9]{1,8}$' },
        at: { type: 'string', format: 'date-time' },
        to: { type: 'string', pattern: '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$' },
        tags: { type: 'array', uniqueItems: true, items: { enum: ['a', 'b', 'c'] } },
      },
    },
  }).value;
  expect(check?.(times(9_000, () => record))).toBeUndefined();
  expect(check?.(times(27_000, () => record))).toBeUndefined();
});

const scalar = fc.constantFrom<unknown>(0, 1, 2.5, -0, 'a', 'ab', 'b', '', null, true, false);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const count = fc.integer({ min: 0, max: 3 });
const { schema } = fc.letrec((tie) => {
  const inner = tie('schema');
  const list = fc.array(inner, { minLength: 1, maxLength: 3 });
  const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), inner, { maxKeys: 3, noNullPrototype: true });
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 });
  const keywords = {
    type: fc.constantFrom('object', 'array', 'string', 'number', 'integer', ['null', 'boolean', 'object']),
    enum: fc.array(value, { minLength: 1, maxLength: 3 }),
    const: value,
    required: names,
    dependentRequired: fc.dictionary(fc.constantFrom('a', 'b'), names, { maxKeys: 2, noNullPrototype: true }),
    dependentSchemas: map,
    pattern: fc.constantFrom('^a', 'b$', '^(a|b)+$'),
    patternProperties: fc.dictionary(fc.constantFrom('^a', '[bc]'), inner, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    $ref: fc.constantFrom('#', '#/$defs/one', '#two', '#/$defs/three'),
    uniqueItems: fc.boolean(),
    ...Object.fromEntries(
      ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'minimum'].map(
        (name) => [name, count],
      ),
    ),
    ...Object.fromEntries(
      [
        'items',
        'contains',
        'additionalProperties',
        'propertyNames',
        'unevaluatedProperties',
        'unevaluatedItems',
        'not',
        'if',
        'then',
        'else',
      ].map((name) => [name, inner]),
    ),
    ...Object.fromEntries(['allOf', 'anyOf', 'oneOf', 'prefixItems'].map((name) => [name, list])),
    properties: map,
    title: fc.constant('words'),
    'x-note': fc.constant({ $ref: '#/nowhere' }),
  };
  const some = fc
    .uniqueArray(fc.constantFrom(...(Object.keys(keywords) as (keyof typeof keywords)[])), {
      minLength: 1,
      maxLength: 3,
    })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(chosen.map((name) => [name, keywords[name]])) as Record<
          string,
          fc.Arbitrary<unknown>
        >,
      ),
    );
  return { schema: fc.oneof({ maxDepth: 3 }, fc.boolean(), fc.record({ type: keywords.type }), some) };
});
const whole = fc.tuple(schema, schema, schema, schema).map(([top, one, two, three]) => ({
  ...(typeof top === 'boolean' ? { not: !top } : (top as object)),
  $defs: {
    one,
    two: typeof two === 'boolean' ? { $anchor: 'two' } : { ...(two as object), $anchor: 'two' },
    three,
  },
}));

test.each<[object, unknown[], boolean]>([
  [{ prefixItems: [false], contains: { type: 'object' } }, [], false],
  [{ prefixItems: [false], contains: true, minContains: 0 }, [], true],
  [{ prefixItems: [true, false], contains: { type: 'object' } }, [1], false],
  [{ prefixItems: [true, false], contains: { type: 'object' } }, [{}], true],
  [{ prefixItems: [{ type: 'number' }], contains: { const: 2 } }, [1], false],
  [{ prefixItems: [true, true, { type: 'number' }], uniqueItems: true }, [1, 1], false],
  [{ prefixItems: [true, true, { type: 'number' }], uniqueItems: true }, [1, 2], true],
  [{ prefixItems: [true, true, { type: 'number' }], uniqueItems: true }, [1, 2, 'a'], false],
])(
  'schema - all of a list counts where it ends before what %j says of its items: %j is valid: %j',
  (made, list, valid) => {
    expect(compileSchema(made).value?.(list) === undefined).toBe(valid);
  },
);

test('schema - what can never hold beside what notes its fields is no fault of the check', () => {
  const never = {
    not: true,
    oneOf: [{ type: 'object', patternProperties: { '^a': { type: 'object' } } }, false],
  };
  for (const more of [{}, { unevaluatedProperties: false }]) {
    const check = compileSchema({ oneOf: [never, { minimum: 0 }], ...more }).value;
    expect(check?.(0)).toBeUndefined();
    expect(check?.(-1)?.problem).toContain('must');
  }
  const check = compileSchema({ oneOf: [never, { minimum: 0 }], unevaluatedProperties: false }).value;
  expect(check?.({ a: 1 })?.problem).toBe('is not a known field');
});

/**
 * The same in words that ajv by itself understands: beside `prefixItems` it does not ask `contains` and `uniqueItems`
 * of a list that is too short for those.
 */
function apart(made: unknown): unknown {
  if (typeof made !== 'object' || made === null) return made;
  if (Array.isArray(made)) return made.map(apart);
  const all = Object.entries(made).map(([name, inner]): [string, unknown] => [name, apart(inner)]);
  if (!Object.hasOwn(made, 'prefixItems')) return Object.fromEntries(all);
  const isMoved = ([name]: [string, unknown]) => name === 'contains' || name === 'uniqueItems';
  const { allOf = [], ...rest } = Object.fromEntries(all.filter((each) => !isMoved(each)));
  const moved = all.filter(isMoved).map((each) => Object.fromEntries([each]));
  return moved.length === 0
    ? Object.fromEntries(all)
    : { ...rest, allOf: [...(allOf as unknown[]), ...moved] };
}

test('schema - whatever is accepted compiles, and checks every value as an unmetered validator does', {
  timeout: 60_000,
}, () => {
  let accepted = 0;
  fc.assert(
    fc.property(whole, fc.array(value, { minLength: 1, maxLength: 4 }), (made, values) => {
      const survey = readSchema(made);
      if (survey.fault) return;
      accepted += 1;
      expect(survey.value.size).toBeLessThanOrEqual(maxSchemaSize);
      const ours = compileSchema(made);
      expect(ours.fault).toBeUndefined();
      const plain = new Ajv2020({ strict: false, logger: false }).compile(apart(made) as object);
      for (const each of values) expect(ours.value?.(each) === undefined).toBe(plain(each));
    }),
    { numRuns: 200 },
  );
  expect(accepted).toBeGreaterThan(50);
});
