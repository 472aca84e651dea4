import { publishBatch, type StreamMessage } from '@causeway/nats-server';
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

/** Headers of a message that are copied: Causeway's own, but none that mean something to the hub's server. */
function copiedHeaders(message: StreamMessage, site: { created: string }): MsgHdrs {
  const headers = createHeaders();
  for (const name of message.headers?.keys() ?? []) {
    if (!name.startsWith('Causeway-') || name === sequenceHeader || name === createdHeader) continue;
    headers.set(name, message.headers?.get(name) ?? '');
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
  /** Of the hub. */
  stream: string;
  /** `audit` or `flow`: the first token of the site's subjects. */
  kind: 'audit' | 'flow';
}): HubCopy {
  const { js, manager, site, stream, kind } = options;
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
