import { maxBatchMessages, publishBatch } from '@causeway/nats-server';
import {
  buckets,
  type Clock,
  type CompiledReply,
  compiledKeys,
  encodeJson,
  type Logger,
} from '@causeway/protocol';
import type { JetStreamClient } from '@nats-io/jetstream';
import { headers as createHeaders } from 'nats';
import type { SiteState } from './site-state.ts';

/** An edge's own copy of its part of `compiled`: what it lives on when the cloud is gone. */
export interface CompiledCopy {
  /** Something changed, or may have: asks the registry for what is not here yet. */
  refresh(): void;
  close(): void;
}

interface Write {
  readonly key: string;
  /** Undefined deletes the key. */
  readonly value: unknown;
}

/** Entries that are stored at once, with the position. */
const batchEntries = maxBatchMessages - 1;
const firstRetryMs = 100;
const longestRetryMs = 2_000;

/** Stores entries with the position that they reach, as a whole. */
async function store(js: JetStreamClient, site: string, writes: readonly Write[]): Promise<void> {
  const messages = writes.map(({ key, value }) => {
    const headers = createHeaders();
    if (value === undefined) headers.set('KV-Operation', 'DEL');
    return {
      subject: `$KV.${buckets.compiled}.${site}.${key}`,
      payload: value === undefined ? new Uint8Array() : encodeJson(value),
      headers,
    };
  });
  await publishBatch(js, messages);
}

/**
 * Creates the copy. The site asks, the registry answers: nothing that JetStream at the hub would act on has to be
 * allowed to an edge for it (ADR 0008).
 */
export function createCompiledCopy(options: {
  site: string;
  /** JetStream of the site, with the broker's rights. */
  js: JetStreamClient;
  state: SiteState;
  ask: (since: number) => Promise<CompiledReply>;
  clock: Clock;
  logger: Logger;
}): CompiledCopy {
  const { site, js, state, ask, clock, logger } = options;
  let position: number | undefined;
  let wanted = false;
  let running = false;
  let closed = false;

  /** Takes in one change, however many replies it comes in. */
  async function takeIn(): Promise<void> {
    let since = position ?? state.position;
    let listed: Set<string> | undefined;
    for (;;) {
      const reply = await ask(since);
      if (reply.full) listed = new Set();
      for (const { key } of reply.entries) listed?.add(key);
      const writes: Write[] = reply.entries.map(({ key, value }) => ({ key, value }));
      if (!reply.more && listed) {
        // What a whole table does not list is void.
        for (const key of state.keys) {
          if (!listed.has(key) && key !== compiledKeys.position) writes.unshift({ key, value: undefined });
        }
      }
      // Until a whole table is here with its deletions, the copy counts as empty: cut short, all of it comes again.
      const reached = listed && reply.more ? 0 : reply.position;
      for (let start = 0; start < writes.length; start += batchEntries) {
        const end = start + batchEntries;
        await store(js, site, [
          ...writes.slice(start, end),
          { key: compiledKeys.position, value: { position: end < writes.length ? 0 : reached } },
        ]);
      }
      if (writes.length > 0) {
        logger.info({ position: reply.position, entries: writes.length }, 'change from the registry stored');
      }
      position = reached;
      since = reply.position;
      if (!reply.more) return;
    }
  }

  async function run(): Promise<void> {
    running = true;
    for (let wait = firstRetryMs; wanted && !closed; ) {
      wanted = false;
      try {
        await takeIn();
        wait = firstRetryMs;
      } catch (err) {
        wanted = true;
        logger.debug({ err }, 'change from the registry not taken in; trying again');
        await new Promise<void>((resolve) => clock.after(wait, resolve));
        wait = Math.min(longestRetryMs, wait * 2);
      }
    }
    running = false;
  }

  return {
    refresh() {
      wanted = true;
      if (!running) void run();
    },
    close() {
      closed = true;
    },
  };
}
