import { classOf, type SealedBlock, sealBlock } from '@causeway/audit';
import type { AuditRecord, Clock, Logger } from '@causeway/protocol';
import { createRecordQueue, maxBlockRecords, type RecordQueue } from './record-queue.ts';

/** Where a chain stands: the number and hash of its last stored block, and where that is in the site's stream. */
export interface ChainPosition {
  readonly seq: number;
  readonly hash: string;
  /** 0 where the stream holds no block of the chain. */
  readonly streamSeq: number;
}

/** A block that the site's stream has stored. */
export interface StoredBlock {
  readonly seq: number;
  /** Its sequence in the site's stream. */
  readonly streamSeq: number;
  readonly records: readonly AuditRecord[];
}

/** Stores blocks in the site's own stream. */
export interface BlockStore {
  /**
   * Resolves with the stream's sequence once the block is stored; rejects where that is not known, and where the
   * chain's last block in the stream is not the one at `after`: what another process stored is never passed over.
   */
  store(block: SealedBlock, after: number): Promise<number>;
  /** The chain's last block in the stream. */
  last(): Promise<(StoredBlock & { readonly hash: string }) | undefined>;
}

/** The records of one tenant at one gateway, as a chain of signed blocks. */
export interface Chain {
  /**
   * Adds a record to the next block. `group` names what it adds to in the counters. Where very many wait, a caller's
   * refusals go together, into records that say how many they stand for. `stored` runs once the record is in the
   * stream, and never where that does not come about; its block does not wait for others to join it.
   */
  add(record: AuditRecord, group: string, stored?: () => void): void;
  /** True while no call may be made, because it could not be recorded: the buffer is full, or the chain is lost. */
  readonly full: boolean;
  /** Records that wait to be stored. */
  readonly waiting: number;
  readonly position: ChainPosition;
  /** Resolves when all that was added has been stored. */
  flushed(): Promise<void>;
  /** Stops trying. What waits is lost, unless `flushed` was awaited. */
  close(): void;
}

type RecordClass = 'access' | 'refusal';

/** What came of storing a block. */
type Outcome =
  | { readonly own: true; readonly streamSeq: number }
  | { readonly own: false; readonly last: StoredBlock & { readonly hash: string } };

/** A record joins a block within this many milliseconds. */
const flushMs = 4;
/** Records that may wait while the stream does not answer; beyond it calls are refused. */
const maxWaiting = 20_000;
const firstRetryMs = 50;
const longestRetryMs = 2_000;

