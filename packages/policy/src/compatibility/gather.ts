import { isObject } from '../json-schema/keywords.ts';
import { type Comparing, keywordOf, type Places, weightOnce } from './documents.ts';

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
  /** The only values that it may be, by their texts, where they are counted up. */
  readonly values: ReadonlyMap<string, unknown> | undefined;
  readonly required: ReadonlySet<string>;
}

/** Gathers what the schemas at these pointers say of one value. */
export function gather(document: Places, pointers: readonly string[], around: Comparing): Gathered {
  const { steps } = around;
  steps.take(20);
  const seen = new Set<string>();
  const wholes: string[] = [];
  const choices: Choice[] = [];
  const open = [...pointers].reverse();
  let never = false;
  for (let pointer = open.pop(); pointer !== undefined; pointer = open.pop()) {
    if (seen.has(pointer)) continue;
    seen.add(pointer);
    steps.take(2);
    const schema = document.places.get(pointer);
    if (schema === false) never = true;
    if (!isObject(schema)) continue;
    steps.take(weightOnce(schema));
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
  const values = valuesOf(said('enum') as unknown[][], said('const'), kinds, around);
  if (values) kinds = new Set([...values.values()].map(kindOf));
  const required = (said('required') as string[][]).flat();
  steps.take(required.length + (values?.size ?? 0));
  return { wholes, choices, kinds, values, required: new Set(required) };
}

function valuesOf(
  enums: readonly (readonly unknown[])[],
  constants: readonly unknown[],
  kinds: ReadonlySet<Kind>,
  { steps, texts }: Comparing,
): ReadonlyMap<string, unknown> | undefined {
  const lists = enums.map((list) => texts.valuesOf(list));
  lists.push(...constants.map((value) => new Map([[texts.of(value), value]])));
  if (lists.length === 0) {
    const few = [...kinds].every((kind) => kind === 'null' || kind === 'boolean');
    if (!few) return undefined;
    lists.push(
      new Map<string, unknown>([
        ['null', null],
        ['true', true],
        ['false', false],
      ]),
    );
  }
  // The shortest is gone through, the others are asked.
  const [least, ...others] = lists.sort((a, b) => a.size - b.size);
  steps.take((least?.size ?? 0) * lists.length);
  return new Map(
    [...(least ?? [])].filter(
      ([text, value]) => kinds.has(kindOf(value)) && others.every((list) => list.has(text)),
    ),
  );
}
