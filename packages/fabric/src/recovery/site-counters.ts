import { type BlockMessage, createChainVerifier, createFlowSums, isAccess } from '@causeway/audit';
import { type Site, subjects } from '@causeway/protocol';
import { readCollected } from '@causeway/registry';
import { type NatsConnection, verifySignature } from '@causeway/transport';
import { blockMessageOf } from '../console/block-message.ts';

/** Where a chain of the lost site ends in the cloud: what came after it is lost. */
export interface ChainEnd {
  readonly tenant: string;
  readonly gateway: string;
  /** Number of the last block. */
  readonly block: number;
  /** Time of its last record, ms since the epoch on the hub's clock; null where there is none. */
  readonly time: number | null;
}

const decoder = new TextDecoder();

/**
 * What the cloud knows of a site's counters: those that it has copied, and what the blocks add that were copied and not
 * yet counted. By subject, watermarks among them; so counters and records agree again.
 */
export async function readSiteCounters(
  ops: NatsConnection,
  site: Site,
): Promise<{ counters: Map<string, bigint>; chains: ChainEnd[] }> {
  const counters = new Map<string, bigint>();
  await readCollected(ops, 'flow', site.name, ({ subject, data }) => {
    const { val } = JSON.parse(decoder.decode(data)) as { val?: string };
    const own = subject.slice(`from.${site.name}.`.length);
    const fields = subjects.flow.parse(own) ?? subjects.watermark.parse(own);
    if (val !== undefined && fields?.site === site.name) counters.set(own, BigInt(val));
  });
  const signers: Record<string, readonly string[]> = { ...site.retired, ...site.gateways };
  const verifier = createChainVerifier({
    keysOf: (_, gateway) => signers[gateway] ?? [],
    verify: verifySignature,
  });
  const sums = createFlowSums();
  const ends = new Map<string, ChainEnd>();
  const markOf = (tenant: string, gateway: string) =>
    subjects.watermark.build({ site: site.name, tenant, gateway });
  await readCollected(ops, 'audit', site.name, (message) => {
    const block = verifier.add(blockMessageOf(message) satisfies BlockMessage);
    if (!block || block.class === 'admin') return;
    const { tenant, gateway, seq } = block;
    const key = markOf(tenant, gateway);
    const end = ends.get(key);
    if (end && seq <= end.block) return;
    const records = block.records.filter(isAccess);
    ends.set(key, { tenant, gateway, block: seq, time: records.at(-1)?.at ?? end?.time ?? null });
    if (BigInt(seq) <= (counters.get(key) ?? 0n)) return;
    for (const record of records) sums.add(record);
  });
  for (const [subject, added] of sums.drain()) {
    counters.set(subject, (counters.get(subject) ?? 0n) + BigInt(added));
  }
  for (const [key, { block }] of ends) {
    const mark = counters.get(key) ?? 0n;
    counters.set(key, mark > BigInt(block) ? mark : BigInt(block));
  }
  return { counters, chains: [...ends.values()] };
}
