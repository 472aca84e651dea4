import type { AdminRecord, CausewayError, Clock, Logger } from '@causeway/protocol';
import type { Act } from './act-context.ts';
import type { Ledger } from './ledger.ts';
import { objectOf } from './object-of.ts';

/** Records acts that were refused: each by itself as long as they are few, else with their number. */
export interface Refusals {
  /** Resolves when it is recorded, or when it will be together with others. Never rejects. */
  add(act: Act, body: Uint8Array, error: CausewayError): Promise<void>;
  /** Records what waits, and ends. */
  stop(): Promise<void>;
}

/** Of one scope so many are recorded by themselves in each period; the rest as one record for each kind. */
const mostEach = 20;
const periodMs = 1_000;
/** Kinds of refusals that wait; what comes on top is counted under the last of them. */
const mostWaiting = 200;
const longestReason = 500;

/** Creates it. It has the ledger settled, too, while that is due. */
export function createRefusals(options: {
  ledger: Pick<Ledger, 'append' | 'settle'>;
  revision: () => number;
  clock: Clock;
  logger: Logger;
}): Refusals {
  const { ledger, revision, clock, logger } = options;
  const counts = new Map<string, number>();
  const waiting = new Map<string, AdminRecord>();

  function wait(record: AdminRecord): void {
    const { scope = 'any', admin, op, refused } = record;
    const kind = `${scope}/${admin}/${op}/${refused?.code}`;
    const known =
      waiting.get(kind) ?? (waiting.size < mostWaiting ? undefined : [...waiting.values()].at(-1));
    if (!known?.refused || !refused) {
      waiting.set(kind, record);
      return;
    }
    const count = (known.refused.count ?? 1) + (refused.count ?? 1);
    const under = waiting.has(kind) ? kind : ([...waiting.keys()].at(-1) as string);
    waiting.set(under, { ...known, refused: { ...known.refused, count } });
  }

  async function store(record: AdminRecord): Promise<void> {
    try {
      await ledger.append(record.tenant, [record]);
    } catch (err) {
      logger.warn({ err, op: record.op }, 'a refused act is not recorded yet');
      wait(record);
    }
  }

  async function flush(): Promise<void> {
    counts.clear();
    await ledger
      .settle()
      .catch((err: unknown) => logger.warn({ err }, 'records of acts wait for their chain'));
    const due = [...waiting.values()];
    waiting.clear();
    for (const record of due) await store(record);
  }

  let flushing: Promise<void> | undefined;
  const stopTimer = clock.every(periodMs, () => {
    flushing ??= flush().finally(() => {
      flushing = undefined;
    });
  });

  return {
    async add({ admin, scope, op }, body, { code, reason }) {
      const refused = { code, reason: reason.slice(0, longestReason) };
      const object = { key: objectOf(body), revision: revision(), before: null, after: null };
      const record: AdminRecord = { at: clock.now(), tenant: scope, admin, scope, op, ...object, refused };
      const count = (counts.get(scope) ?? 0) + 1;
      counts.set(scope, count);
      if (count > mostEach) wait(record);
      else await store(record);
    },
    async stop() {
      stopTimer();
      await flushing;
      await flush();
    },
  };
}
