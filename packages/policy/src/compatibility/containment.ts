import { escapePointer } from '@causeway/protocol';
import { isObject } from '../json-schema/keywords.ts';
import { lengthOf, valuesIn } from '../json-schema/schema-cost.ts';
import { areApart } from './apart.ts';
import { createAssumptions } from './assumptions.ts';
import { type Comparing, createIds, keywordOf, type Places } from './documents.ts';
import { type Choice, gather } from './gather.ts';
import { arrayGoals, type Goal, objectGoals } from './parts.ts';
import { createSameSchema, isSilent } from './same-schema.ts';
import { type Known, shown, valueFollows, valueKeywords } from './value-keywords.ts';

/** A demand of the wider schema that the narrower one does not promise. */
export interface Breach {
  /** Pointer of the keyword in the wider schema. */
  readonly pointer: string;
  /** What stands there; undefined where it stands in the narrower one alone. */
  readonly asked: unknown;
  /** What stands under that keyword in the narrower schema, as far as it has one. */
  readonly known: unknown;
  /** Says what the narrower schema admits and the wider one does not. */
  readonly what: () => string;
}

const nothing: readonly Breach[] = [];

/** Keywords that mean something only beside each other, and are compared for being the same. */
const groups: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...['contains', 'minContains', 'maxContains'].map((name): [string, string[]] => [
    name,
    ['contains', 'minContains', 'maxContains'],
  ]),
  ['if', ['if', 'then', 'else']],
  // Without `if` these say nothing.
  ['then', []],
  ['else', []],
  ['not', ['not']],
  ['dependentSchemas', ['dependentSchemas']],
]);

/** Say nothing that a validator would ask of a value. `outside.ts` sees to it that they stay. */
const unasked: ReadonlySet<string> = new Set([
  ...['contentEncoding', 'contentMediaType', 'contentSchema', 'default', 'readOnly', 'writeOnly'],
]);

/** Choices of the narrower schema that are gone through one inside the other. */
const mostChoices = 3;

/**
 * Whether every value that `narrow` admits is one that `wide` admits; the breaches where that cannot be shown.
 * Sound and not complete: what has no breach is contained, what has one may still be. Both surveys are of schemas
 * that lead nowhere endlessly for one value (`placeCostFault`).
 */
