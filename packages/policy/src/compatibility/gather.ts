import { canonicalJson } from '../canonical-json.ts';
import { isObject } from '../json-schema/keywords.ts';
import type { Steps } from '../json-schema/steps.ts';
import { keywordOf, type Places } from './same-schema.ts';

/** A kind of value. A whole number is an `integer` whether or not a schema says `number`; all others are a `fraction`. */
export type Kind = 'null' | 'boolean' | 'integer' | 'fraction' | 'string' | 'array' | 'object';

const allKinds: readonly Kind[] = ['null', 'boolean', 'integer', 'fraction', 'string', 'array', 'object'];

/** The kinds that a `type` admits. */
export function kindsOf(type: unknown): ReadonlySet<Kind> {
  if (type === undefined) return new Set(allKinds);
  const names = (Array.isArray(type) ? type : [type]) as string[];
  return new Set(names.flatMap((name) => (name === 'number' ? ['integer', 'fraction'] : [name]) as Kind[]));
}

/** The kind of a value. */
export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return typeof value as 'boolean' | 'string' | 'object';
}

/** Alternatives that a value has at least one of: an `anyOf` or `oneOf`. */
export interface Choice {
  readonly id: string;
  readonly keyword: 'anyOf' | 'oneOf';
  readonly branches: readonly string[];
}

/** All that is known of a value which several schemas of one document apply to. */
export interface Gathered {
  /** Schemas that all apply to it, references and `allOf` followed. */
  readonly wholes: readonly string[];
  readonly choices: readonly Choice[];
  /** Kinds that it may be; none where there is no such value. */
  readonly kinds: ReadonlySet<Kind>;
  /** The only values that it may be, where they are counted up. */
  readonly values: readonly unknown[] | undefined;
  readonly required: ReadonlySet<string>;
}

/** Gathers what the schemas at these pointers say of one value. */
export function gather(document: Places, pointers: readonly string[], steps: Steps): Gathered {
  const seen = new Set<string>();
  const wholes: string[] = [];
  const choices: Choice[] = [];
  const open = [...pointers].reverse();
  let never = false;
  for (let pointer = open.pop(); pointer !== undefined; pointer = open.pop()) {
    if (seen.has(pointer)) continue;
    seen.add(pointer);
    steps.take(1);
    const schema = document.places.get(pointer);
    if (schema === false) never = true;
    if (!isObject(schema)) continue;
    wholes.push(pointer);
    const target = document.targets.get(`${pointer}/$ref`);
    if (target !== undefined) open.push(target);
    for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
      const list = schema[keyword];
      if (!Array.isArray(list)) continue;
      const branches = list.map((_, at) => `${pointer}/${keyword}/${at}`);
      if (keyword === 'allOf') open.push(...branches.reverse());
      else choices.push({ id: `${pointer}/${keyword}`, keyword, branches });
    }
  }
  const said = (keyword: string) =>
    wholes.map((whole) => keywordOf(document, whole, keyword)).filter((value) => value !== undefined);
  let kinds: ReadonlySet<Kind> = new Set(never ? [] : allKinds);
  for (const type of said('type')) {
    const admitted = kindsOf(type);
    kinds = new Set([...kinds].filter((kind) => admitted.has(kind)));
  }
  const values = valuesOf(said('enum') as unknown[][], said('const'), kinds, steps);
  if (values) kinds = new Set(values.map(kindOf));
  return { wholes, choices, kinds, values, required: new Set((said('required') as string[][]).flat()) };
}

function valuesOf(
  enums: readonly (readonly unknown[])[],
  constants: readonly unknown[],
  kinds: ReadonlySet<Kind>,
  steps: Steps,
): readonly unknown[] | undefined {
  const lists = [...enums, ...constants.map((value) => [value])];
  if (lists.length === 0) {
    const few = [...kinds].every((kind) => kind === 'null' || kind === 'boolean');
    if (!few) return undefined;
    return [...(kinds.has('null') ? [null] : []), ...(kinds.has('boolean') ? [true, false] : [])];
  }
  let values = new Map<string, unknown>();
  for (const [at, list] of lists.entries()) {
    steps.take(list.length);
    const named = new Map(list.map((value) => [canonicalJson(value), value]));
    values = at === 0 ? named : new Map([...values].filter(([text]) => named.has(text)));
  }
  return [...values.values()].filter((value) => kinds.has(kindOf(value)));
}
