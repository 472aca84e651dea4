import { subjects } from '@causeway/protocol';
import type { ChainId } from './chain.ts';
import { createFlowSums } from './flow.ts';
import type { Block } from './parse-block.ts';
import { isAccess } from './record.ts';

/** Counts records again, as the counters should have. */
export interface Recount {
  /**
   * Counts a block, if it is an authentic one of its site (as `ChainVerifier.add` gives them), not above the
   * watermark and not counted yet. Says whether it was counted.
   */
  add(block: Block): boolean;
  /** Totals by subject (`flow.…`, without a stamp), zeros left out. */
  totals(): ReadonlyMap<string, bigint>;
}

/** How far the counters have counted. */
export interface RecountOptions {
  /**
   * Seq of the chain's last block that the counters include; 0 for none. Read it together with the counters:
   * blocks after it are not in them yet. Where left out, every block counts.
   */
  watermark?(chain: ChainId): number;
}

/** Numbers as ranges in order, none touching the next: a chain without gaps is one, wherever it begins. */
type Ranges = { from: number; to: number }[];

/** Adds a number; false where it is there already. Cheap at the end, where nearly all are added. */
function addNumber(ranges: Ranges, seq: number): boolean {
  let index = ranges.length;
  while (index > 0 && (ranges[index - 1]?.from ?? 0) > seq) index -= 1;
  const before = ranges[index - 1];
  const after = ranges[index];
  if (before && seq <= before.to) return false;
  const joinsAfter = after?.from === seq + 1;
  if (before?.to === seq - 1) {
    before.to = joinsAfter ? after.to : seq;
    if (joinsAfter) ranges.splice(index, 1);
  } else if (joinsAfter) {
    after.from = seq;
  } else {
    ranges.splice(index, 0, { from: seq, to: seq });
  }
  return true;
}

/** Counts the records of any number of chains, whatever the order of their blocks. */
export function createRecount(options: RecountOptions = {}): Recount {
  const totals = new Map<string, bigint>();
  const chains = new Map<string, Ranges>();
  const sums = createFlowSums();

  return {
    add(block) {
      const { site, gateway, tenant, seq } = block;
      if (block.class === 'admin') return false;
      if (block.source !== undefined && block.source !== site) return false;
      const chain: ChainId = { source: site, gateway, tenant };
      if (seq > (options.watermark?.(chain) ?? Number.POSITIVE_INFINITY)) return false;
      const key = `${site}/${gateway}/${tenant}`;
      const counted = chains.get(key) ?? [];
      chains.set(key, counted);
      if (!addNumber(counted, seq)) return false;
      for (const record of block.records) if (isAccess(record)) sums.add(record);
      for (const [subject, amount] of sums.drain()) {
        totals.set(subject, (totals.get(subject) ?? 0n) + BigInt(amount));
      }
      return true;
    },
    totals: () => totals,
  };
}

/** A counter that does not say what the records say. */
export interface Difference {
  readonly subject: string;
  readonly recounted: bigint;
  readonly counted: bigint;
}

/** Every counter that differs from the recount, in the order of their subjects; one that is absent counts as 0. */
export function compareCounters(
  recounted: ReadonlyMap<string, bigint>,
  counters: ReadonlyMap<string, bigint>,
): Difference[] {
  return [...new Set([...recounted.keys(), ...counters.keys()])]
    .sort()
    .map((subject) => ({
      subject,
      recounted: recounted.get(subject) ?? 0n,
      counted: counters.get(subject) ?? 0n,
    }))
    .filter((difference) => difference.recounted !== difference.counted);
}

/**
 * The subject of a counter in the cloud's stream without its stamp, where the stamp is the site the counter is
 * about; else as it is, so that a counter forged under another site's name shows as a difference, and adds to none.
 */
export function unstampedFlow(subject: string): string {
  const fields = subjects.flowFrom.parse(subject);
  return fields && fields.source === fields.site ? subject.slice(`from.${fields.source}.`.length) : subject;
}
