import { streamNames } from '@causeway/nats-server';
import { JetStreamApiCodes, JetStreamApiError, jetstream, type Stream } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { readBucket } from './read-bucket.ts';
import type { AnyDocument } from './store.ts';

/** All documents as they stood at one revision. */
export interface DocumentsExport {
  readonly revision: number;
  readonly documents: readonly AnyDocument[];
}

/** Readings that may come out mixed, because something was changed meanwhile, before it is given up. */
const tries = 20;

/**
 * Reads all documents as they stand at one revision, on a connection of the registry's user in CONTROL. Resolves with
 * undefined where the hub has none. Rejects with an Error where they change faster than they can be read.
 */
export async function exportDocuments(connection: NatsConnection): Promise<DocumentsExport | undefined> {
  const js = jetstream(connection);
  let stream: Stream;
  try {
    stream = await js.streams.get(streamNames.documents);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
  const lastRevision = async () => (await stream.info(false)).state.last_seq;
  for (let tried = 0; tried < tries; tried += 1) {
    const revision = await lastRevision();
    const found = await readBucket(js, 'documents');
    if ((await lastRevision()) !== revision) continue;
    const standing = found.flatMap(({ value }) => (value === undefined ? [] : [value as AnyDocument]));
    // Records of the last acts are in their chains by now, and would be of another bucket's revisions. An invitation that
    // was used since must not be open again with what is restored.
    const documents = standing.filter(({ kind }) => kind !== 'acts' && kind !== 'invitation');
    return { revision, documents };
  }
  throw new Error('the documents change faster than they can be read; try again');
}
