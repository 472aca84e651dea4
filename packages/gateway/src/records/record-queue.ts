import { countOf, recordLine } from '@causeway/audit';
import type { AuditRecord } from '@causeway/protocol';

/** A record on its way into a block. */
export interface QueuedRecord {
  readonly record: AuditRecord;
  readonly line: string;
  /** Names what it adds to in the counters. */
  readonly group: string;
  /** What waits for it to be stored; undefined where nothing does. */
  readonly waiters: readonly (() => void)[] | undefined;
}

/** Records of one class that wait for a block, in their order. */
export interface RecordQueue {
  /** Adds a record. False where it was folded into one that waits already, and takes no room of its own. */
  add(record: AuditRecord, group: string, stored?: () => void): boolean;
  /** Takes what goes into the next block. */
  take(): QueuedRecord[];
  /** Puts back what was taken and could not be stored. */
  putBack(items: readonly QueuedRecord[]): void;
  readonly length: number;
}

interface Item {
  record: AuditRecord;
  /** Undefined where it was folded since. */
  line: string | undefined;
  readonly group: string;
  readonly key: string | undefined;
  waiters: (() => void)[] | undefined;
}

/** Bounds of one block: its records, its bytes, and the counters it touches (one atomic batch holds 1,000). */
export const maxBlockRecords = 512;
const maxBlockBytes = 256 * 1024;
const maxBlockGroups = 120;

/**
 * With so many waiting, the refusals of one caller are folded: who floods must neither fill the room that others need
 * for their records, nor be counted wrong.
 */
const foldBeyond = 2_000;

/** Creates the queue, empty. */
export function createRecordQueue(): RecordQueue {
  const items: Item[] = [];
  const folds = new Map<string, Item>();

  return {
    add(record, group, stored) {
      const key = items.length >= foldBeyond ? foldKey(record) : undefined;
      const waiting = key === undefined ? undefined : folds.get(key);
      if (waiting) {
        waiting.record = folded(waiting.record, record);
        waiting.line = undefined;
        if (stored) {
          waiting.waiters ??= [];
          waiting.waiters.push(stored);
        }
        return false;
      }
      const waiters = stored && [stored];
      const item: Item = { record, line: recordLine(record), group, key, waiters };
      items.push(item);
      if (key !== undefined) folds.set(key, item);
      return true;
    },
    take() {
      const groups = new Set<string>();
      const taken: QueuedRecord[] = [];
      let bytes = 0;
      for (const { record, line = recordLine(record), group, waiters } of items) {
        groups.add(group);
        bytes += line.length + 1;
        const over =
          taken.length === maxBlockRecords || bytes > maxBlockBytes || groups.size > maxBlockGroups;
        if (taken.length > 0 && over) break;
        taken.push({ record, line, group, waiters });
      }
      for (const { key } of items.splice(0, taken.length)) if (key !== undefined) folds.delete(key);
      return taken;
    },
    putBack(back) {
      items.unshift(
        ...back.map((item) => ({ ...item, waiters: item.waiters && [...item.waiters], key: undefined })),
      );
    },
    get length() {
      return items.length;
    },
  };
}

/**
 * Equal for refusals that may stand in one record, undefined for what is none. What a caller can make up is left out
 * where the counters leave it out: an endpoint or an API that does not exist, and all that it reports itself.
 */
function foldKey({ from, to, decision, code, instance }: AuditRecord): string | undefined {
  if (code === 'OK' || instance !== undefined) return undefined;
  const who = `${from.site}.${from.service}.${decision}.${code}`;
  if (decision === 'reported') return who;
  const madeUp = code === 'NO_ROUTE' || code === 'NO_SUCH_ENDPOINT';
  return `${who}.${to.service}.v${to.major}.${madeUp ? '' : to.endpoint}`;
}

/** The first of them, standing for both; sizes and durations are those of the mean call. */
function folded(first: AuditRecord, more: AuditRecord): AuditRecord {
  const [before, added] = [countOf(first), countOf(more)];
  const count = before + added;
  const mean = (a: number, b: number) => Math.round((a * before + b * added) / count);
  return {
    ...first,
    count,
    requestBytes: mean(first.requestBytes, more.requestBytes),
    replyBytes: mean(first.replyBytes, more.replyBytes),
    durationMicros: mean(first.durationMicros, more.durationMicros),
  };
}
