import { expect, test } from 'vitest';
import { maxCompareSteps, schemaBreaks } from './compare-schemas.ts';
import { compileSchema } from './json-schema/compile-schema.ts';
import { createSteps } from './json-schema/steps.ts';

/** The two ways in which one schema may be in the other's place. */
function isCalledCompatible(narrow: unknown, wide: unknown): boolean {
  const found = (['request', 'reply'] as const).map((side) => {
    const [before, after] = side === 'request' ? [narrow, wide] : [wide, narrow];
    const place = (schema: unknown) => ({ schema, shared: undefined });
    return schemaBreaks(side, place(before), place(after), '', createSteps(maxCompareSteps)).length === 0;
  });
  expect(found[0]).toBe(found[1]);
  return found[0] ?? false;
}

const fits = (schema: unknown, value: unknown) => compileSchema(schema).value?.(value) === undefined;

const kinds = (name: string, values: readonly string[]) =>
  values.map((each) => ({ type: 'object', required: [name], properties: { [name]: { const: each } } }));

/** Pairs that look contained, each with a value that the narrower admits and the wider does not. */
for (const [name, narrow, wide, value] of [
  [
    'two places whose pointers, put together, read as those of two others',
    {
      properties: { x: { $ref: '#/$defs/p' }, y: { $ref: '#/$defs/p%0A/$defs/q' } },
      $defs: { p: { type: 'string' }, 'p\n': { $defs: { q: { type: 'number' } } } },
    },
    {
      properties: { x: { $ref: '#/$defs/q%0A/$defs/r' }, y: { $ref: '#/$defs/r' } },
      $defs: { 'q\n': { $defs: { r: { type: 'string' } } }, r: { type: 'string' } },
    },
    { y: 1 },
  ],
  [
    'a field that patterns and `properties` both take',
    {
      properties: { ab: { type: 'string' } },
      patternProperties: { '^a': true },
      additionalProperties: false,
    },
    { patternProperties: { '^a': { type: 'string' } }, additionalProperties: false },
    { ac: 1 },
  ],
  [
    'a field that a pattern lets past `additionalProperties`',
    { patternProperties: { '^a': true }, additionalProperties: { type: 'string' } },
    { properties: { ab: { type: 'string' } } },
    { ab: 1 },
  ],
  [
    'a field that a schema beside it closes, and a pattern there opens',
    {
      allOf: [
        { additionalProperties: { type: 'string' } },
        { patternProperties: { '^a': { minLength: 2 } } },
      ],
    },
    { additionalProperties: { type: 'string', minLength: 2 } },
    { b: 'x' },
  ],
  ['alternatives that overlap', { type: 'integer' }, { oneOf: [{ type: 'number' }, { type: 'integer' }] }, 1],
  [
    'alternatives that a field tells apart which is not required',
    { type: 'object', properties: { kind: { const: 'a' } } },
    { oneOf: kinds('kind', ['a', 'b']).map(({ required: _, ...each }) => each) },
    {},
  ],
  ['1 and 1.0, which are one number', { type: 'integer' }, { not: { const: 1.0 } }, 1],
  ['a bound that only whole numbers keep to', { exclusiveMinimum: 0 }, { minimum: 1 }, 0.5],
  ['a fraction among whole numbers', { multipleOf: 0.5 }, { type: 'integer' }, 0.5],
  ['multiples of tenths', { multipleOf: 0.3 }, { multipleOf: 0.1 }, 0.3],
  ['characters of two code units', { maxLength: 2 }, { pattern: '^.{0,1}$' }, '😀😀'],
  ['a length that is counted in characters', { minLength: 2, maxLength: 2 }, { const: '😀' }, 'ab'],
  [
    '`then` where `if` is another',
    { if: { minimum: 1 }, maximum: 9 },
    { if: { minimum: 0 }, else: false },
    -1,
  ],
  ['`minContains` of none', { contains: { const: 1 }, minContains: 0 }, { contains: { const: 1 } }, []],
  [
    'items behind a list of places',
    { prefixItems: [{ type: 'string' }] },
    { items: { type: 'string' } },
    ['a', 1],
  ],
  [
    'items behind a longer list of places',
    { prefixItems: [{ type: 'string' }], items: { type: 'string' } },
    { prefixItems: [true, { maxLength: 1 }] },
    ['a', 'bb'],
  ],
  [
    'fields that a promise inside names, and a sum outside',
    { required: ['a', 'a'] },
    { minProperties: 2 },
    { a: 1 },
  ],
  [
    'fields that objects inherit',
    { type: 'object', required: ['toString'] },
    { maxProperties: 0 },
    { toString: 1 },
  ],
  [
    'a reference beside other keywords',
    { $ref: '#/$defs/a', maximum: 5, $defs: { a: { minimum: 1 } } },
    { $ref: '#/$defs/a', maximum: 5, minimum: 2, $defs: { a: { minimum: 1 } } },
    1,
  ],
  [
    'a definition of the same name and another meaning',
    { $ref: '#/$defs/a', $defs: { a: { type: 'number' } } },
    { $ref: '#/$defs/a', $defs: { a: { type: 'integer' } } },
    0.5,
  ],
  [
    'trees that would hold if they held',
    { properties: { next: { $ref: '#' }, n: { type: 'number' } } },
    {
      properties: { next: { $ref: '#/$defs/t' } },
      $defs: { t: { properties: { next: { $ref: '#' }, n: { type: 'integer' } } } },
    },
    { next: { n: 0.5 } },
  ],
  [
    'a field that both forbid, and one of them asks for',
    { properties: { a: false }, required: ['b'] },
    { properties: { a: false, b: false } },
    { b: 1 },
  ],
  [
    'what only some other field brings',
    { dependentRequired: { a: ['b'] } },
    { dependentRequired: { b: ['a'] } },
    { b: 1 },
  ],
  [
    'what was evaluated elsewhere',
    { properties: { a: true } },
    { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
    { b: 1 },
  ],
] as [string, unknown, unknown, unknown][]) {
  test(`compare schemas - not deceived by ${name}`, () => {
    // The attack is one: the value breaks whoever sends it.
    expect([fits(narrow, value), fits(wide, value)]).toEqual([true, false]);
    expect(isCalledCompatible(narrow, wide)).toBe(false);
  });
}

test('compare schemas - what is called compatible holds for large numbers, empty lists and fields that objects inherit', () => {
  expect(isCalledCompatible({ multipleOf: 10 }, { multipleOf: 5 })).toBe(true);
  for (const value of [5e21, 1e21, 2 ** 60, 10]) {
    expect({ value, fits: fits({ multipleOf: 5 }, value) }).toEqual({ value, fits: true });
  }
  // Ajv by itself asks an empty list nothing more where there is `prefixItems`.
  const listed = { prefixItems: [{ type: 'string' }], contains: { const: 'a' } };
  expect(isCalledCompatible(listed, { contains: { const: 'a' } })).toBe(true);
  expect([fits(listed, []), fits(listed, ['a']), fits(listed, [1])]).toEqual([false, true, false]);
  const named = { type: 'object', required: ['toString'] };
  expect(isCalledCompatible(named, { minProperties: 1 })).toBe(true);
  expect(fits(named, {})).toBe(false);
  expect(fits({ properties: { constructor: { type: 'string' } } }, {})).toBe(true);
});

test('compare schemas - what validators pass over, or JSON cannot write down, is not admitted to a schema', () => {
  const hidden = JSON.parse('{"properties":{"__proto__":{"type":"string"}}}') as object;
  expect(compileSchema(hidden).fault).toMatchObject({ pointer: '/properties/__proto__' });
  const deep = JSON.parse('{"dependentRequired":{"__proto__":["a"]}}') as object;
  expect(compileSchema(deep).fault?.problem).toContain('use another');
  const endless = JSON.parse('{"anyOf":[{"maximum":1e400}]}') as object;
  expect(compileSchema(endless).fault).toMatchObject({ pointer: '/anyOf/0/maximum' });
});
