import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnySubject, goodTokens, hostileToken, matches, valuesOf } from './generate.test-support.ts';
import { subjects } from './grammar.ts';
import { subject } from './template.ts';
import {
  isEndpoint,
  isName,
  isToken,
  nameFault,
  reservedNames,
  type TokenKind,
  tokenKinds,
} from './tokens.ts';

const kinds = Object.entries(subjects) as [keyof typeof subjects, AnySubject][];
const runs = { numRuns: 50 };

/** A text that is good for some kinds and not for this one. */
const foreign: { readonly [K in TokenKind]: readonly string[] } = {
  name: [...reservedNames, 'camelCase', 'a_b', 'a'.repeat(64)],
  target: [...[...reservedNames].filter((word) => word !== 'any'), 'Site', 'a'.repeat(64)],
  scope: [...[...reservedNames].filter((word) => word !== 'any'), 'Tenant', 'a'.repeat(64)],
  holder: [...[...reservedNames].filter((word) => word !== 'gateway'), 'Svc', 'a'.repeat(64)],
  signer: [...[...reservedNames].filter((word) => word !== 'registry'), 'GW', 'a'.repeat(64)],
  word: ['Word', 'a_b', 'a'.repeat(64)],
  endpoint: ['a_b', 'a'.repeat(64)],
  token: ['a'.repeat(65), 'a=', 'a+'],
  major: ['01', '-1', '1.5', '10000', '1e3', '+1', 'v1', 'one', '0x1'],
};

describe.each(kinds)('subject %s', (kind, template) => {
  test(`subjects - ${kind}: what is built is parsed into the same fields`, () => {
    fc.assert(
      fc.property(valuesOf(template), (values) => {
        const built = template.build(values);
        expect(template.parse(built)).toEqual(values);
        expect(built).toMatch(/^[A-Za-z0-9_.-]+$/);
      }),
      runs,
    );
  });

  test(`subjects - ${kind}: a token that build refuses is refused by parse and pattern too`, () => {
    fc.assert(
      fc.property(
        valuesOf(template),
        fc.nat({ max: template.fields.length - 1 }),
        hostileToken,
        fc.nat(),
        (values, position, hostile, pick) => {
          const field = template.fields[position] as AnySubject['fields'][number];
          const bad = [hostile, ...foreign[field.kind]];
          const text = bad[pick % bad.length] as string;
          expect(() => template.build({ ...values, [field.name]: text })).toThrow(RangeError);
          expect(() => template.pattern({ [field.name]: text })).toThrow(RangeError);
          expect(template.parse(planted(template, values, field.name, text))).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  test(`subjects - ${kind}: one token more, fewer or empty is another subject`, () => {
    fc.assert(
      fc.property(valuesOf(template), fc.nat(), (values, at) => {
        const tokens = template.build(values).split('.');
        const index = at % tokens.length;
        expect(template.parse([...tokens, 'a'].join('.'))).toBeUndefined();
        expect(template.parse(tokens.slice(0, -1).join('.'))).toBeUndefined();
        expect(template.parse(tokens.with(index, '').join('.'))).toBeUndefined();
        expect(template.parse(`${tokens.join('.')}.`)).toBeUndefined();
        expect(template.parse(`.${tokens.join('.')}`)).toBeUndefined();
        expect(template.parse(tokens.with(index, '*').join('.'))).toBeUndefined();
        expect(template.parse([...tokens.slice(0, -1), '>'].join('.'))).toBeUndefined();
      }),
      runs,
    );
  });

  test(`subjects - ${kind}: a missing field is said by name`, () => {
    for (const { name } of template.fields) {
      const values = Object.fromEntries(
        template.fields.map((field) => [field.name, field.kind === 'major' ? 1 : 'a']),
      );
      delete values[name];
      expect(() => template.build(values)).toThrow(new RegExp(`^${name} `));
    }
  });

  test(`subjects - ${kind}: a pattern hears exactly those subjects that have its fields`, () => {
    const someValues = fc.tuple(valuesOf(template), valuesOf(template), fc.nat({ max: 511 }));
    fc.assert(
      fc.property(someValues, ([values, others, coins]) => {
        const fixed = Object.fromEntries(Object.entries(values).filter((_, index) => (coins >> index) & 1));
        const pattern = template.pattern(fixed);
        expect(matches(pattern, template.build(values))).toBe(true);
        const meets = Object.entries(fixed).every(([name, value]) => others[name] === value);
        expect(matches(pattern, template.build(others))).toBe(meets);
      }),
      runs,
    );
  });

  test(`subjects - ${kind}: no subject of another kind is parsed or heard as one of these`, () => {
    for (const [otherKind, other] of kinds) {
      if (otherKind === kind) continue;
      fc.assert(
        fc.property(valuesOf(other), (values) => {
          const built = other.build(values);
          expect(template.parse(built)).toBeUndefined();
          expect(matches(template.pattern({}), built)).toBe(false);
        }),
        { numRuns: 15 },
      );
    }
  });
});

/** The subject that a careless writer would have put together: the text in the field's place, unchecked. */
function planted(template: AnySubject, values: Record<string, string | number>, name: string, text: string) {
  return template.template.replaceAll(/\{(\w+):\w+\}/g, (_, field: string) =>
    field === name ? text : String(values[field]),
  );
}

test('subjects - a template with a bad token or an unknown kind is a fault of the program', () => {
  expect(() => subject('call.{site')).toThrow('bad token "{site"');
  expect(() => subject('call.{site:town}')).toThrow('unknown kind "town"');
});

test('subjects - tokens of 63 characters are good and of 64 are not; random tokens may have 64', () => {
  const [fits, over] = ['a'.repeat(63), 'a'.repeat(64)];
  for (const kind of ['name', 'target', 'scope', 'holder', 'signer', 'word', 'endpoint'] as const) {
    expect([kind, tokenKinds[kind](fits), tokenKinds[kind](over)]).toEqual([kind, true, false]);
  }
  expect([tokenKinds.token(over), tokenKinds.token(`${over}a`)]).toEqual([true, false]);
});

test('subjects - the exported tests of tokens say what the grammar says', () => {
  const texts = fc.oneof(hostileToken, ...Object.values(goodTokens), fc.constantFrom(...reservedNames));
  fc.assert(
    fc.property(texts, (text) => {
      expect(isName(text)).toBe(tokenKinds.name(text));
      expect(isEndpoint(text)).toBe(tokenKinds.endpoint(text));
      expect(isToken(text)).toBe(tokenKinds.token(text));
      expect(nameFault('site', text) === undefined).toBe(isName(text));
    }),
  );
  expect(nameFault('site', 'any')).toBe('site "any" is a reserved word; choose another name');
  expect(nameFault('site', 'A b')).toBe('site "A b" must be 1 to 63 characters of a-z, 0-9 and "-"');
});
