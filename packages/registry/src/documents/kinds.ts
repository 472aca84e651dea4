/** The documents of a store by kind, as lists. */
export interface Kinds<D extends { readonly kind: string }> {
  /** The document of a key was put in, replaced, or is to be taken out. */
  changed(key: string): void;
  of<K extends D['kind']>(kind: K): readonly Extract<D, { kind: K }>[];
}

/** Creates them over a store's entries. A list is made where it is asked for, once after each change of its kind. */
export function createKinds<D extends { readonly kind: string }>(
  entries: ReadonlyMap<string, { readonly document: D }>,
): Kinds<D> {
  const keys = new Map<string, Set<string>>();
  const lists = new Map<string, readonly D[]>();

  /** Keys begin with the kind, but for one. */
  function kindOf(key: string): string {
    const first = key.slice(0, key.indexOf('.'));
    return first === 'former' ? 'former-site' : first;
  }

  function of<K extends D['kind']>(kind: K): readonly Extract<D, { kind: K }>[] {
    const known = lists.get(kind);
    if (known) return known as unknown as readonly Extract<D, { kind: K }>[];
    const ofKind = keys.get(kind) ?? new Set();
    const list: D[] = [];
    for (const key of ofKind) {
      const entry = entries.get(key);
      if (entry) list.push(entry.document);
      else ofKind.delete(key);
    }
    lists.set(kind, list);
    return list as unknown as readonly Extract<D, { kind: K }>[];
  }

  return {
    changed(key) {
      const kind = kindOf(key);
      const ofKind = keys.get(kind) ?? new Set<string>();
      keys.set(kind, ofKind.add(key));
      lists.delete(kind);
    },
    of,
  };
}
