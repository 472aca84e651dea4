import { CausewayError } from '@causeway/protocol';
import type { AnyDocument, DocumentSet, DocumentStore } from '../../documents/store.ts';

/** A set is one document: bytes of JSON that it may have. */
const mostBytes = 800_000;

type Sets = Pick<DocumentStore, 'sets'>;

/** Members for looking up, made once for each set as it stands. */
const lookups = new WeakMap<DocumentSet, ReadonlySet<string>>();

/** Whether a document belongs to a set. */
function isMember(set: DocumentSet, key: string): boolean {
  const members = lookups.get(set) ?? new Set(set.members);
  lookups.set(set, members);
  return members.has(key);
}

/** The set that a document belongs to. */
export function setOf({ sets }: Sets, tenant: string, key: string): DocumentSet | undefined {
  return sets.find((set) => set.tenant === tenant && isMember(set, key));
}

/** The set with these members; throws PAYLOAD_TOO_LARGE where they are too many. */
export function withMembers(set: DocumentSet, members: Iterable<string>): DocumentSet {
  const next = { ...set, members: [...new Set(members)].sort() };
  const bytes = Buffer.byteLength(JSON.stringify(next));
  if (bytes > mostBytes) {
    throw new CausewayError(
      'PAYLOAD_TOO_LARGE',
      `set ${set.name} of tenant ${set.tenant} would have ${next.members.length} documents, more than can be kept of one; ` +
        `divide it into several sets`,
    );
  }
  return next;
}

/** Sets that lose members because their documents are deleted: who makes them anew makes them his own. */
export function setsWithout({ sets }: Sets, keys: readonly string[]): AnyDocument[] {
  const gone = new Set(keys);
  return sets
    .filter(({ members }) => members.some((key) => gone.has(key)))
    .map((set) => ({ ...set, members: set.members.filter((key) => !gone.has(key)) }));
}
