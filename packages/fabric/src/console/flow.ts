import {
  compareCounters,
  createChainVerifier,
  createRecount,
  type Difference,
  unstampedFlow,
} from '@causeway/audit';
import { subjects } from '@causeway/protocol';
import { verifySignature } from '@causeway/transport';
import { blockMessageOf } from './block-message.ts';
import type { Console } from './console.ts';

/** The counters as the cloud has them. */
export interface Counters {
  /** Value by subject (`flow.…`), without watermarks. */
  readonly values: ReadonlyMap<string, bigint>;
  /** Blocks counted, by `<site>/<gateway>/<tenant>`. */
  readonly watermarks: ReadonlyMap<string, number>;
}

const decoder = new TextDecoder();

/** The value of a counter (NATS ADR-49); undefined for what is none. */
function counterValue(data: Uint8Array): bigint | undefined {
  try {
    const { val } = JSON.parse(decoder.decode(data)) as { val?: unknown };
    return typeof val === 'string' ? BigInt(val) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads all counters as they stand. */
export async function readCounters(console: Console): Promise<Counters> {
  const values = new Map<string, bigint>();
  const watermarks = new Map<string, number>();
  const reading = console.readFlow(({ subject, data }) => {
    const value = counterValue(data);
    // The registry collects numbers only: another value would be a counter that says nothing.
    if (value === undefined) return;
    const mark = subjects.watermarkFrom.parse(subject);
    if (!mark) values.set(unstampedFlow(subject), value);
    // A watermark that a site forged under another's name counts for nothing.
    else if (mark.source === mark.site)
      watermarks.set(`${mark.site}/${mark.gateway}/${mark.tenant}`, Number(value));
  });
  try {
    await reading.caughtUp;
  } finally {
    await reading.stop();
  }
  return { values, watermarks };
}

/** What a recount found. */
export interface RecountReport {
  readonly counters: number;
  readonly blocks: number;
  /** Records counted, each with the number of calls it stands for. */
  readonly calls: bigint;
  readonly differences: readonly Difference[];
}

/**
 * Counts the records of the cloud's stream anew, up to each chain's watermark, and compares with the counters.
 * Only authentic blocks count, so what a site forged shows as a difference of its own counters.
 */
export async function recount(console: Console): Promise<RecountReport> {
  const counters = await readCounters(console);
  const verifier = createChainVerifier({ keysOf: console.keysOf, verify: verifySignature });
  const recounting = createRecount({
    watermark: ({ source, gateway, tenant }) =>
      counters.watermarks.get(`${source}/${gateway}/${tenant}`) ?? 0,
  });
  let blocks = 0;
  const lasts = new Map<string, number>();
  const reading = console.readAudit((message) => {
    const block = verifier.add(blockMessageOf(message));
    if (block) lasts.set(`${block.site}/${block.gateway}/${block.tenant}`, block.seq);
    if (block && recounting.add(block)) blocks += 1;
  });
  try {
    await reading.caughtUp;
    await console.until(() =>
      [...counters.watermarks].every(([chain, seq]) => (lasts.get(chain) ?? 0) >= seq),
    );
  } finally {
    await reading.stop();
  }
  const totals = recounting.totals();
  let calls = 0n;
  for (const [subject, total] of totals) if (subject.endsWith('.calls')) calls += total;
  return {
    counters: counters.values.size,
    blocks,
    calls,
    differences: compareCounters(totals, counters.values),
  };
}
