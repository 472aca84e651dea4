import { escapePointer, type Fault } from '@causeway/protocol';
import { isObject, type SchemaObject } from './keywords.ts';

/** Largest size of one schema, see `weightOf`. Ajv compiles the worst of this size in some 0.1 s. */
export const maxSchemaSize = 2_000;
/** Largest size of all schemas of a manifest together: half a second for the registry. */
export const maxManifestSize = 15_000;
/** Most different schemas that references of one schema name: ajv compiles them each inside the other. */
export const maxTargets = 200;
/** What one value may cost by the schemas that apply to it at its own place, references written out. */
const maxPlaceCost = 10_000;

/** JSON values in a value, itself included. */
export function valuesIn(value: unknown): number {
  if (value === null || typeof value !== 'object') return 1;
  return Object.values(value).reduce((sum: number, field) => sum + valuesIn(field), 1);
}

export function lengthOf(value: unknown): number {
  return value !== null && typeof value === 'object' ? Object.keys(value).length : 0;
}

/**
 * What one schema costs by itself, without those inside it: 3, and 1 for each keyword, named property, branch and
 * each value in an enum or const. Both the compiling and the checking of one value take time in proportion.
 */
export function weightOf(schema: SchemaObject): number {
  let weight = 3;
  for (const [name, value] of Object.entries(schema)) {
    weight += 1;
    if (name === 'enum' || name === 'const' || name === 'dependentRequired') weight += valuesIn(value);
    else if (listing.has(name)) weight += lengthOf(value);
  }
  return weight;
}

const listing: ReadonlySet<string> = new Set([
  ...['$defs', 'allOf', 'anyOf', 'definitions', 'dependentSchemas', 'oneOf', 'patternProperties'],
  ...['prefixItems', 'properties', 'required', 'type'],
]);

/** The schemas that apply to the same value as the one that holds them, by their pointers. */
function besides(schema: SchemaObject, pointer: string): string[] {
  return ['allOf', 'anyOf', 'oneOf', 'dependentSchemas', 'not', 'if', 'then', 'else'].flatMap((name) => {
    const value = schema[name];
    const place = `${pointer}/${name}`;
    if (value === undefined) return [];
    if (name === 'not' || name === 'if' || name === 'then' || name === 'else') return [place];
    return isObject(value) || Array.isArray(value)
      ? Object.keys(value).map((key) => `${place}/${escapePointer(key)}`)
      : [];
  });
}

/**
 * The first place where the schemas that apply to one and the same value never end, or are too many once
 * references are written out. `places` holds all schemas by pointer; `targets` says where each reference leads.
 */
export function placeCostFault(
  places: ReadonlyMap<string, unknown>,
  targets: ReadonlyMap<string, string>,
): Fault | undefined {
  const costs = new Map<string, number | 'open'>();
  let fault: Fault | undefined;

  function costOf(pointer: string, from: string): number {
    const known = costs.get(pointer);
    if (known === 'open') {
      const problem =
        'leads back to itself for the same value, so that a check would never end; put the reference under "properties" or "items"';
      fault ??= { pointer: from, problem };
      return 0;
    }
    if (known !== undefined) return known;
    const schema = places.get(pointer);
    if (!isObject(schema)) return 1;
    costs.set(pointer, 'open');
    let cost = weightOf(schema);
    const target = targets.get(`${pointer}/$ref`);
    if (target !== undefined) cost += costOf(target, `${pointer}/$ref`);
    for (const each of besides(schema, pointer)) cost += costOf(each, each);
    if (cost > maxPlaceCost) {
      const problem = `costs ${cost} to check one value, references written out, and ${maxPlaceCost} are taken; name each schema once`;
      fault ??= { pointer, problem };
    }
    costs.set(pointer, cost);
    return cost;
  }

  for (const pointer of places.keys()) if (!fault) costOf(pointer, pointer);
  return fault;
}
