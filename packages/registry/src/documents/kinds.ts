import type { Documents } from '@causeway/policy';
import type { AnyDocument } from './store.ts';

type OfKind<K extends AnyDocument['kind']> = Extract<AnyDocument, { kind: K }>;

/** The documents of a store by kind, as lists. */
export interface Kinds {
  /** The document of a key was put in, replaced, or is to be taken out. */
  changed(key: string): void;
  of<K extends AnyDocument['kind']>(kind: K): readonly OfKind<K>[];
  readonly all: Documents;
}

/** Creates them over a store's entries. A list is made where it is asked for, once after each change of its kind. */
export function createKinds(entries: ReadonlyMap<string, { readonly document: AnyDocument }>): Kinds {
  const keys = new Map<string, Set<string>>();
  const lists = new Map<string, readonly AnyDocument[]>();

  /** Keys begin with the kind, but for one. */
  function kindOf(key: string): string {
    const first = key.slice(0, key.indexOf('.'));
    return first === 'former' ? 'former-site' : first;
  }

  function of<K extends AnyDocument['kind']>(kind: K): readonly OfKind<K>[] {
    const known = lists.get(kind);
    if (known) return known as unknown as readonly OfKind<K>[];
    const ofKind = keys.get(kind) ?? new Set();
    const list: AnyDocument[] = [];
    for (const key of ofKind) {
      const entry = entries.get(key);
      if (entry) list.push(entry.document);
      else ofKind.delete(key);
    }
    lists.set(kind, list);
    return list as unknown as readonly OfKind<K>[];
  }

  return {
    changed(key) {
      const kind = kindOf(key);
      const ofKind = keys.get(kind) ?? new Set<string>();
      keys.set(kind, ofKind.add(key));
      lists.delete(kind);
    },
    of,
    all: {
      get sites() {
        return of('site');
      },
      get services() {
        return of('service');
      },
      get apis() {
        return of('api');
      },
      get policies() {
        return of('policy');
      },
    },
  };
}
