import { describe, expect, test } from 'vitest';
import { maxCompareSteps, schemaBreaks } from './compare-schemas.ts';
import { createSteps } from './json-schema/steps.ts';

function breaks(side: 'request' | 'reply', before: unknown, after: unknown, shared?: [unknown, unknown]) {
  const [old, now] = shared ?? [undefined, undefined];
  const [from, to] = [
    { schema: before, shared: old },
    { schema: after, shared: now },
  ];
  return schemaBreaks(side, from, to, `/endpoints/e/${side}`, createSteps(maxCompareSteps));
}

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
/** Built by name: an object that has a `then` looks like a promise. */
const when = (branch: string, maximum: number) => ({ if: { minimum: 2 }, [branch]: { maximum } });
const closed = { additionalProperties: false };

/** What a request may become, and a reply may have been; the way back breaks, with these pointers. */
const widenings: readonly (readonly [string, unknown, unknown, readonly string[]])[] = [
  ['type', { type: 'string' }, { type: ['string', 'null'] }, ['/type']],
  ['type integer to number', { type: 'integer' }, { type: 'number' }, ['/type']],
  ['enum', { enum: ['a', 'b'] }, { enum: ['c', 'b', 'a'] }, ['/enum']],
  ['const to enum', { const: 'a' }, { enum: ['a', 'b'] }, ['/const']],
  ['const', { type: 'string', const: 'a' }, { type: 'string' }, ['/const']],
  ['minimum', { minimum: 2 }, { minimum: 1 }, ['/minimum']],
  ['maximum', { maximum: 500 }, { maximum: 501 }, ['/maximum']],
  ['exclusiveMinimum', { exclusiveMinimum: 1 }, { minimum: 1 }, ['/exclusiveMinimum']],
  ['exclusiveMaximum', { exclusiveMaximum: 1 }, { maximum: 1 }, ['/exclusiveMaximum']],
  ['multipleOf', { multipleOf: 10 }, { multipleOf: 5 }, ['/multipleOf']],
  ['minLength', { minLength: 2 }, { minLength: 1 }, ['/minLength']],
  ['maxLength', { maxLength: 2 }, {}, ['/maxLength']],
  ['pattern', { pattern: '^a' }, {}, ['/pattern']],
  ['format', { format: 'date' }, {}, ['/format']],
  ['minItems', { minItems: 2 }, { minItems: 1 }, ['/minItems']],
  ['maxItems', { maxItems: 2 }, { maxItems: 3 }, ['/maxItems']],
  ['uniqueItems', { uniqueItems: true }, {}, ['/uniqueItems']],
  ['items', { items: { type: 'integer' } }, { items: { type: 'number' } }, ['/items/type']],
  [
    'prefixItems',
    { prefixItems: [{ maximum: 1 }] },
    { prefixItems: [{ maximum: 2 }] },
    ['/prefixItems/0/maximum'],
  ],
  ['minProperties', { minProperties: 2 }, { minProperties: 1 }, ['/minProperties']],
  ['maxProperties', { maxProperties: 2 }, { maxProperties: 3 }, ['/maxProperties']],
  ['required', { required: ['a', 'b'] }, { required: ['b'] }, ['/required']],
  [
    'dependentRequired',
    { dependentRequired: { a: ['b', 'c'] } },
    { dependentRequired: { a: ['b'] } },
    ['/dependentRequired'],
  ],
  [
    'propertyNames',
    { propertyNames: { maxLength: 1 } },
    { propertyNames: { maxLength: 2 } },
    ['/propertyNames/maxLength'],
  ],
  [
    'a field’s schema',
    object({ 'a/b': { maximum: 1 } }),
    object({ 'a/b': { maximum: 2 } }),
    ['/properties/a~1b/maximum'],
  ],
  [
    'a field of a closed object',
    object({}, closed),
    object({ a: { type: 'string' } }, closed),
    ['/properties/a'],
  ],
  ['a field no longer spoken of', object({ a: { type: 'string' } }), object({}), ['/properties/a']],
  ['an object opened', object({ a: true }, closed), object({ a: true }), ['/additionalProperties']],
  [
    'patternProperties',
    { patternProperties: { '^x': { maximum: 1 } } },
    { patternProperties: { '^x': { maximum: 2 } } },
    ['/patternProperties/^x/maximum'],
  ],
  ['allOf', { allOf: [{ minimum: 1 }, { maximum: 5 }] }, { minimum: 1 }, ['/allOf/1/maximum']],
  [
    'anyOf',
    { anyOf: [{ type: 'string' }] },
    { anyOf: [{ type: 'null' }, { type: 'string' }] },
    ['/anyOf/0/type'],
  ],
  [
    'anyOf to type',
    { anyOf: [{ type: 'string' }, { type: 'null' }] },
    { type: ['string', 'null', 'array'] },
    ['/anyOf'],
  ],
  [
    'oneOf told apart by a field',
    { oneOf: [object({ kind: { const: 'a' } }, { required: ['kind'] })] },
    {
      oneOf: [
        object({ kind: { const: 'a' } }, { required: ['kind'] }),
        object({ kind: { const: 'b' } }, { required: ['kind'] }),
      ],
    },
    ['/oneOf'],
  ],
  [
    '$ref',
    { $ref: '#/$defs/n', $defs: { n: { maximum: 1 } } },
    { $ref: '#/$defs/n', $defs: { n: { maximum: 2 } } },
    ['/$defs/n/maximum'],
  ],
  [
    'a tree that refers to itself',
    { ...object({ next: { $ref: '#' } }, { required: ['id'] }) },
    object({ next: { $ref: '#' } }),
    ['/required'],
  ],
  ['false', false, { type: 'string' }, ['']],
];

