import { isAccess, parseBlock, type SealedBlock } from '@causeway/audit';
import type { AuditRecord } from '@causeway/protocol';
import type { BlockStore } from './chain.ts';

/** A record of a call, of class `access` unless told otherwise. */
export function recordOf(call: string, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...{ call, at: 1_700_000_000_000, tenant: 'acme', from: { site: 'edge-b', service: 'desk' } },
    ...{ to: { service: 'quotes', major: 1, endpoint: 'latest', requested: 'any' }, site: 'edge-a' },
    ...{ decision: 'allowed' as const, policy: 'open', code: 'OK' },
    ...{ requestBytes: 10, replyBytes: 20, durationMicros: 30 },
    ...more,
  };
}

/** What a stream does with the next block: stores it, stores it and loses the answer, or loses it. */
type Behaviour = 'stores' | 'answer lost' | 'lost';

/** A site's stream in memory. `behave` tells what happens to the blocks to come, one each; then all are stored. */
export interface MemoryStore extends BlockStore {
  readonly blocks: SealedBlock[];
  /** Attempts to store, stored or not. */
  readonly attempts: number;
  /** The most attempts that were ever under way at once. */
  readonly mostAtOnce: number;
  behave(...next: Behaviour[]): void;
  /** While true, nobody can look where the chain stands. */
  blind: boolean;
}

/** An empty one. */
export function memoryStore(): MemoryStore {
  const blocks: SealedBlock[] = [];
  const behaviours: Behaviour[] = [];
  let attempts = 0;
  let underWay = 0;
  let mostAtOnce = 0;
  return {
    blocks,
    blind: false,
    get attempts() {
      return attempts;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    behave: (...next) => void behaviours.push(...next),
    async store(block, after) {
      attempts += 1;
      underWay += 1;
      mostAtOnce = Math.max(mostAtOnce, underWay);
      await Promise.resolve();
      underWay -= 1;
      const behaviour = behaviours.shift() ?? 'stores';
      if (behaviour !== 'lost' && after !== blocks.length) throw new Error('wrong last sequence');
      if (behaviour !== 'lost') blocks.push(block);
      if (behaviour !== 'stores') throw new Error('timeout');
      return blocks.length;
    },
    async last() {
      if (this.blind) throw new Error('no answer');
      const block = blocks.at(-1);
      if (!block) return undefined;
      const { subject, headers, body } = block;
      const parsed = parseBlock({ subject, header: (name) => headers[name], body });
      if (parsed.fault) throw new Error(parsed.fault.problem);
      const { seq, hash, records } = parsed.value;
      return { seq, hash, records: records.filter(isAccess), streamSeq: blocks.length };
    },
  };
}
