/** What a change of documents may have changed of a tenant's tables: at least that, and little more. */
export interface Marks {
  /** APIs whose rules, routes or manifest are to be looked at again, at each site that serves them. */
  readonly served: Set<string>;
  /** Of APIs, the callers who may see them otherwise. */
  readonly seen: Map<string, Set<string> | 'all'>;
  /** Identities that came, went, or came back. */
  readonly callers: Set<string>;
}

/** Creates marks of nothing. */
export function createMarks(): Marks {
  return { served: new Set(), seen: new Map(), callers: new Set() };
}

/** Marks what these callers see of an API. */
export function markSeen(marks: Marks, apiKey: string, callers: Iterable<string> | 'all'): void {
  const known = marks.seen.get(apiKey);
  if (known === 'all') return;
  if (callers === 'all') {
    marks.seen.set(apiKey, 'all');
    return;
  }
  const all = known ?? new Set<string>();
  marks.seen.set(apiKey, all);
  for (const caller of callers) all.add(caller);
}
