import { recordLine } from '@causeway/audit';
import type { AdminRecord } from '@causeway/protocol';

/** The last acts of this process, to say who was faster without asking the stream. */
export interface Remembered {
  add(record: AdminRecord): void;
  /** Acts that changed a document after a revision, oldest first. */
  of(key: string, after: number): readonly AdminRecord[];
}

const mostRecords = 2_000;
/** A record holds a document as it was and as it is, of some 100 kB each at most: it is by bytes that they are many. */
const mostBytes = 16_000_000;

/** Creates it, empty. Of what is too much the older half is forgotten. */
export function createRemembered(): Remembered {
  let entries: { readonly record: AdminRecord; readonly bytes: number }[] = [];
  let bytes = 0;
  return {
    add(record) {
      const entry = { record, bytes: Buffer.byteLength(recordLine(record)) };
      entries.push(entry);
      bytes += entry.bytes;
      if (entries.length <= mostRecords && bytes <= mostBytes) return;
      entries = entries.slice(Math.ceil(entries.length / 2));
      bytes = entries.reduce((sum, each) => sum + each.bytes, 0);
    },
    of: (key, after) =>
      entries
        .filter(({ record }) => record.key === key && record.revision > after)
        .map(({ record }) => record),
  };
}
