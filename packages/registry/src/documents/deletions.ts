/** What was deleted, by key: where the bucket's mark of it stands. */
export interface Deletions {
  add(key: string, revision: number): void;
  /** There is a document of this key again. */
  remove(key: string): void;
  /** Sequence of the deletion: what the next write of the key must expect. Undefined where none is known. */
  revision(key: string): number | undefined;
  clear(): void;
}

/** Marks that are kept in the bucket, so that a write of before, arriving late, is refused. */
const kept = 1_000;
/** So many more are let grow before they are taken out together. */
const slack = 100;

/** Of a site there are few, and one that was removed must not be founded again by a registry that starts anew. */
const stays = (key: string) => key.startsWith('site.') || key.startsWith('account.');

/**
 * Creates it, empty. `forget` takes the marks of the oldest deletions out of the bucket: names that are made once and
 * never again must not add up for ever; it is given their sequences. Where it fails the marks stay, and it is asked again.
 */
export function createDeletions(
  forget: (deletions: ReadonlyMap<string, number>) => Promise<void>,
): Deletions {
  const revisions = new Map<string, number>();
  let forgetting = false;

  async function forgetOldest(): Promise<void> {
    const old = new Map([...revisions].filter(([key]) => !stays(key)).slice(0, -kept));
    forgetting = true;
    try {
      await forget(old);
      for (const [key, revision] of old) if (revisions.get(key) === revision) revisions.delete(key);
    } catch {
      // Nothing depends on it now: the next deletion asks again.
    } finally {
      forgetting = false;
    }
  }

  return {
    add(key, revision) {
      revisions.delete(key);
      revisions.set(key, revision);
      if (revisions.size > kept + slack && !forgetting) void forgetOldest();
    },
    remove: (key) => void revisions.delete(key),
    revision: (key) => revisions.get(key),
    clear: () => revisions.clear(),
  };
}
