import { shortJson } from '../short-json.ts';
import type { Comparing } from './documents.ts';
import type { Gathered, Kind } from './gather.ts';
import { kindOf, kindsOf } from './gather.ts';

/** What is known of a value when a keyword asks something of it. */
export interface Known extends Gathered {
  /** What the schemas that apply to the value say under a keyword. */
  said(keyword: string): readonly unknown[];
}

/** How a keyword that looks at the value itself, and at no part of it, is compared. */
export interface ValueKeyword {
  /** Kinds that it says something about. */
  readonly kinds: readonly Kind[];
  /** True where what is known of a value fulfils what is asked. */
  readonly follows: (asked: unknown, known: Known) => boolean;
  /** True where this one value, of this text, fulfils it; absent where that is not looked at. */
  readonly admits?: (asked: unknown, value: unknown, text: string, texts: Comparing['texts']) => boolean;
  /** What does not fulfil it, in words. */
  readonly breach: (asked: unknown, known: Known) => string;
}

const numeric: readonly Kind[] = ['integer', 'fraction'];
const everything: readonly Kind[] = [...numeric, 'null', 'boolean', 'string', 'array', 'object'];

/** Missing fields that are named; a list of them all would fill the refusal. */
const mostNamed = 10;

/** Enough to know what is meant. */
export const shown = (value: unknown): string => shortJson(value, 80);

/** The text's length as JSON Schema counts it: in characters, not in code units. */
const lengthOf = (text: unknown) => [...(text as string)].length;
const sizeOf = (value: unknown) => Object.keys(value as object).length;
const numbers = (said: readonly unknown[]) => said as readonly number[];

const isMultiple = (value: number, of: number) => {
  const whole = Number.isSafeInteger(value) && Number.isSafeInteger(of);
  return value === of || (whole && value % of === 0);
};

/** True where some bound that is known lies beyond the one that is asked for, or on it where that will do. */
function lower({ said }: Known, asked: number, strictly: boolean): boolean {
  return (
    numbers(said('minimum')).some((known) => known > asked || (known === asked && !strictly)) ||
    numbers(said('exclusiveMinimum')).some((known) => known >= asked)
  );
}

function upper({ said }: Known, asked: number, strictly: boolean): boolean {
  return (
    numbers(said('maximum')).some((known) => known < asked || (known === asked && !strictly)) ||
    numbers(said('exclusiveMaximum')).some((known) => known <= asked)
  );
}

/** `minLength` and its kin: a count that is not below the number. `free` is known without the keyword. */
function atLeast(
  name: string,
  kind: Kind,
  count: (value: unknown) => number,
  what: string,
  free = (_known: Known) => 0,
): ValueKeyword {
  return {
    kinds: [kind],
    follows: (asked, known) => Math.max(free(known), ...numbers(known.said(name))) >= (asked as number),
    admits: (asked, value) => count(value) >= (asked as number),
    breach: (asked) => `fewer than ${asked} ${what}`,
  };
}

function atMost(name: string, kind: Kind, count: (value: unknown) => number, what: string): ValueKeyword {
  return {
    kinds: [kind],
    follows: (asked, { said }) => numbers(said(name)).some((known) => known <= (asked as number)),
    admits: (asked, value) => count(value) <= (asked as number),
    breach: (asked) => `more than ${asked} ${what}`,
  };
}

/** A keyword that is compared for being the same, or gone. */
function same(name: string, kinds: readonly Kind[], breach: (asked: unknown) => string): ValueKeyword {
  return { kinds, follows: (asked, { said }) => said(name).includes(asked), breach };
}

/** True for a list that names every value that is left, once each of those that are known is looked at. */
const none = () => false;

