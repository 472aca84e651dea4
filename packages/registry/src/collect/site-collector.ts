import {
  apiPrefixOf,
  auditStream,
  collector,
  flowStream,
  readFromStart,
  type StreamMessage,
  type StreamReader,
} from '@causeway/nats-server';
import type { Clock, Logger } from '@causeway/protocol';
import { type LogRate, rateLimitedLogger } from '@causeway/transport';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { createAdmission } from './admission.ts';
import { type CopyPosition, type HubCopy, openHubCopy } from './hub-copy.ts';

/** Copies one of a site's streams into the hub's, from where it got to before, for ever. */
export interface SiteCollector {
  /** How far the copy goes; undefined where nothing has been copied yet. */
  readonly position: CopyPosition | undefined;
  /** Messages that were still waiting at the site when the last one came; undefined before the first. */
  readonly lag: number | undefined;
  /** Messages that were not collected since this registry began, for they speak of others or are none of ours. */
  readonly refused: number;
  stop(): Promise<void>;
}

/** One atomic batch holds 1,000 messages at most (NATS ADR-50), and should not grow beyond some megabytes. */
const batchMessages = 500;
const batchBytes = 4 * 1024 * 1024;
/** How long a message may wait for company. */
const gatherMs = 20;
/** What a site that is taken over can make the registry write. */
const perStream: LogRate = { lines: 30, periodMs: 60_000 };

/**
 * Starts the copying. Whatever a message says of itself, it stands under the site that it was read from; and where it
 * speaks of another site or of a tenant that is not at this one, it is left out (`createAdmission`). The messages of
 * a batch are stored as a whole, together with the position they reach, so that nothing is copied twice and nothing
 * is left out, whoever is killed when.
 *
 * What is refused leaves no trace at the hub: the next message that is taken says a position beyond it. Until then a
 * registry that starts again reads it again, and refuses it again.
 */
export async function startSiteCollector(options: {
  site: string;
  kind: 'audit' | 'flow';
  /** A connection of its own, whose inboxes the site's server may answer to (`collectPrefix`). */
  connection: NatsConnection;
  /** Of the consoles' account, where everything collected is kept. */
  js: JetStreamClient;
  manager: JetStreamManager;
  /** Whether a tenant is at the site, as the fabric's documents say. */
  admits: (tenant: string) => boolean;
  clock: Clock;
  logger: Logger;
}): Promise<SiteCollector> {
  const { site, kind, connection, js, manager, admits, clock } = options;
  const logger = rateLimitedLogger(options.logger.child({ site, collecting: kind }), clock, perStream);
  const copy: HubCopy = openHubCopy({ js, manager, site, kind });
  let position = await copy.position();
  const admission = createAdmission({ site, kind, admits, known: await copy.subjects() });
  let lag: number | undefined;
  let gathered: StreamMessage[] = [];
  let bytes = 0;
  let refused = 0;
  let cancelFlush: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();
  let writes = 0;
  let stopped = false;
  let reader: StreamReader;

  /** Stores what was gathered. After a doubtful try it looks how far the copy goes before it tries again. */
  async function write(messages: StreamMessage[], created: string): Promise<void> {
    let doubtful = false;
    for (let wait = 50; !stopped; wait = Math.min(2_000, wait * 2)) {
      try {
        if (doubtful) {
          // Not again before it is known: what was stored and not acknowledged must not be stored twice.
          const reached = await copy.position();
          if (reached?.created === created && reached.sequence >= (messages.at(-1)?.sequence ?? 0)) break;
        }
        doubtful = true;
        await copy.append(messages, created);
        break;
      } catch (err) {
        logger.warn({ err, messages: messages.length }, 'not stored in the cloud; trying again');
      }
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
    const last = messages.at(-1);
    if (last && !stopped) position = { sequence: last.sequence, created };
    writes -= 1;
  }

  function flush(): Promise<void> {
    cancelFlush?.();
    cancelFlush = undefined;
    const messages = gathered;
    gathered = [];
    bytes = 0;
    const created = reader.created() ?? '';
    if (messages.length > 0) {
      writes += 1;
      writing = writing.then(() => write(messages, created));
    }
    return writing;
  }

  /** Flushes after a moment; where the cloud is slow, later, so that batches grow instead of queueing up. */
  function flushSoon(): void {
    cancelFlush ??= clock.after(gatherMs, () => {
      cancelFlush = undefined;
      if (writes === 0) void flush();
      else flushSoon();
    });
  }

  reader = readFromStart({
    connection,
    stream: kind === 'audit' ? auditStream(site) : flowStream(site),
    consumer: collector,
    apiPrefix: apiPrefixOf(site),
    clock,
    log: logger,
    ...(position === undefined ? {} : { from: position.sequence + 1, created: position.created }),
    // What was gathered is of the stream before: `created` still says so.
    onAnew: flush,
    async onMessage(message) {
      lag = message.pending;
      const refusal = admission.refusal(message);
      if (refusal !== undefined) {
        refused += 1;
        const { subject } = message;
        logger.warn(
          { subject, refusal, refused },
          'the site stored what is not for it to say; not collected',
        );
        return;
      }
      gathered.push(message);
      bytes += message.data.length;
      if (gathered.length >= batchMessages || bytes >= batchBytes || message.pending === 0) await flush();
      else flushSoon();
    },
  });

  return {
    get position() {
      return position;
    },
    get lag() {
      return lag;
    },
    get refused() {
      return refused;
    },
    async stop() {
      stopped = true;
      cancelFlush?.();
      await reader.stop();
      await writing;
    },
  };
}
