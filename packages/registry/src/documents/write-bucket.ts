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
  if (write.value === undefined) {
    // Its history goes, too: whoever makes and deletes documents must not fill the bucket.
    headers.set('KV-Operation', 'PURGE');
    headers.set('Nats-Rollup', 'sub');
  } else if (write.key.startsWith('acts.')) {
    // Superseded by the next act, and large: nobody asks for its history.
    headers.set('Nats-Rollup', 'sub');
  }
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

/** Takes keys out of a bucket, up to these sequences and no further: what was written since stays. */
export async function forgetKeys(
  js: JetStreamClient,
  bucket: string,
  keys: ReadonlyMap<string, number>,
): Promise<void> {
  const manager = await js.jetstreamManager();
  for (const [key, revision] of keys) {
    const filter = `$KV.${bucket}.${key}`;
    await manager.streams.purge(`KV_${bucket}`, { filter, seq: revision + 1 });
  }
}
