import { compareText } from './canonical-json.ts';
import { sameValue } from './live/same-value.ts';

/** What must be written to one site's part of the bucket. */
export interface TableChanges<V> {
  readonly put: ReadonlyMap<string, V>;
  /** In the order of their names. */
  readonly removed: readonly string[];
}

/**
 * What changed from one compile to the next, by site; a site that nothing changed for is not in it. Values are
 * equal where their JSON is, whatever the order of fields. A site that is gone has all its keys removed.
 */
export function diffTables<V>(
  before: ReadonlyMap<string, ReadonlyMap<string, V>>,
  after: ReadonlyMap<string, ReadonlyMap<string, V>>,
): Map<string, TableChanges<V>> {
  const changes = new Map<string, TableChanges<V>>();
  for (const site of [...new Set([...before.keys(), ...after.keys()])].sort(compareText)) {
    const old = before.get(site) ?? new Map<string, V>();
    const now = after.get(site) ?? new Map<string, V>();
    const put = new Map([...now].filter(([key, value]) => !old.has(key) || !sameValue(old.get(key), value)));
    const removed = [...old.keys()].filter((key) => !now.has(key)).sort(compareText);
    if (put.size > 0 || removed.length > 0) changes.set(site, { put, removed });
  }
  return changes;
}
