import { setTimeout as delay } from 'node:timers/promises';
import {
  type AdminClient,
  type ClientPorts,
  type Console,
  openConsole,
  recount,
  tailRecords,
} from '@causeway/fabric';

/** What the cloud's streams hold of the calls that were made. */
export interface RecordCount {
  readonly records: number;
  /** Different calls that they name. */
  readonly distinct: number;
  /** Blocks that hold them: the fewer, the less signing and storing cost each call. */
  readonly blocks: number;
  /** Counters that differ from a recount of the records; absent while records are missing, since then nothing is compared. */
  readonly counterDifferences?: number;
}

const limitMs = 120_000;
const pollMs = 500;

/**
 * Counts the records of one caller's successful calls in the cloud, waiting until there are as many as calls, and
 * compares all counters with a recount. Gives up after two minutes with what there is then.
 */
export async function countRecords(options: {
  readonly dir: string;
  readonly admin: AdminClient;
  readonly ports: ClientPorts;
  readonly caller: string;
  readonly calls: number;
  readonly signal: AbortSignal;
}): Promise<RecordCount> {
  const { dir, admin, ports, caller, calls, signal } = options;
  const end = performance.now() + limitMs;
  const console = await openConsole(dir, admin, { tenant: 'any', from: 'beginning' }, ports);
  try {
    for (;;) {
      const found = await count(console, caller, calls);
      const settled = found.records >= calls && found.counterDifferences === 0;
      if (settled || performance.now() > end) return found;
      await delay(pollMs, undefined, { signal });
    }
  } finally {
    await console.close();
  }
}

async function count(console: Console, caller: string, calls: number): Promise<RecordCount> {
  const seen = new Set<string>();
  const blocks = new Set<string>();
  let records = 0;
  const reading = tailRecords(console, {
    record(record, block) {
      if (record.from.service !== caller || record.code !== 'OK') return;
      records += record.count ?? 1;
      seen.add(record.call);
      blocks.add(`${block.site}/${block.gateway}/${block.seq}`);
    },
    damaged(subject, problem) {
      throw new Error(`damaged block on ${subject}: ${problem}`);
    },
  });
  try {
    await reading.caughtUp;
  } finally {
    await reading.stop();
  }
  if (records < calls) return { records, distinct: seen.size, blocks: blocks.size };
  const { differences } = await recount(console);
  return { records, distinct: seen.size, blocks: blocks.size, counterDifferences: differences.length };
}
