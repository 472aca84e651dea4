import {
  apiPrefixOf,
  auditStream,
  collector,
  flowStream,
  readFromStart,
  type StreamMessage,
  type StreamReader,
  streamNames,
} from '@causeway/nats-server';
import { type Clock, type Logger, subjects } from '@causeway/protocol';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { type CopyPosition, type HubCopy, openHubCopy } from './hub-copy.ts';

/** Copies one of a site's streams into the hub's, from where it got to before, for ever. */
export interface SiteCollector {
  /** How far the copy goes; undefined where nothing has been copied yet. */
  readonly position: CopyPosition | undefined;
  /** Messages that were still waiting at the site when the last one came; undefined before the first. */
  readonly lag: number | undefined;
  stop(): Promise<void>;
}

/** One atomic batch holds 1,000 messages at most (NATS ADR-50), and should not grow beyond some megabytes. */
const batchMessages = 500;
const batchBytes = 4 * 1024 * 1024;
/** How long a message may wait for company. */
const gatherMs = 20;

/** A subject that a site may store under, by the grammar. What else lies there is no record and no counter. */
function isCollectable(kind: 'audit' | 'flow', subject: string): boolean {
  if (kind === 'audit') return subjects.audit.parse(subject) !== undefined;
  return subjects.flow.parse(subject) !== undefined || subjects.watermark.parse(subject) !== undefined;
}

/**
 * Starts the copying. Whatever a message says of itself, it stands under the site that it was read from. The
 * messages of a batch are stored as a whole, together with the position they reach, so that nothing is copied
 * twice and nothing is left out, whoever is killed when.
 */
export async function startSiteCollector(options: {
  site: string;
  kind: 'audit' | 'flow';
  /** A connection of its own, whose inboxes the site's server may answer to (`collectPrefix`). */
  connection: NatsConnection;
  /** Of the consoles' account, where everything collected is kept. */
  js: JetStreamClient;
  manager: JetStreamManager;
  clock: Clock;
  logger: Logger;
}): Promise<SiteCollector> {
  const { site, kind, connection, js, manager, clock } = options;
  const logger = options.logger.child({ site, collecting: kind });
  const copy: HubCopy = openHubCopy({
    js,
    manager,
    site,
    stream: kind === 'audit' ? streamNames.audit : streamNames.flow,
    kind,
  });
  let position = await copy.position();
  let lag: number | undefined;
  let gathered: StreamMessage[] = [];
  let bytes = 0;
  let refused = 0;
  let cancelFlush: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();
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
  }

  function flush(): Promise<void> {
    cancelFlush?.();
    cancelFlush = undefined;
    const messages = gathered;
    gathered = [];
    bytes = 0;
    const created = reader.created() ?? '';
    if (messages.length > 0) writing = writing.then(() => write(messages, created));
    return writing;
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
    onAnew: () => void flush(),
    async onMessage(message) {
      lag = message.pending;
      if (!isCollectable(kind, message.subject)) {
        refused += 1;
        logger.warn(
          { subject: message.subject, refused },
          'the site stored something that is no record; left there',
        );
        return;
      }
      gathered.push(message);
      bytes += message.data.length;
      if (gathered.length >= batchMessages || bytes >= batchBytes || message.pending === 0) await flush();
      else cancelFlush ??= clock.after(gatherMs, () => void flush());
    },
  });

  return {
    get position() {
      return position;
    },
    get lag() {
      return lag;
    },
    async stop() {
      stopped = true;
      cancelFlush?.();
      await reader.stop();
      await writing;
    },
  };
}
