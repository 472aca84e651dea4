import { jetstreamManager } from '@nats-io/jetstream';
import { headers as createHeaders, type NatsConnection } from 'nats';
import { until } from '../../support/until.ts';
import { connectRawLeaf, type Heard, type Interest, type RawLeafOptions } from './raw-leaf.ts';
import type { RogueEdge } from './rogue-edge.ts';

/** Which of a site's two ways into the hub: its tenant's account, or `CONTROL`. */
export type Way = 'acme' | 'control';

/** One attack's own way into the hub; what it hears is kept. */
export interface AttackLink {
  readonly heard: readonly Heard[];
  /** Interest that the hub showed; a server keeps that to itself, so only the raw program has it. */
  readonly interest: readonly Interest[];
  subscribe(subject: string, queue?: string, weight?: number): void;
  publish(
    subject: string,
    body: string,
    more?: { reply?: string; headers?: Readonly<Record<string, string>> },
  ): void;
  /** Sends on `wire` what a receiver is to see as having come on `shown`. */
  disguise(wire: string, shown: string, body: string): Promise<void>;
  /** Resolves when the hub has handled all that was sent; false where it cut the link. */
  flush(): Promise<boolean>;
  close(): Promise<void>;
}

/** Whoever has taken over the site. */
export interface Attacker {
  readonly name: string;
  open(way: Way): Promise<AttackLink>;
}

/** The reply that makes a receiver see `shown` as the message's subject. */
function disguised(shown: string): string {
  return `$JS.ACK.a.b.1.1.1.1.1@${shown}`;
}

function matches(pattern: string, subject: string): boolean {
  const have = subject.split('.');
  const want = pattern.split('.');
  for (const [index, token] of want.entries()) {
    if (token === '>') return have.length > index;
    if (token !== '*' && token !== have[index]) return false;
  }
  return want.length === have.length;
}

/** The queue groups that the hub has told of for a subject: a leaf names those that are to be served. */
export function queuesFor(interest: readonly Interest[], subject: string): string[] {
  const found = interest.filter(({ subject: pattern }) => matches(pattern, subject));
  return [...new Set(found.flatMap(({ queue }) => (queue === undefined ? [] : [queue])))];
}

/** Inboxes, but for the last token, on which the cloud listens for what it collects from the site of a link. */
export function collectInboxes(interest: readonly Interest[]): string[] {
  const all = interest.filter(({ subject }) => /^collect\.[^.]+\.[\w-]+\.\*$/.test(subject));
  return [...new Set(all.map(({ subject }) => subject.slice(0, -2)))];
}

/** The program that speaks the protocol itself. */
export function rawAttacker(
  name: string,
  base: Omit<RawLeafOptions, 'creds'>,
  creds: Readonly<Record<Way, string>>,
): Attacker {
  return {
    name,
    async open(way) {
      const leaf = await connectRawLeaf({ ...base, creds: creds[way] });
      const publish: AttackLink['publish'] = (subject, body, more = {}) => {
        const queues = queuesFor(leaf.interest, subject);
        leaf.publish(subject, body, { ...more, ...(queues.length > 0 ? { queues } : {}) });
      };
      return {
        heard: leaf.heard,
        interest: leaf.interest,
        subscribe: leaf.subscribe,
        publish,
        disguise: async (wire, shown, body) => publish(wire, body, { reply: disguised(shown) }),
        flush: leaf.flush,
        close: async () => leaf.close(),
      };
    },
  };
}

/** The owner of a rewritten edge server, as a client of it. */
export function rogueAttacker(name: string, edge: RogueEdge): Attacker {
  let streams = 0;
  return {
    name,
    async open(way) {
      const connection: NatsConnection = await edge.connect(way);
      const heard: Heard[] = [];
      return {
        heard,
        interest: [],
        subscribe(subject, queue) {
          connection.subscribe(subject, {
            ...(queue === undefined ? {} : { queue }),
            callback: (error, message) => {
              if (error) return;
              heard.push({ subject: message.subject, reply: message.reply, body: message.string() });
            },
          });
        },
        publish(subject, body, { reply, headers } = {}) {
          const fields = createHeaders();
          for (const [key, value] of Object.entries(headers ?? {})) fields.set(key, value);
          connection.publish(subject, body, {
            ...(reply === undefined ? {} : { reply }),
            ...(headers ? { headers: fields } : {}),
          });
        },
        /** A client may not name such a reply; a push consumer of one's own stream delivers likewise. */
        async disguise(wire, shown, body) {
          streams += 1;
          const stream = `DISGUISE_${streams}`;
          const jsm = await jetstreamManager(connection, { checkAPI: false });
          // A push consumer starts for a subscriber of the very subject; a wildcard over the link is none.
          const starter = connection.subscribe(wire, { callback() {} });
          await connection.flush();
          // No acknowledgement: only so may a stream take subjects of the server's own.
          await jsm.streams.add({ name: stream, subjects: [shown], no_ack: true });
          connection.publish(shown, body);
          await connection.flush();
          await jsm.consumers.add(stream, {
            durable_name: 'disguise',
            deliver_subject: wire,
            ack_policy: 'explicit',
          });
          // Delivered to nobody here, or over the link; either way the stream goes afterwards.
          await until(
            'the push consumer has tried',
            async () => {
              const { delivered } = await jsm.consumers.info(stream, 'disguise');
              return delivered.stream_seq > 0;
            },
            { timeout: 1_000 },
          ).catch(() => false);
          await jsm.streams.delete(stream);
          starter.unsubscribe();
        },
        async flush() {
          await connection.flush();
          // A second round trip: by then what the first brought in has crossed the link and come back.
          await new Promise((resolve) => setTimeout(resolve, 150));
          await connection.flush();
          return true;
        },
        close: () => connection.close(),
      };
    },
  };
}