describe('compare schemas', () => {
  for (const [name, narrow, wide, pointers] of widenings) {
    test(`compare schemas - ${name}: a request may be widened and a reply narrowed, and not the other way`, () => {
      expect(breaks('request', narrow, wide)).toEqual([]);
      expect(breaks('reply', wide, narrow)).toEqual([]);
      const request = breaks('request', wide, narrow).map(({ pointer }) => pointer);
      const reply = breaks('reply', narrow, wide).map(({ pointer }) => pointer);
      expect(request).toEqual(pointers.map((each) => `/endpoints/e/request${each}`));
      expect(reply).toEqual(pointers.map((each) => `/endpoints/e/reply${each}`));
    });
  }

  for (const [name, before, after] of [
    ['contains', { contains: { minimum: 2 } }, { contains: { minimum: 1 } }],
    ['minContains', { contains: true, minContains: 2 }, { contains: true }],
    ['maxContains', { contains: true, maxContains: 2 }, { contains: true, maxContains: 3 }],
    ['not', { not: { type: 'string' } }, {}],
    ['if', when('then', 3), {}],
    ['then', when('then', 3), when('then', 4)],
    ['else', when('else', 3), { if: { minimum: 2 } }],
    ['dependentSchemas', { dependentSchemas: { a: { maxProperties: 1 } } }, { dependentSchemas: {} }],
    ['unevaluatedProperties', { unevaluatedProperties: false }, {}],
    ['unevaluatedItems', { unevaluatedItems: false }, {}],
    ['default', { default: 1 }, { default: 2 }],
    ['readOnly', { readOnly: true }, {}],
    ['writeOnly', {}, { writeOnly: true }],
    ['contentEncoding', { contentEncoding: 'base64' }, {}],
    ['contentMediaType', { contentMediaType: 'text/html' }, {}],
    ['contentSchema', { contentSchema: { type: 'string' } }, { contentSchema: true }],
  ] as const) {
    test(`compare schemas - any change of "${name}" counts as breaking, and none does not`, () => {
      for (const side of ['request', 'reply'] as const) {
        for (const [old, now] of [
          [before, after],
          [after, before],
        ]) {
          const found = breaks(side, { items: old }, { items: now }).map(({ pointer }) => pointer);
          expect(found).toContain(`/endpoints/e/${side}/items/${name}`);
        }
        expect(breaks(side, { maxItems: 1, items: before }, { maxItems: 1, items: before })).toEqual([]);
      }
    });
  }

  test('compare schemas - what people alone read may change', () => {
    const said = { title: 't', description: 'd', examples: [1], $comment: 'c', 'x-own': 1, deprecated: true };
    for (const side of ['request', 'reply'] as const) {
      expect(breaks(side, { type: 'string', ...said }, { type: 'string', $schema: 'x' as never })).toEqual(
        breaks(side, { type: 'string' }, { type: 'string', $schema: 'x' as never }),
      );
      expect(breaks(side, { type: 'string', ...said }, { type: 'string' })).toEqual([]);
    }
  });

  test('compare schemas - each break says what was, what is and why', () => {
    expect(breaks('request', object({ n: { maximum: 500 } }), object({ n: { maximum: 100 } }))).toEqual([
      {
        pointer: '/endpoints/e/request/properties/n/maximum',
        before: 500,
        after: 100,
        why: 'callers may send a number above 100, which is refused now',
      },
    ]);
    expect(breaks('reply', { required: ['a', 'b'] }, { required: ['a'] })).toEqual([
      {
        pointer: '/endpoints/e/reply/required',
        before: ['a', 'b'],
        after: ['a'],
        why: 'callers may be given no "b", which the published schema rules out',
      },
    ]);
  });

  test('compare schemas - a shared definition breaks at its own place, however many refer to it', () => {
    const refers = { properties: { a: { $ref: '#/$defs/s' }, b: { $ref: '#/$defs/s' } } };
    const found = breaks('request', refers, refers, [{ s: { maxLength: 9 } }, { s: { maxLength: 8 } }]);
    expect(found.map(({ pointer }) => pointer)).toEqual(['/$defs/s/maxLength']);
  });

  test('compare schemas - trees that refer to themselves are compared, whichever way they are written', () => {
    const tree = (leaf: object) => ({
      $ref: '#/$defs/t',
      $defs: { t: object({ leaf, kids: { items: { $ref: '#/$defs/t' } } }) },
    });
    const unrolled = (leaf: object) => ({
      ...object({ leaf, kids: { items: { $ref: '#/$defs/t' } } }),
      $defs: { t: object({ leaf, kids: { items: { $ref: '#/$defs/t' } } }) },
    });
    expect(breaks('request', tree({ maximum: 1 }), unrolled({ maximum: 2 }))).toEqual([]);
    expect(
      breaks('request', unrolled({ maximum: 2 }), tree({ maximum: 1 })).map(({ pointer }) => pointer),
    ).toEqual(['/endpoints/e/request/$defs/t/properties/leaf/maximum']);
  });

  test('compare schemas - items that nothing was said of are not taken for the whole that they should be like', () => {
    const fields = object({ kind: { enum: [1] } });
    const found = breaks(
      'reply',
      { ...fields, items: { $ref: '#' }, type: 'array' },
      { ...fields, type: 'array' },
    );
    expect(found.map(({ pointer }) => pointer)).not.toEqual([]);
  });

  test('compare schemas - what was assumed of a tree does not outlive its refutation', () => {
    // The first alternative fails, after its inner parts were shown under the assumption that it holds.
    const narrow = {
      $ref: '#/$defs/a',
      $defs: {
        a: object({ next: { $ref: '#/$defs/b' }, n: { type: 'string' } }),
        b: object({ next: { $ref: '#/$defs/a' } }),
      },
    };
    const wide = {
      anyOf: [{ $ref: '#/$defs/a' }, object({ next: { $ref: '#/$defs/b' } })],
      $defs: {
        a: object({ next: { $ref: '#/$defs/b' }, n: { type: 'number' } }),
        b: object({ next: { $ref: '#/$defs/a' } }),
      },
    };
    expect(breaks('request', narrow, wide)).not.toEqual([]);
  });
});

