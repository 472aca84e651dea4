import { parseBlock } from '@causeway/audit';
import { hubSite } from '@causeway/identity';
import { streamNames } from '@causeway/nats-server';
import type { AdminRecord, Clock, Logger } from '@causeway/protocol';
import { subjects } from '@causeway/protocol';
import { DeliverPolicy, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { registrySigner } from './chains.ts';
import type { Ledger } from './ledger.ts';

/** Who changed a document since a revision. */
export interface History {
  /** Acts that changed it after that revision, oldest first, as far as they can still be found. */
  since(tenant: string, key: string, revision: number): Promise<readonly AdminRecord[]>;
}

/** Blocks that are read for one question. */
const mostBlocks = 2_000;
/** An apply waits for the answer, and other applies wait for that one: what was read until then has to do. */
const patienceMs = 2_000;

/** Looks in the ledger, and in what was collected of earlier registries' acts. */
export function createHistory(options: {
  ledger: Pick<Ledger, 'recent'>;
  /** In CONTROL, for when a revision was; in OPS, for the records. */
  manager: JetStreamManager;
  consoles: JetStreamClient;
  /** The revision at which this registry began: what came after it the ledger knows. */
  began: number;
  clock: Pick<Clock, 'after'>;
  logger: Logger;
}): History {
  const { ledger, manager, consoles, began, clock, logger } = options;

  /** When a revision was made, or the next that is still known. */
  async function timeOf(revision: number): Promise<Date | undefined> {
    const next = { seq: Math.max(1, revision), next_by_subj: '$KV.documents.>' };
    const message = await manager.streams.getMessage(streamNames.documents, next).catch(() => undefined);
    return message?.time;
  }

  async function collected(tenant: string, key: string, revision: number): Promise<AdminRecord[]> {
    const from = await timeOf(revision);
    if (!from) return [];
    const subject = subjects.audit.build({ tenant, site: hubSite, gateway: registrySigner, class: 'admin' });
    const consumer = await consoles.consumers.get(streamNames.audit, {
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: from.toISOString(),
      filter_subjects: [`from.${hubSite}.${subject}`],
    });
    const found: AdminRecord[] = [];
    if ((await consumer.info()).num_pending === 0) return found;
    const messages = await consumer.consume();
    const cancel = clock.after(patienceMs, () => void messages.close());
    let left = mostBlocks;
    for await (const message of messages) {
      const header = (name: string) => message.headers?.get(name) || undefined;
      const block = parseBlock({ subject: message.subject, header, body: message.data });
      const records = (block.value?.records ?? []) as AdminRecord[];
      found.push(...records.filter((each) => !each.refused && each.key === key && each.revision > revision));
      left -= 1;
      if (message.info.pending === 0 || left === 0) break;
    }
    cancel();
    await messages.close();
    return found;
  }

  return {
    async since(tenant, key, revision) {
      const recent = ledger.recent(key, revision);
      if (revision >= began) return recent;
      try {
        const earlier = await collected(tenant, key, revision);
        const known = new Set(earlier.map((record) => record.revision));
        return [...earlier, ...recent.filter((record) => !known.has(record.revision))];
      } catch (err) {
        logger.warn({ err, key }, 'earlier acts cannot be read');
        return recent;
      }
    },
  };
}
