import { firstPrev, parseEnvelope, type SealedBlock } from '@causeway/audit';
import { hubSite } from '@causeway/identity';
import { streamNames } from '@causeway/nats-server';
import { blockHeaders, subjects } from '@causeway/protocol';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { headers as createHeaders } from 'nats';

/** Where a chain ends: the number and hash of its last block, and where that is in the cloud's own stream. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
  /** 0 where the stream holds no block of the chain. */
  readonly streamSeq: number;
}

/** The registry's chains of administrators' acts, one for each tenant and one for the fabric (`any`). */
export interface ActChains {
  last(tenant: string): Promise<ChainEnd>;
  /**
   * Resolves with the stream's sequence once the block is stored; rejects where that is not known, and where the
   * chain's last block in the stream is not the one at `after`.
   */
  store(block: SealedBlock, after: number): Promise<number>;
}

/** The name under which the registry signs: it is no gateway. */
export const registrySigner = 'registry';

const timeoutMs = 5_000;
const subjectOf = (tenant: string) =>
  subjects.audit.build({ tenant, site: hubSite, gateway: registrySigner, class: 'admin' });

/** Opens them, with the registry's rights in CONTROL and, for what was collected, in OPS. */
export function openActChains(options: {
  js: JetStreamClient;
  manager: JetStreamManager;
  consoleManager: JetStreamManager;
}): ActChains {
  const { js, manager, consoleManager } = options;

  async function lastIn(from: JetStreamManager, stream: string, subject: string) {
    try {
      const message = await from.streams.getMessage(stream, { last_by_subj: subject });
      if (!message) return undefined;
      const header = (name: string) => message.header.get(name) || undefined;
      const parsed = parseEnvelope({ subject: message.subject, header, body: message.data });
      if (parsed.fault) throw new Error(`the last block of ${subject} is damaged: ${parsed.fault.problem}`);
      return { seq: parsed.value.seq, hash: parsed.value.hash, streamSeq: message.seq };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound)
        return undefined;
      throw error;
    }
  }

  return {
    async last(tenant) {
      const subject = subjectOf(tenant);
      const own = await lastIn(manager, streamNames.auditCloud, subject);
      if (own) return own;
      // A stream that was made anew goes on where what was collected of the old one ends.
      const collected = await lastIn(consoleManager, streamNames.audit, `from.${hubSite}.${subject}`);
      return { seq: collected?.seq ?? 0, hash: collected?.hash ?? firstPrev, streamSeq: 0 };
    },
    async store(block, after) {
      const headers = createHeaders();
      for (const name of Object.values(blockHeaders)) {
        const value = block.headers[name];
        if (value !== undefined) headers.set(name, value);
      }
      const ack = await js.publish(block.subject, block.body, {
        headers,
        timeout: timeoutMs,
        expect: {
          streamName: streamNames.auditCloud,
          lastSubjectSequence: after,
          lastSubjectSequenceSubject: block.subject,
        },
      });
      return ack.seq;
    },
  };
}
