import { createFlowSums } from '@causeway/audit';
import type { Clock, Logger } from '@causeway/protocol';
import type { StoredBlock } from '../records/chain.ts';

/** Commits increments to the site's counter stream, all or nothing. */
export interface FlowStore {
  /** Adds to the counters named by subject, and `advance` to the chain's watermark, as one atomic batch. */
  commit(increments: ReadonlyMap<string, number>, advance: number, through: number): Promise<void>;
  /**
   * The watermark, the number of the chain's last block that the counters hold, after all that was sent before has been committed or is lost for good. It adds nothing to the
   * counter itself, so that the stream answers in order; `through` stands with it as with a commit.
   */
  settled(through: number): Promise<number>;
}

/** Writes what stored blocks add to the counters, at most once a second (ADR 0006). */
export interface FlowWriter {
  add(block: StoredBlock): void;
  /** Writes what is due now; resolves when it is in the stream. */
  flush(): Promise<void>;
  /** The stream sequence of the last block the counters hold: what lies beyond must not be purged. */
  readonly countedThrough: number;
  close(): void;
}

const writeEveryMs = 1_000;
/** One atomic batch holds 1,000 messages at most; one of them is the watermark. */
const maxSubjects = 990;

/** Creates the writer, going on from a watermark. */
export function createFlowWriter(options: {
  start: number;
  countedThrough: number;
  store: FlowStore;
  clock: Clock;
  logger: Logger;
}): FlowWriter {
  const { store, clock, logger } = options;
  const due: StoredBlock[] = [];
  let counted = options.start;
  /** What the watermark said last: it is below `counted` where the counters were lost. */
  let marked = options.start;
  let countedThrough = options.countedThrough;
  let writing: Promise<void> | undefined;
  /** A batch was sent, and it is not known whether it was committed. */
  let doubtful = false;

  /** Sums as many blocks from the front as one batch can hold. */
  function nextBatch(): { blocks: StoredBlock[]; sums: Map<string, number> } {
    const sums = new Map<string, number>();
    const blocks: StoredBlock[] = [];
    for (const block of due) {
      const ofBlock = createFlowSums();
      for (const record of block.records) ofBlock.add(record);
      const increments = ofBlock.drain();
      let added = 0;
      for (const subject of increments.keys()) if (!sums.has(subject)) added += 1;
      if (blocks.length > 0 && sums.size + added > maxSubjects) break;
      for (const [subject, value] of increments) sums.set(subject, (sums.get(subject) ?? 0) + value);
      blocks.push(block);
    }
    return { blocks, sums };
  }

  function dropCounted(blocks: readonly StoredBlock[]): void {
    const through = blocks.at(-1);
    if (!through) return;
    counted = through.seq;
    countedThrough = through.streamSeq;
    due.splice(0, blocks.length);
  }

  /**
   * A batch may have been committed although its answer was lost: the watermark knows. Nothing more is written
   * before it has been read, or what it holds would be counted twice.
   */
  async function settleDoubt(): Promise<void> {
    marked = await store.settled(countedThrough);
    if (marked < counted) {
      logger.error({ marked, counted }, 'the counters were lost; what they held is in the records alone');
    }
    dropCounted(due.filter((block) => block.seq <= marked));
    doubtful = false;
  }

  async function writeAll(): Promise<void> {
    if (doubtful) await settleDoubt();
    while (due.length > 0) {
      const { blocks, sums } = nextBatch();
      const through = blocks.at(-1) as StoredBlock;
      try {
        doubtful = true;
        // A block's number, not how many were added up: a block that cannot be read leaves a gap.
        await store.commit(sums, through.seq - marked, through.streamSeq);
        marked = through.seq;
        doubtful = false;
        dropCounted(blocks);
      } catch (err) {
        await settleDoubt();
        if (counted >= through.seq) continue;
        logger.warn({ err, counted }, 'counters not written; trying again');
        return;
      }
    }
  }

  function write(): Promise<void> {
    writing ??= writeAll()
      .catch((err: unknown) => logger.warn({ err, counted }, 'counters not written; trying again'))
      .finally(() => {
        writing = undefined;
      });
    return writing;
  }

  const stop = clock.every(writeEveryMs, () => void write());
  return {
    add(block) {
      due.push(block);
    },
    async flush() {
      await write();
      if (due.length > 0) await write();
    },
    get countedThrough() {
      return countedThrough;
    },
    close: stop,
  };
}
