import { publishBatch, type StreamMessage, streamNames } from '@causeway/nats-server';
import { blockHeaders, throughHeader } from '@causeway/protocol';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { headers as createHeaders, type MsgHdrs } from 'nats';

/** How far a site's stream has been copied. */
export interface CopyPosition {
  /** Sequence in the site's stream. */
  readonly sequence: number;
  /** When the consumer was made through which it was read: tells a stream made anew. */
  readonly created: string;
}

/** The copy of one site's stream in one of the hub's. */
export interface HubCopy {
  /** How far it goes; undefined where nothing has been copied. */
  position(): Promise<CopyPosition | undefined>;
  /** The subjects it has messages of, as the site names them. */
  subjects(): Promise<readonly string[]>;
  /**
   * Appends messages, all or none of them, each with the position it reaches. They go right after what `position`
   * last told and `append` last added: a try that was given up and arrives late after all, or another registry,
   * makes this reject (WrongLastSequence), and nothing is stored twice.
   */
  append(messages: readonly StreamMessage[], created: string): Promise<void>;
}

/** Headers that say how far the copy goes; put on by the registry, never taken from a site. */
const sequenceHeader = 'Causeway-Copied-Sequence';
const createdHeader = 'Causeway-Copied-From';
const timeoutMs = 10_000;
const expectedHeader = 'Nats-Expected-Last-Subject-Sequence';
const expectedSubjectHeader = 'Nats-Expected-Last-Subject-Sequence-Subject';

/** What is copied of a message's headers; a list, so that neither their number nor their names are the site's. */
const copiedNames: readonly string[] = [...Object.values(blockHeaders), throughHeader];

function copiedHeaders(message: StreamMessage, site: { created: string }): MsgHdrs {
  const headers = createHeaders();
  for (const name of copiedNames) {
    const value = message.headers?.get(name);
    if (value) headers.set(name, value);
  }
  headers.set(sequenceHeader, String(message.sequence));
  headers.set(createdHeader, site.created);
  return headers;
}

/** Opens the copy of a site's stream: its messages stand under `from.<site>.…` in the hub's stream. */
export function openHubCopy(options: {
  js: JetStreamClient;
  manager: JetStreamManager;
  site: string;
  /** The first token of the site's subjects; of the hub's streams it is `AUDIT` or `FLOW`. */
  kind: 'audit' | 'flow';
}): HubCopy {
  const { js, manager, site, kind } = options;
  const stream = kind === 'audit' ? streamNames.audit : streamNames.flow;
  const ofSite = `from.${site}.${kind}.>`;
  /** Sequence in the hub's stream of the last message that is this site's; 0 where there is none. */
  let tail = 0;
  const stamped = (message: StreamMessage) => `from.${site}.${message.subject}`;
  return {
    async position() {
      tail = 0;
      try {
        const last = await manager.streams.getMessage(stream, { last_by_subj: ofSite });
        if (!last) return undefined;
        tail = last.seq;
        const sequence = Number(last.header.get(sequenceHeader));
        return { sequence, created: last.header.get(createdHeader) };
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound)
          return undefined;
        throw error;
      }
    },
    async subjects() {
      const { state } = await manager.streams.info(stream, { subjects_filter: ofSite });
      const stamp = `from.${site}.`;
      return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(stamp.length));
    },
    async append(messages, created) {
      const copies = messages.map((message) => ({
        subject: stamped(message),
        payload: message.data,
        headers: copiedHeaders(message, { created }),
      }));
      copies[0]?.headers.set(expectedHeader, String(tail));
      copies[0]?.headers.set(expectedSubjectHeader, ofSite);
      tail = (await publishBatch(js, copies, { timeoutMs })).seq;
    },
  };
}
