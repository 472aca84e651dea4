import { maxBatchMessages, publishBatch } from '@causeway/nats-server';
import { encodeJson } from '@causeway/protocol';
import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { headers as createHeaders, type MsgHdrs } from 'nats';

/** One change of a key. */
export interface BucketWrite {
  readonly key: string;
  /** Undefined deletes the key. */
  readonly value: unknown;
  /** Sequence of the key's last change, 0 for none: the write fails where someone else was faster. Unchecked where absent. */
  readonly expected?: number;
}

/** Thrown where a key was changed by someone else in between. */
export class BucketConflict extends Error {
  override readonly name = 'BucketConflict';
}

const wrongLastSequence = [10071, 10164];

function headersOf(write: BucketWrite): MsgHdrs {
  const headers = createHeaders();
  if (write.value === undefined) headers.set('KV-Operation', 'DEL');
  // As a header: the client's batches leave the option `expect` out for all messages but the first.
  if (write.expected !== undefined) {
    headers.set('Nats-Expected-Last-Subject-Sequence', String(write.expected));
  }
  return headers;
}

/**
 * Writes keys of a bucket, each 1,000 of them all or nothing. Resolves with the sequence of the last write.
 * Rejects with a BucketConflict where an expectation was not met.
 */
export async function writeBucket(
  js: JetStreamClient,
  bucket: string,
  writes: readonly BucketWrite[],
): Promise<number> {
  let revision = 0;
  try {
    for (let start = 0; start < writes.length; start += maxBatchMessages) {
      revision = await writeBatch(js, bucket, writes.slice(start, start + maxBatchMessages));
    }
  } catch (error) {
    if (error instanceof JetStreamApiError && wrongLastSequence.includes(error.code)) {
      throw new BucketConflict('the document was changed in between', { cause: error });
    }
    throw error;
  }
  return revision;
}

async function writeBatch(
  js: JetStreamClient,
  bucket: string,
  writes: readonly BucketWrite[],
): Promise<number> {
  const messages = writes.map((write) => ({
    subject: `$KV.${bucket}.${write.key}`,
    payload: write.value === undefined ? new Uint8Array() : encodeJson(write.value),
    headers: headersOf(write),
  }));
  return (await publishBatch(js, messages)).seq;
}
