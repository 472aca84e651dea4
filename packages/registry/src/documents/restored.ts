import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { writeSecret } from '@causeway/identity';
import { maxBatchMessages } from '@causeway/nats-server';
import { type AnyDocument, type DocumentStore, keyOf } from './store.ts';

/** Documents of a backup that the registry takes into its empty bucket when it starts next: `restore.json`. */
export interface RestoredDocuments {
  /** The first revision of the bucket: above all that sites and services may have seen before. */
  readonly from: number;
  readonly documents: readonly AnyDocument[];
}

const restoredFile = (dir: string) => path.join(dir, 'restore.json');
/** Which bucket this registry's documents are in. */
const bucketFile = (dir: string) => path.join(dir, 'documents.json');

async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Leaves a backup's documents in the registry's folder. `revision` is the backup's: the new bucket's go on from the
 * next million, since changes that the backup does not know have revisions above it, which sites remember.
 */
export async function leaveRestored(
  dir: string,
  { revision, documents }: { readonly revision: number; readonly documents: readonly AnyDocument[] },
): Promise<void> {
  const from = (Math.floor(revision / 1_000_000) + 1) * 1_000_000 + 1;
  const restored: RestoredDocuments = { from, documents };
  await writeSecret(restoredFile(dir), `${JSON.stringify(restored)}\n`);
  await rm(bucketFile(dir), { force: true });
}

/**
 * Keeps a registry from starting in this folder until a backup's documents have been left there: what is put back piece by
 * piece, and cut short, has the founding documents and no others.
 */
export async function awaitRestored(dir: string): Promise<void> {
  await writeSecret(bucketFile(dir), `${JSON.stringify({ created: 'a restore that was cut short' })}\n`);
}

/** Reads what a restore left; undefined where there is nothing. */
export function readRestored(dir: string): Promise<RestoredDocuments | undefined> {
  return readJson<RestoredDocuments>(restoredFile(dir));
}

/**
 * Throws an Error where the documents were in another bucket than this, `created` then: they are lost. To begin again
 * with what the fabric was founded with would put in force keys that have been revoked since.
 */
export async function requireSameBucket(dir: string, created: string): Promise<void> {
  const known = await readJson<{ created: string }>(bucketFile(dir));
  if (known === undefined || known.created === created) return;
  throw new Error(
    `the hub has lost this fabric's documents (bucket of ${known.created}; the one that is there is of ${created}): bring ` +
      `them back with causeway restore FILE --hub (docs/recovery.md)`,
  );
}

/** Puts what a restore left, as far as it is not there yet, and remembers the bucket. Goes on where it was cut short. */
export async function takeInRestored(options: {
  dir: string;
  store: DocumentStore;
  created: string;
  restored: RestoredDocuments | undefined;
}): Promise<void> {
  const { dir, store, created, restored } = options;
  const missing = (restored?.documents ?? []).filter((document) => store.get(keyOf(document)) === undefined);
  for (let start = 0; start < missing.length; start += maxBatchMessages) {
    await store.put(missing.slice(start, start + maxBatchMessages));
  }
  await writeSecret(bucketFile(dir), `${JSON.stringify({ created })}\n`);
  await rm(restoredFile(dir), { force: true });
}
