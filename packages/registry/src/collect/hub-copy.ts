import type { StreamMessage } from '@causeway/nats-server';
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
  /** Appends messages, all or none of them; the last carries the position. */
  append(messages: readonly StreamMessage[], created: string): Promise<void>;
}

/** Headers that say how far the copy goes; put on by the registry, never taken from a site. */
const sequenceHeader = 'Causeway-Copied-Sequence';
const createdHeader = 'Causeway-Copied-From';
const timeoutMs = 10_000;

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
  const stamped = (message: StreamMessage) => `from.${site}.${message.subject}`;
  return {
    async position() {
      try {
        const last = await manager.streams.getMessage(stream, { last_by_subj: `from.${site}.${kind}.>` });
        if (!last) return undefined;
        const sequence = Number(last.header.get(sequenceHeader));
        return { sequence, created: last.header.get(createdHeader) };
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound)
          return undefined;
        throw error;
      }
    },
    async append(messages, created) {
      const [first, ...rest] = messages;
      const last = rest.pop();
      if (!first) return;
      if (!last) {
        await js.publish(stamped(first), first.data, {
          headers: copiedHeaders(first, { created }),
          timeout: timeoutMs,
        });
        return;
      }
      const batch = await js.startBatch(stamped(first), first.data, {
        headers: copiedHeaders(first, { created }),
      });
      for (const message of rest) {
        batch.add(stamped(message), message.data, { headers: copiedHeaders(message, { created }) });
      }
      await batch.commit(stamped(last), last.data, {
        headers: copiedHeaders(last, { created }),
        timeout: timeoutMs,
      });
    },
  };
}
