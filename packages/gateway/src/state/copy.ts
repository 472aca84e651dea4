import { maxBatchMessages, publishBatch, streamNames } from '@causeway/nats-server';
import {
  buckets,
  CausewayError,
  type Clock,
  type CompiledReply,
  type CompiledRequest,
  check,
  compiledKeys,
  decodeJson,
  encodeJson,
  type Logger,
  type Messages,
} from '@causeway/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';
import { headers as createHeaders } from 'nats';
import type { SiteState } from './site-state.ts';

/** An edge's own copy of its part of `compiled`: what it lives on when the cloud is gone. */
export interface CompiledCopy {
  /** Something changed, or may have: asks the registry for what is not here yet. */
  refresh(): void;
  /** The registry is at this revision of this bucket: refreshes where the site is not. */
  heard(registry: {
    readonly revision: number;
    readonly bucket?: string;
    /** Of the last change for the site; one of the same revision has another. */
    readonly position?: number;
  }): void;
  close(): void;
}

/** Of the cloud's gateway, which reads the hub's own bucket: there is nothing to copy. */
export const cloudCopy: CompiledCopy = { refresh() {}, heard() {}, close() {} };

type PositionMark = Messages['PositionMark'];

interface Write {
  readonly key: string;
  /** Undefined deletes the key. */
  readonly value: unknown;
}

/** Entries that are stored at once, with the position. */
const batchEntries = maxBatchMessages - 1;
const firstRetryMs = 100;
const longestRetryMs = 2_000;
/** The failure in a row that is worth a warning: a registry that restarts does not answer once or twice. */
const warnAt = 3;

/**
 * Creates the copy. The site asks, the registry answers: nothing that JetStream at the hub would act on has to be
 * allowed to an edge for it (ADR 0008). How far the copy goes is read from the stream itself each time, so that a
 * stream that was made anew, by whomever, is filled from the start.
 */
export function createCompiledCopy(options: {
  site: string;
  /** JetStream of the site, with the broker's rights. */
  manager: JetStreamManager;
  state: Pick<SiteState, 'revision' | 'keys'>;
  ask: (since: Omit<CompiledRequest, 'gateway'>) => Promise<CompiledReply>;
  clock: Clock;
  logger: Logger;
}): CompiledCopy {
  const { site, manager, state, ask, clock, logger } = options;
  const js = manager.jetstream();
  const subjectOf = (key: string) => `$KV.${buckets.compiled}.${site}.${key}`;
  /** The bucket that the copy is of, as far as it was looked up. */
  let bucket: string | undefined;
  /** How far it goes there. */
  let position: number | undefined;
  let wanted = false;
  let running = false;
  let closed = false;

  /** How far the copy goes, and the sequence under which that is stored: 0 where it is not. */
  async function stored(): Promise<{ mark: PositionMark; sequence: number }> {
    const query = { last_by_subj: subjectOf(compiledKeys.position) };
    const message = await manager.streams.getMessage(streamNames.compiled, query);
    const mark = message && check('PositionMark', decodeJson(message.data));
    return { mark: mark?.value ?? { position: 0 }, sequence: message?.seq ?? 0 };
  }

  /**
   * Stores entries with the position that they reach, all or none of them, and resolves with the sequence of the
   * position. Where the last position is not the expected one any more, the stream is another, or a write that was
   * given up came late after all: rejects then.
   */
  async function store(writes: readonly Write[], mark: PositionMark, expected: number): Promise<number> {
    const messages = [...writes, { key: compiledKeys.position, value: mark }].map(({ key, value }) => {
      const headers = createHeaders();
      if (value === undefined) headers.set('KV-Operation', 'DEL');
      if (key === compiledKeys.position) headers.set('Nats-Expected-Last-Subject-Sequence', String(expected));
      return {
        subject: subjectOf(key),
        payload: value === undefined ? new Uint8Array() : encodeJson(value),
        headers,
      };
    });
    return (await publishBatch(js, messages)).seq;
  }

  /** Takes in one change, however many replies it comes in. */
  async function takeIn(): Promise<void> {
    let { mark: since, sequence } = await stored();
    bucket = since.bucket;
    let listed: Set<string> | undefined;
    for (;;) {
      const { position: from, ...of } = since;
      const reply = await ask({ since: from, ...of });
      if (reply.full) listed = new Set();
      for (const { key } of reply.entries) listed?.add(key);
      const writes: Write[] = reply.entries.map(({ key, value }) => ({ key, value }));
      if (!reply.more && listed) {
        // What a whole table does not list is void.
        for (const key of state.keys) if (!listed.has(key)) writes.unshift({ key, value: undefined });
      }
      // Until a whole table is here with its deletions, the copy counts as empty: cut short, all of it comes again.
      const upTo = markOf(listed && reply.more ? 0 : reply.position, reply.bucket);
      const unfinished = markOf(0, reply.bucket);
      const news = writes.length > 0 || upTo.position !== from || upTo.bucket !== since.bucket;
      for (let begin = 0; news && (begin === 0 || begin < writes.length); begin += batchEntries) {
        const until = begin + batchEntries;
        const mark = until < writes.length ? unfinished : upTo;
        sequence = await store(writes.slice(begin, until), mark, sequence);
      }
      if (writes.length > 0) {
        logger.info({ position: reply.position, entries: writes.length }, 'change from the registry stored');
      }
      bucket = reply.bucket;
      since = markOf(reply.position, reply.bucket);
      position = reply.position;
      if (!reply.more) return;
    }
  }

  async function run(): Promise<void> {
    running = true;
    let failures = 0;
    for (let wait = firstRetryMs; wanted && !closed; ) {
      wanted = false;
      try {
        await takeIn();
        wait = firstRetryMs;
        failures = 0;
      } catch (err) {
        wanted = true;
        failures += 1;
        const level = failures === warnAt ? 'warn' : 'debug';
        logger[level]({ err, failures }, 'change from the registry not taken in; trying again');
        // A registry that is asked too much says for how long.
        const told = err instanceof CausewayError ? err.retryAfter : undefined;
        await new Promise<void>((resolve) => clock.after(told ?? wait, resolve));
        wait = Math.min(longestRetryMs, wait * 2);
      }
    }
    running = false;
  }

  function refresh(): void {
    wanted = true;
    if (!running) void run();
  }

  return {
    refresh,
    heard(registry) {
      const further = registry.position !== undefined && registry.position !== position;
      if (further || registry.revision !== state.revision || registry.bucket !== bucket) refresh();
    },
    close() {
      closed = true;
    },
  };
}

/** A position in a bucket, which a registry of an earlier version does not name. */
function markOf(position: number, bucket: string | undefined): PositionMark {
  return bucket === undefined ? { position } : { position, bucket };
}
