import type { Manifest } from '@causeway/protocol';
import { canonicalJson } from './canonical-json.ts';
import { contractOf } from './json-schema/contract.ts';
import type { SchemaObject } from './json-schema/keywords.ts';
import { directNames } from './json-schema/shared-definitions.ts';

/** What the schemas of one manifest ask for, without what they say to people. */
export interface Contracts {
  /** The manifest's `$defs`; empty where it has none. */
  readonly shared: SchemaObject;
  side(endpoint: string, side: 'request' | 'reply'): unknown;
  /** One of the `$defs` as a text, equal for equal ones. Made once, however many refer to it. */
  textOf(name: string): string;
  /** Names of those of the `$defs` that a schema refers to, also through one another. */
  namesIn(schema: unknown): ReadonlySet<string>;
}

/** Takes a manifest's schemas apart; the work grows with the manifest, not with how often its `$defs` are referred to. */
export function contractsOf({ endpoints, $defs = {} }: Pick<Manifest, 'endpoints' | '$defs'>): Contracts {
  const shared = (contractOf({ $defs }) as { $defs: SchemaObject }).$defs;
  const texts = new Map<string, string>();
  const direct = new Map<string, readonly string[]>();

  function remembered<T>(map: Map<string, T>, name: string, make: () => T): T {
    const known = map.get(name) ?? make();
    map.set(name, known);
    return known;
  }

  return {
    shared,
    side: (endpoint, side) => contractOf(endpoints[endpoint]?.[side]),
    textOf: (name) => remembered(texts, name, () => canonicalJson(shared[name])),
    namesIn(schema) {
      const names = new Set(directNames(schema, shared));
      for (const name of names) {
        for (const each of remembered(direct, name, () => directNames(shared[name], shared))) names.add(each);
      }
      return names;
    },
  };
}

/** True where one side of an endpoint asks for the same in the same words in two manifests. */
export function sameWords(
  before: Contracts,
  after: Contracts,
  endpoint: string,
  side: 'request' | 'reply',
): boolean {
  const [old, now] = [before.side(endpoint, side), after.side(endpoint, side)];
  if (canonicalJson(old) !== canonicalJson(now)) return false;
  return [...new Set([...before.namesIn(old), ...after.namesIn(now)])].every(
    (name) => before.textOf(name) === after.textOf(name),
  );
}