export function breachesOf(narrow: Places, wide: Places, around: Comparing): readonly Breach[] {
  const { steps } = around;
  const same = createSameSchema(narrow, wide, around);
  const [inNarrow, inWide] = [createIds(), createIds()];
  const assumptions = createAssumptions(nothing, (found) => found.length === 0, steps);

  /** Why the value that all these schemas of `narrow` apply to may not fit one of `wide`. */
  function prove(inner: readonly string[], gone: readonly string[], outer: string): readonly Breach[] {
    if (wide.places.get(outer) === true) return nothing;
    const ids = [...new Set(inner)].map(inNarrow).sort((a, b) => a - b);
    steps.take(5 + 2 * ids.length);
    const key = `${ids.join(' ')}/${gone.map(inNarrow).join(' ')}/${inWide(outer)}`;
    return assumptions.decide(key, () => work(inner, gone, outer));
  }

  function work(inner: readonly string[], gone: readonly string[], outer: string): readonly Breach[] {
    const gathered = gather(narrow, inner, around);
    const known: Known = {
      ...gathered,
      said: (keyword) =>
        gathered.wholes
          .map((whole) => keywordOf(narrow, whole, keyword))
          .filter((value) => value !== undefined),
    };
    if (known.kinds.size === 0) return nothing;
    const schema = wide.places.get(outer);
    if (!isObject(schema)) {
      return [{ pointer: outer, asked: schema, known: undefined, what: () => 'any value' }];
    }
    if (known.wholes.some((whole) => same.schemas(whole, outer))) return nothing;
    const direct = Object.keys(schema).flatMap((name) => keywordBreaches(name, outer, known, inner, gone));
    if (direct.length === 0) return nothing;
    const choice = known.choices.find(({ id }) => !gone.includes(id));
    if (!choice || gone.length >= mostChoices) return direct;
    return byCases(choice, inner, [...gone, choice.id], outer, direct);
  }

  /** Goes through the alternatives of `narrow`: each must fit. */
  function byCases(
    choice: Choice,
    inner: readonly string[],
    gone: readonly string[],
    outer: string,
    direct: readonly Breach[],
  ): readonly Breach[] {
    const found: Breach[] = [];
    let isToldInside = true;
    for (const [at, branch] of choice.branches.entries()) {
      if (prove([...inner, branch], gone, outer).length === 0) continue;
      // Where both offer alternatives in the same order, what breaks inside one says more than that one breaks.
      const counterpart = `${outer}/${choice.keyword}/${at}`;
      const inside = wide.places.has(counterpart) ? prove([...inner, branch], gone, counterpart) : nothing;
      isToldInside &&= inside.length > 0;
      found.push(...inside);
    }
    return isToldInside ? found : direct;
  }

  function keywordBreaches(
    name: string,
    outer: string,
    known: Known,
    inner: readonly string[],
    gone: readonly string[],
  ): readonly Breach[] {
    if (isSilent(name) || unasked.has(name)) return nothing;
    const asked = keywordOf(wide, outer, name);
    const parts = name === 'dependentRequired' ? valuesIn(asked) : lengthOf(asked);
    steps.take(1 + 3 * known.wholes.length + parts);
    const pointer = `${outer}/${escapePointer(name)}`;
    const breach = (what: () => string): readonly Breach[] => [
      { pointer, asked, known: known.said(name)[0], what },
    ];
    if (Object.hasOwn(valueKeywords, name)) {
      const words = () => valueKeywords[name]?.breach(asked, known) ?? '';
      return valueFollows(name, asked, known, around) ? nothing : breach(words);
    }
    switch (name) {
      case '$ref':
        return prove(inner, gone, wide.targets.get(pointer) ?? '');
      case 'allOf':
        return branchesOf(pointer, asked).flatMap((branch) => prove(inner, gone, branch));
      case 'anyOf': {
        const fits = branchesOf(pointer, asked).some((branch) => prove(inner, gone, branch).length === 0);
        return fits ? nothing : breach(() => 'a value that fits none of the alternatives');
      }
      case 'oneOf': {
        const fits = known.wholes.some((whole) => same.keyword('oneOf', whole, outer));
        return fits || fitsOne(branchesOf(pointer, asked), inner, gone)
          ? nothing
          : breach(() => 'a value that may not fit exactly one of the alternatives');
      }
      case 'properties':
      case 'patternProperties':
      case 'additionalProperties':
      case 'propertyNames':
        return known.kinds.has('object')
          ? goals(objectGoals(name, narrow, wide, known, outer), known)
          : nothing;
      case 'prefixItems':
      case 'items':
        return known.kinds.has('array')
          ? goals(arrayGoals(name, narrow, wide, known, outer), known)
          : nothing;
    }
    // Those that depend on everything beside them are in no group: only a schema that is wholly the same has them.
    const group = groups.get(name);
    const isSame =
      group && known.wholes.some((whole) => group.every((each) => same.keyword(each, whole, outer)));
    return isSame || group?.length === 0 ? nothing : breach(() => `what ${shown(asked)} shuts out`);
  }

  function goals(all: Iterable<Goal>, { wholes }: Known): readonly Breach[] {
    const found: Breach[] = [];
    for (const { inner, outer, open } of all) {
      // To know what is said of one part, every schema of the whole was asked.
      steps.take(1 + wholes.length);
      const breaches = prove(inner, [], outer);
      if (breaches.length === 0) continue;
      if (open) found.push(open);
      else found.push(...breaches);
    }
    return found;
  }

  /** True where the value surely fits one alternative and surely none of the others. */
  function fitsOne(branches: readonly string[], inner: readonly string[], gone: readonly string[]): boolean {
    const fitting = branches.find((branch) => prove(inner, gone, branch).length === 0);
    return (
      fitting !== undefined &&
      branches.every((branch) => branch === fitting || areApart(narrow, inner, wide, [branch], around))
    );
  }

  return prove([''], [], '');
}

function branchesOf(pointer: string, list: unknown): string[] {
  return Array.isArray(list) ? list.map((_, at) => `${pointer}/${at}`) : [];
}
