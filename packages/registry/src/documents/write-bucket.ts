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

/** One atomic batch holds 1,000 messages at most (NATS ADR-50). */
export const batchSize = 1_000;
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

const payloadOf = (write: BucketWrite) =>
  write.value === undefined ? new Uint8Array() : encodeJson(write.value);

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
    for (let start = 0; start < writes.length; start += batchSize) {
      revision = await writeBatch(js, bucket, writes.slice(start, start + batchSize));
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
  const subject = (write: BucketWrite) => `$KV.${bucket}.${write.key}`;
  const [first, ...rest] = writes;
  if (!first) throw new Error('nothing to write');
  const last = rest.pop();
  if (!last) {
    return (await js.publish(subject(first), payloadOf(first), { headers: headersOf(first) })).seq;
  }
  const batch = await js.startBatch(subject(first), payloadOf(first), { headers: headersOf(first) });
  for (const write of rest) batch.add(subject(write), payloadOf(write), { headers: headersOf(write) });
  // The commit is published as any message is: the client's own hides what the server says against it.
  const headers = headersOf(last);
  headers.set('Nats-Batch-Id', batch.id);
  headers.set('Nats-Batch-Sequence', String(batch.count + 1));
  headers.set('Nats-Batch-Commit', '1');
  return (await js.publish(subject(last), payloadOf(last), { headers })).seq;
}
