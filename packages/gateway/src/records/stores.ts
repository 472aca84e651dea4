import { isAccess, parseBlock, type SealedBlock } from '@causeway/audit';
import { publishBatch } from '@causeway/nats-server';
import { subjects, throughHeader } from '@causeway/protocol';
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type PubAck,
} from '@nats-io/jetstream';
import { headers as createHeaders, type MsgHdrs, type NatsConnection } from 'nats';
import type { FlowStore } from '../counters/flow-writer.ts';
import type { BlockStore, StoredBlock } from './chain.ts';

const publishTimeoutMs = 5_000;

/** The header by which a counter's stream adds (NATS ADR-49). */
function incrementOf(value: number): MsgHdrs {
  const headers = createHeaders();
  headers.set('Nats-Incr', `+${value}`);
  return headers;
}

/** The stores of one gateway, in its site's own streams. */
export interface Stores {
  blocks(tenant: string): BlockStore;
  flow(tenant: string): FlowStore & {
    /** Stream sequence of the last block that the counters hold; 0 where none was counted yet. */
    countedThrough(): Promise<number>;
  };
}

/** Opens the stores. Nothing is asked of the stream yet: whether it answers, the first use tells. */
export async function openStores(options: {
  connection: NatsConnection;
  site: string;
  gateway: string;
  streams: { audit: string; flow: string };
}): Promise<Stores> {
  const { connection, site, gateway, streams } = options;
  const js: JetStreamClient = jetstream(connection, { timeout: publishTimeoutMs });
  // No check of the account: the gateway has no right to ask, and needs none.
  const manager: JetStreamManager = await jetstreamManager(connection, { checkAPI: false });

  function blocks(tenant: string): BlockStore {
    return {
      async store(block: SealedBlock, after: number) {
        const headers = createHeaders();
        for (const [name, value] of Object.entries(block.headers)) headers.set(name, value);
        const ack = await js.publish(block.subject, block.body, {
          headers,
          expect: {
            streamName: streams.audit,
            lastSubjectSequence: after,
            lastSubjectSequenceSubject: subjects.audit
              .build({ tenant, site, gateway, class: 'access' })
              .replace(/[^.]+$/, '*'),
          },
        });
        return ack.seq;
      },
      async last() {
        const found: (StoredBlock & { hash: string })[] = [];
        for (const kind of ['access', 'refusal']) {
          const subject = subjects.audit.build({ tenant, site, gateway, class: kind });
          const message = await lastMessage(streams.audit, subject);
          if (!message) continue;
          const parsed = parseBlock({
            subject: message.subject,
            header: (name) => message.header.get(name) || undefined,
            body: message.data,
          });
          if (parsed.fault)
            throw new Error(`the last block of ${subject} is damaged: ${parsed.fault.problem}`);
          const { seq, hash, records } = parsed.value;
          found.push({ seq, hash, streamSeq: message.seq, records: records.filter(isAccess) });
        }
        return found.sort((a, b) => b.seq - a.seq)[0];
      },
    };
  }

  async function lastMessage(stream: string, subject: string) {
    return (await manager.direct.getMessage(stream, { last_by_subj: subject })) ?? undefined;
  }

  function flow(tenant: string) {
    const watermarkSubject = subjects.watermark.build({ site, tenant, gateway });
    const markOf = (advance: number, through: number) => {
      const headers = incrementOf(advance);
      headers.set(throughHeader, String(through));
      return headers;
    };
    return {
      async commit(increments: ReadonlyMap<string, number>, advance: number, through: number) {
        const messages = [...increments].map(([subject, value]) => ({
          subject,
          headers: incrementOf(value),
        }));
        const mark = { subject: watermarkSubject, headers: markOf(advance, through) };
        await publishBatch(js, [...messages, mark], { timeoutMs: publishTimeoutMs });
      },
      async settled(through: number) {
        const ack = await js.publish(watermarkSubject, undefined, { headers: markOf(0, through) });
        // The stream of a counter says what it has come to (NATS ADR-49); the client's type does not know of it.
        const { val } = ack as PubAck & { val?: string };
        if (val === undefined) throw new Error(`${watermarkSubject} is no counter`);
        return Number(val);
      },
      async countedThrough() {
        const message = await lastMessage(streams.flow, watermarkSubject);
        return Number(message?.header.get(throughHeader) || 0);
      },
    };
  }

  return { blocks, flow };
}