describe('compare schemas, bounded', () => {
  const field = (at: number) => ({ [`field-${at}`]: { type: 'string', maxLength: at } });
  const wide = (more: number) =>
    object(Object.assign({}, ...Array.from({ length: 250 }, (_, at) => field(at + more))));
  const branches = (more: number) => ({
    allOf: Array.from({ length: 6 }, (_, at) => ({
      anyOf: Array.from({ length: 20 }, (_, each) => ({
        minimum: at * 100 + each + more,
        multipleOf: each + 1,
      })),
    })),
  });
  const knot = (last: object) => ({
    properties: { top: { $ref: '#/$defs/n19' } },
    $defs: Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [
        `n${at}`,
        {
          anyOf: Array.from({ length: 5 }, (_, way) => ({
            properties: { [`p${way}`]: { $ref: `#/$defs/n${(at * 7 + way * 3) % 20}` } },
          })),
          ...(at === 19 ? last : {}),
        },
      ]),
    ),
  });

  test.each<[string, unknown, unknown]>([
    ['250 fields that all differ', wide(0), wide(1)],
    ['alternatives of alternatives', branches(0), branches(1)],
    ['a knot of trees that refer to each other', knot({ maximum: 2 }), knot({ minimum: 1 })],
  ])('compare schemas, bounded - %s end within the steps, and count as breaking', (_, before, after) => {
    for (const side of ['request', 'reply'] as const) {
      expect(breaks(side, before, after)).not.toEqual([]);
      expect(breaks(side, before, before)).toEqual([]);
    }
  });
});
