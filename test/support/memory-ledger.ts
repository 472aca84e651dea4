import type { LedgerBucket } from '@causeway/registry';

type Held = Parameters<LedgerBucket['write']>[0][number]['held'];

/** What may go wrong with a write: it is lost, or its answer is, or it comes to be only later. */
export type WriteFault = 'none' | 'lost' | 'unanswered' | 'late';

/** A bucket in memory, all or nothing and with expectations as the real one, whose writes can go wrong. */
export function memoryLedger(fault: () => WriteFault = () => 'none') {
  const stored = new Map<string, { held: Held; revision: number }>();
  const late: (() => void)[] = [];
  let sequence = 0;
  function store(accounts: Parameters<LedgerBucket['write']>[0]): number {
    for (const { key, revision } of accounts) {
      if ((stored.get(key)?.revision ?? 0) !== revision) throw new Error(`${key} was changed in between`);
    }
    for (const { key, held } of accounts) {
      sequence += 1;
      stored.set(key, { held: structuredClone(held), revision: sequence });
    }
    return sequence;
  }
  const bucket: LedgerBucket = {
    read: async () => [...stored].map(([key, value]) => ({ key, ...structuredClone(value) })),
    async write(accounts) {
      const how = fault();
      if (how === 'lost') throw new Error('lost');
      if (how === 'late') {
        const copy = structuredClone(accounts);
        late.push(() => {
          try {
            store(copy);
          } catch {
            // Somebody else was faster.
          }
        });
        throw new Error('no answer yet');
      }
      const last = store(accounts);
      if (how === 'unanswered') throw new Error('no answer');
      return last;
    },
    async purge(prefix) {
      for (const key of [...stored.keys()]) if (key.startsWith(`${prefix}.`)) stored.delete(key);
    },
  };
  return {
    bucket,
    stored,
    /** What was under way when its writer gave up is stored now, or refused. */
    arrive() {
      for (const each of late.splice(0)) each();
    },
  };
}
