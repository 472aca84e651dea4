import { escapePointer } from '@causeway/protocol';
import { isObject, schemaKeywords, schemaListKeywords, schemaMapKeywords } from '../json-schema/keywords.ts';
import type { Breach } from './containment.ts';
import { type Comparing, createIds, keywordOf, type Places } from './documents.ts';
import { createSameSchema, isSilent } from './same-schema.ts';

/** Keywords that are not compared but for being the same: any change of one counts as breaking. */
const outside: ReadonlySet<string> = new Set([
  ...['contains', 'contentEncoding', 'contentMediaType', 'contentSchema', 'default', 'dependentSchemas'],
  ...['else', 'if', 'maxContains', 'minContains', 'not', 'readOnly', 'then'],
  ...['unevaluatedItems', 'unevaluatedProperties', 'writeOnly'],
]);

/**
 * Changes under keywords outside the subset, at places that both documents have. Whatever such a change does, no
 * caller is asked to bear it. References are followed; each pair of schemas is looked at once.
 */
export function outsideChanges(narrow: Places, wide: Places, around: Comparing): readonly Breach[] {
  const same = createSameSchema(narrow, wide, around);
  const [inNarrow, inWide] = [createIds(), createIds()];
  const seen = new Set<string>();
  const found: Breach[] = [];
  const open: [string, string][] = [['', '']];

  function compare(a: string, b: string, name: string): void {
    if (outside.has(name)) {
      if (same.keyword(name, a, b)) return;
      const what = () =>
        `something else under "${name}": a change of this keyword counts as breaking, whatever it is`;
      const pointer = `${b}/${escapePointer(name)}`;
      const [known, asked] = [keywordOf(narrow, a, name), keywordOf(wide, b, name)];
      found.push({ pointer, asked, known, what });
      return;
    }
    const [left, right] = [keywordOf(narrow, a, name), keywordOf(wide, b, name)];
    if (left === undefined || right === undefined) return;
    if (name === '$ref') {
      open.push([narrow.targets.get(`${a}/$ref`) ?? '', wide.targets.get(`${b}/$ref`) ?? '']);
    } else if (schemaKeywords.has(name)) {
      open.push([`${a}/${name}`, `${b}/${name}`]);
    } else if (schemaListKeywords.has(name) || schemaMapKeywords.has(name)) {
      for (const key of Object.keys(left as object)) {
        around.steps.take(1);
        if (!Object.hasOwn(right as object, key)) continue;
        const part = `/${name}/${escapePointer(key)}`;
        open.push([a + part, b + part]);
      }
    }
  }

  for (let pair = open.pop(); pair; pair = open.pop()) {
    const [a, b] = pair;
    const key = `${inNarrow(a)} ${inWide(b)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    around.steps.take(2);
    const [left, right] = [narrow.places.get(a), wide.places.get(b)];
    if (!isObject(left) || !isObject(right)) continue;
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      around.steps.take(1);
      if (!isSilent(name)) compare(a, b, name);
    }
  }
  return found;
}
