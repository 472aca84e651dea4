import { recordLine, type Sign, sealBlock } from '@causeway/audit';
import { hubSite } from '@causeway/identity';
import { type AdminRecord, CausewayError, type Clock, isName, type Logger } from '@causeway/protocol';
import type {
  AnyDocument,
  AroundWrite,
  DocumentChange,
  DocumentStore,
  PendingActs,
  PendingRecord,
} from '../documents/store.ts';
import type { Act } from './act-context.ts';
import { type ActChains, type ChainEnd, registrySigner } from './chains.ts';
import { createRemembered } from './remembered.ts';
import { shownDocument } from './shown.ts';

/** Records what administrators do, in chains of blocks signed by the registry. */
export interface Ledger {
  /** For `DocumentStore.put`: has the change recorded as this act. It is made only together with its records. */
  recording(act: Act): AroundWrite;
  /** Stores records of what was not done. Rejects where that is not known to have come about. */
  append(tenant: string, records: readonly AdminRecord[]): Promise<void>;
  /** Brings records that an act left behind into its chain; does nothing where there are none. */
  settle(): Promise<void>;
  /** Acts of this process that changed a document after a revision, oldest first, as far as they are remembered. */
  recent(key: string, after: number): readonly AdminRecord[];
  /** Last block of each chain that is known. */
  readonly ends: ReadonlyMap<string, number>;
}

/** A block is collected whole, and one document of the bucket holds one block: bytes of its records. */
const mostBlockBytes = 400_000;

/** Whose chain a document's records go to: its tenant's, or the fabric's. */
function chainOf(document: AnyDocument | undefined): string {
  if (document?.kind === 'account') return document.name;
  const tenant = document && 'tenant' in document ? document.tenant : undefined;
  return typeof tenant === 'string' && isName(tenant) ? tenant : 'any';
}

/** Opens the ledger. What an earlier registry left unsettled is settled by `settle`, or before the next act. */
export function createLedger(options: {
  store: Pick<DocumentStore, 'acts' | 'revision' | 'revisionOf'>;
  keyOf: (document: AnyDocument) => string;
  chains: ActChains;
  sign: Sign;
  clock: Pick<Clock, 'now'>;
  logger: Logger;
}): Ledger {
  const { store, keyOf, chains, sign, clock, logger } = options;
  const ends = new Map<string, ChainEnd>();
  const remembered = createRemembered();
  /** Revision of the documents up to which nothing waits. */
  let settled = -1;
  /** Sequences at which parts stood when they were settled, by key. */
  const parts = new Map<string, number>();
  let queue: Promise<unknown> = Promise.resolve();

  /** One after the other: two blocks of one number would be one too many. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  }

  async function endOf(tenant: string): Promise<ChainEnd> {
    const known = ends.get(tenant) ?? (await chains.last(tenant));
    ends.set(tenant, known);
    return known;
  }

  async function appendNow(tenant: string, records: readonly AdminRecord[]): Promise<void> {
    const end = await endOf(tenant);
    const place = { tenant, site: hubSite, gateway: registrySigner, class: 'admin' as const };
    const block = sealBlock({ ...place, seq: end.seq + 1, prev: end.hash, records }, sign);
    // Where the answer does not come, only the stream knows.
    ends.delete(tenant);
    let streamSeq: number;
    try {
      streamSeq = await chains.store(block, end.streamSeq);
    } catch (error) {
      const last = await chains.last(tenant);
      if (last.hash !== block.hash) throw error;
      streamSeq = last.streamSeq;
    }
    ends.set(tenant, { seq: end.seq + 1, hash: block.hash, streamSeq });
  }

  async function settlePart(pending: PendingActs): Promise<void> {
    const key = keyOf(pending);
    const stored = store.revisionOf(key) ?? 0;
    if (parts.get(key) === stored) return;
    const records = pending.records.map(
      ({ back, ...record }): AdminRecord => ({ ...record, revision: stored - back }),
    );
    // A chain that was lost with its streams begins anew; then its number says nothing.
    if ((await endOf(pending.tenant)).seq < pending.seq) await appendNow(pending.tenant, records);
    parts.set(key, stored);
    for (const record of records) remembered.add(record);
  }

  async function settleNow(): Promise<void> {
    // Also a write that was given up may arrive, and leave something.
    const { revision } = store;
    if (settled === revision) return;
    const first = new Map(store.acts.filter(({ part }) => part === 0).map((each) => [each.tenant, each]));
    const due = store.acts.filter(({ tenant, part, seq }) => {
      const head = first.get(tenant);
      // A longer act of before has left parts behind that are not of the last one.
      return head !== undefined && part < head.parts && seq === head.seq + part;
    });
    for (const pending of due.sort((a, b) => a.part - b.part)) await settlePart(pending);
    settled = revision;
  }

  /** The records of a change, as documents to be stored along with it. */
  async function pendingOf(act: Act, changes: readonly DocumentChange[]): Promise<PendingActs[]> {
    const at = clock.now();
    const byChain = new Map<string, { record: Omit<PendingRecord, 'back'>; index: number }[]>();
    for (const [index, { key, before, after }] of changes.entries()) {
      const tenant = chainOf(after ?? before);
      const { admin, scope, op } = act;
      const shown = { before: shownDocument(before), after: shownDocument(after) };
      const record = { at, tenant, admin, scope, op, key, ...shown };
      byChain.set(tenant, [...(byChain.get(tenant) ?? []), { record, index }]);
    }
    const blocks = [...byChain].flatMap(([tenant, records]) => {
      const divided = inParts(records);
      return divided.map((part, number) => ({ tenant, part, number, of: divided.length }));
    });
    const pending: PendingActs[] = [];
    for (const [position, { tenant, part, number, of }] of blocks.entries()) {
      const seq = (await endOf(tenant)).seq + 1 + number;
      const records = part.map(({ record, index }) => ({
        ...record,
        back: changes.length + position - index,
      }));
      pending.push({ kind: 'acts', tenant, part: number, parts: of, seq, records });
    }
    return pending;
  }

  return {
    recording: (act) => (changes, write) =>
      inTurn(async () => {
        let pending: PendingActs[];
        try {
          await settleNow();
          pending = await pendingOf(act, changes);
        } catch (cause) {
          logger.error({ err: cause, op: act.op }, 'acts cannot be recorded; none is done');
          throw new CausewayError(
            'AUDIT_UNAVAILABLE',
            `the record of it cannot be stored, so nothing was changed; look at the hub’s disk and its stream AUDIT_cloud`,
            { cause },
          );
        }
        const revision = await write(pending);
        // Stored it is, together with the change: where it cannot join its chain now it does later.
        await settleNow().catch((err: unknown) =>
          logger.warn({ err }, 'records of an act wait for their chain'),
        );
        return revision;
      }),
    append: (tenant, records) =>
      inTurn(async () => {
        await settleNow();
        await appendNow(tenant, records);
      }),
    settle: () => inTurn(settleNow),
    recent: remembered.of,
    get ends() {
      return new Map([...ends].map(([tenant, { seq }]) => [tenant, seq]));
    },
  };
}

/** Divides records, so that each part is a block that can be stored and collected. */
function inParts<T extends { record: object }>(records: readonly T[]): T[][] {
  const parts: T[][] = [[]];
  let bytes = 0;
  for (const each of records) {
    const more = Buffer.byteLength(recordLine(each.record as AdminRecord));
    if (bytes + more > mostBlockBytes && bytes > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(each);
    bytes += more;
  }
  return parts;
}