/** The keywords of the subset that need no other keyword beside them (docs/contracts.md). */
export const valueKeywords: Readonly<Record<string, ValueKeyword>> = {
  type: {
    kinds: everything,
    follows(asked, { kinds }) {
      const admitted = kindsOf(asked);
      return [...kinds].every((kind) => admitted.has(kind));
    },
    admits: (asked, value) => kindsOf(asked).has(kindOf(value)),
    breach: (asked) => `a value that is not of type ${[asked].flat().join(' or ')}`,
  },
  enum: {
    kinds: everything,
    follows: none,
    admits: (asked, _value, text, texts) => texts.valuesOf(asked as unknown[]).has(text),
    breach: (asked) => `a value that is not one of ${shown(asked)}`,
  },
  const: {
    kinds: everything,
    follows: none,
    admits: (asked, _value, text, texts) => texts.of(asked) === text,
    breach: (asked) => `another value than ${shown(asked)}`,
  },
  minimum: {
    kinds: numeric,
    follows: (asked, known) => lower(known, asked as number, false),
    admits: (asked, value) => (value as number) >= (asked as number),
    breach: (asked) => `a number below ${asked}`,
  },
  exclusiveMinimum: {
    kinds: numeric,
    follows: (asked, known) => lower(known, asked as number, true),
    admits: (asked, value) => (value as number) > (asked as number),
    breach: (asked) => `a number that is not above ${asked}`,
  },
  maximum: {
    kinds: numeric,
    follows: (asked, known) => upper(known, asked as number, false),
    admits: (asked, value) => (value as number) <= (asked as number),
    breach: (asked) => `a number above ${asked}`,
  },
  exclusiveMaximum: {
    kinds: numeric,
    follows: (asked, known) => upper(known, asked as number, true),
    admits: (asked, value) => (value as number) < (asked as number),
    breach: (asked) => `a number that is not below ${asked}`,
  },
  multipleOf: {
    kinds: numeric,
    follows: (asked, { said }) =>
      numbers(said('multipleOf')).some((each) => isMultiple(each, asked as number)),
    breach: (asked) => `a number that is no multiple of ${asked}`,
  },
  minLength: atLeast('minLength', 'string', lengthOf, 'characters'),
  maxLength: atMost('maxLength', 'string', lengthOf, 'characters'),
  pattern: same('pattern', ['string'], (asked) => `a text that does not match ${shown(asked)}`),
  format: same('format', ['string', ...numeric], (asked) => `a value that is no ${asked}`),
  minItems: atLeast('minItems', 'array', sizeOf, 'items'),
  maxItems: atMost('maxItems', 'array', sizeOf, 'items'),
  uniqueItems: {
    kinds: ['array'],
    follows: (asked, { said }) =>
      asked === false ||
      said('uniqueItems').includes(true) ||
      numbers(said('maxItems')).some((most) => most < 2),
    breach: () => 'the same item twice',
  },
  minProperties: atLeast('minProperties', 'object', sizeOf, 'fields', ({ required }) => required.size),
  maxProperties: atMost('maxProperties', 'object', sizeOf, 'fields'),
  required: {
    kinds: ['object'],
    follows: (asked, { required }) => (asked as string[]).every((name) => required.has(name)),
    admits: (asked, value) => (asked as string[]).every((name) => Object.hasOwn(value as object, name)),
    breach: (asked, { required }) => {
      const missing = (asked as string[]).filter((name) => !required.has(name));
      const named = missing.slice(0, mostNamed).map(shown);
      const more = missing.length - named.length;
      return `no ${named.join(' or no ')}${more > 0 ? `, or none of ${more} more` : ''}`;
    },
  },
  dependentRequired: {
    kinds: ['object'],
    follows: (asked, { required, said }) =>
      Object.entries(asked as Record<string, string[]>).every(([field, names]) => {
        const known = (said('dependentRequired') as Record<string, string[]>[]).flatMap((each) =>
          Object.hasOwn(each, field) ? (each[field] ?? []) : [],
        );
        const promised = new Set(known);
        return names.every((name) => required.has(name) || promised.has(name));
      }),
    breach: (asked) => `a field without those that ${shown(asked)} asks for beside it`,
  },
};

/** True where whatever is known of a value fulfils what the keyword asks. */
export function valueFollows(
  name: string,
  asked: unknown,
  known: Known,
  { steps, texts }: Comparing,
): boolean {
  const keyword = valueKeywords[name];
  if (!keyword) return false;
  if (!keyword.kinds.some((kind) => known.kinds.has(kind))) return true;
  const { admits } = keyword;
  // Where the values are counted up, each can be looked at.
  if (known.values && admits) {
    steps.take(known.values.size);
    return [...known.values].every(
      ([text, value]) => !keyword.kinds.includes(kindOf(value)) || admits(asked, value, text, texts),
    );
  }
  return keyword.follows(asked, known);
}