/** Creates the chain, going on from `start`. */
export function createChain(options: {
  tenant: string;
  site: string;
  gateway: string;
  start: ChainPosition;
  store: BlockStore;
  sign: (bytes: Uint8Array) => Uint8Array;
  onStored: (block: StoredBlock) => void;
  clock: Clock;
  logger: Logger;
}): Chain {
  const { tenant, site, gateway, store, sign, onStored, clock, logger } = options;
  const waiting: Record<RecordClass, RecordQueue> = {
    access: createRecordQueue(),
    refusal: createRecordQueue(),
  };
  let position = options.start;
  let count = 0;
  /** Replies that wait for a record to be stored. */
  let awaited = 0;
  let storing = false;
  /** Another process writes this chain: nothing is stored here until this one is started again. */
  let lost = false;
  let closed = false;
  let lastKind: RecordClass = 'refusal';
  let cancelTimer: (() => void) | undefined;
  let idle: (() => void)[] = [];

  /**
   * Stores one block, for as long as it takes. Never twice: after a doubtful try it looks first, and the stream
   * takes a block only right after the one that it follows. Resolves with what is stored under the block's number:
   * this block, or one of another process.
   */
  async function persist(block: SealedBlock): Promise<Outcome | undefined> {
    const seq = position.seq + 1;
    let after = position.streamSeq;
    let doubtful = false;
    for (let wait = firstRetryMs; !closed; wait = Math.min(wait * 2, longestRetryMs)) {
      try {
        if (doubtful) {
          const last = await store.last();
          if (last?.hash === block.hash) return { own: true, streamSeq: last.streamSeq };
          if (last && last.seq >= seq) return { own: false, last };
          after = last?.streamSeq ?? 0;
        }
        doubtful = true;
        return { own: true, streamSeq: await store.store(block, after) };
      } catch (err) {
        logger.warn({ err, tenant, seq, waiting: count }, 'block not stored; trying again');
      }
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
    return undefined;
  }

  /**
   * Goes on after a block that this process did not store: the one that the process before it had sent when it was
   * killed. More than one means that another is alive, and the two would swallow each other's records.
   */
  function follow(last: StoredBlock & { hash: string }): void {
    if (last.seq > position.seq + 1) {
      lost = true;
      logger.error(
        { tenant, seq: last.seq, expected: position.seq + 1, waiting: count },
        'another process writes this chain; end the other one and start this one again',
      );
      return;
    }
    logger.warn(
      { tenant, seq: last.seq },
      'a block of the process before this one arrived late; going on after it',
    );
    position = { seq: last.seq, hash: last.hash, streamSeq: last.streamSeq };
    onStored(last);
  }

  /** The class of the next block: both have their turn, or a steady stream of one would starve the other. */
  function nextKind(): RecordClass {
    const other = lastKind === 'access' ? 'refusal' : 'access';
    return waiting[other].length > 0 ? other : lastKind;
  }

  function wakeWaiters(): void {
    for (const resolve of idle) resolve();
    idle = [];
  }

  async function run(): Promise<void> {
    storing = true;
    try {
      for (;;) {
        const kind = nextKind();
        lastKind = kind;
        const items = waiting[kind].take();
        if (items.length === 0 || closed || lost) break;
        const block = sealBlock(
          {
            tenant,
            site,
            gateway,
            class: kind,
            seq: position.seq + 1,
            prev: position.hash,
            records: items.map((item) => item.record),
            lines: items.map((item) => item.line),
          },
          sign,
        );
        const outcome = await persist(block);
        if (!outcome) break;
        if (!outcome.own) {
          waiting[kind].putBack(items);
          follow(outcome.last);
          if (lost) break;
          continue;
        }
        const { streamSeq } = outcome;
        position = { seq: position.seq + 1, hash: block.hash, streamSeq };
        count -= items.length;
        onStored({ seq: position.seq, streamSeq, records: items.map((item) => item.record) });
        for (const { waiters = [] } of items) {
          awaited -= waiters.length;
          for (const stored of waiters) stored();
        }
        // What came meanwhile waits its milliseconds too: fewer, fuller blocks cost less to sign and store.
        if (count < maxBlockRecords && awaited === 0) break;
      }
    } finally {
      storing = false;
      if (count === 0 || closed || lost) wakeWaiters();
      else schedule();
    }
  }

  /** `sooner`: a timer that runs was set when nobody waited for a record, and now somebody does. */
  function schedule(sooner = false): void {
    if (storing || closed || lost) return;
    if (cancelTimer && !sooner) return;
    cancelTimer?.();
    cancelTimer = clock.after(awaited > 0 ? 0 : flushMs, () => {
      cancelTimer = undefined;
      if (!storing) void run();
    });
  }

  return {
    add(record, group, stored) {
      const kind = classOf(record) === 'access' ? 'access' : 'refusal';
      if (waiting[kind].add(record, group, stored)) count += 1;
      if (stored) awaited += 1;
      schedule(stored !== undefined && awaited === 1);
    },
    get full() {
      return lost || count >= maxWaiting;
    },
    get waiting() {
      return count;
    },
    get position() {
      return position;
    },
    flushed() {
      return count === 0 || closed || lost ? Promise.resolve() : new Promise((resolve) => idle.push(resolve));
    },
    close() {
      closed = true;
      cancelTimer?.();
      if (!storing) wakeWaiters();
    },
  };
}
