import { escapePointer } from '@causeway/protocol';
import { isObject, type SchemaObject } from './keywords.ts';

const prefix = '#/$defs/';

/** The name in `#/$defs/NAME…`; undefined for another reference. */
function nameIn(reference: unknown): string | undefined {
  if (typeof reference !== 'string' || !reference.startsWith(prefix)) return undefined;
  const [first = ''] = reference.slice(prefix.length).split('/');
  try {
    return decodeURIComponent(first).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

/** Names that references anywhere in a value lead to. What looks like one and is none does no harm. */
function addNames(value: unknown, names: Set<string>): void {
  const open = [value];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (each === null || typeof each !== 'object') continue;
    const name = isObject(each) ? nameIn(each.$ref) : undefined;
    if (name !== undefined) names.add(name);
    open.push(...Object.values(each).filter((field) => field !== undefined));
  }
}

const ownDefinitions = (schema: unknown): SchemaObject =>
  isObject(schema) && isObject(schema.$defs) ? schema.$defs : {};

/** The names of a manifest's `$defs` that a schema itself refers to. */
export function directNames(schema: unknown, shared: SchemaObject): string[] {
  const names = new Set<string>();
  addNames(schema, names);
  return [...names].filter((name) => Object.hasOwn(shared, name));
}

/** The names of a manifest's `$defs` that a schema refers to, also through one another. */
export function sharedNames(schema: unknown, shared: SchemaObject): string[] {
  const names = new Set(directNames(schema, shared));
  // A set that grows while it is gone through is gone through to its end.
  for (const name of names) if (Object.hasOwn(shared, name)) addNames(shared[name], names);
  return [...names].filter((name) => Object.hasOwn(shared, name));
}

/**
 * A schema of a manifest as one that is whole in itself: with those of the manifest's `$defs` that it refers to in
 * its own. The schema itself where there are none. Its own definitions come before the manifest's.
 */
export function withShared(schema: unknown, shared: unknown): unknown {
  if (!isObject(schema) || !isObject(shared)) return schema;
  const names = sharedNames(schema, shared);
  if (names.length === 0) return schema;
  const own = ownDefinitions(schema);
  return { ...schema, $defs: { ...Object.fromEntries(names.map((name) => [name, shared[name]])), ...own } };
}

/** Where in the manifest a place stands of what `withShared` gave for the schema at `at`. */
export function placeInManifest(at: string, schema: unknown, pointer: string): string {
  const [, first, escaped = ''] = pointer.split('/');
  if (first !== '$defs' || escaped === '') return at + pointer;
  const own = Object.keys(ownDefinitions(schema)).map(escapePointer);
  return own.includes(escaped) ? at + pointer : pointer;
}
