import { type Block, type ChainReport, createChainVerifier, isAccess, readAuthentic } from '@causeway/audit';
import type { AdminRecord, AuditRecord } from '@causeway/protocol';
import { verifySignature } from '@causeway/transport';
import { blockMessageOf } from './block-message.ts';
import type { Console, ConsoleReading } from './console.ts';
import { readCounters } from './flow.ts';

/** Reads records as they come; a block that cannot be read, or that its site did not sign, is reported instead. */
export function tailRecords(
  console: Console,
  on: {
    record(record: AuditRecord, block: Block): void;
    /** An administrator's act. */
    act?(record: AdminRecord, block: Block): void;
    damaged(subject: string, problem: string): void;
  },
): ConsoleReading {
  return console.readAudit((message) => {
    const parsed = readAuthentic(blockMessageOf(message), {
      keysOf: console.keysOf,
      verify: verifySignature,
    });
    if (parsed.fault) return on.damaged(message.subject, parsed.fault.problem);
    for (const record of parsed.value.records) {
      if (isAccess(record)) on.record(record, parsed.value);
      else on.act?.(record, parsed.value);
    }
  });
}

/**
 * Verifies every chain of the cloud's stream: signatures, order, gaps, counts, and that no chain ends before what
 * its counters have taken in. `onProgress` gets the number of blocks read.
 */
export async function verifyChains(
  console: Console,
  onProgress: (blocks: number) => void,
): Promise<ChainReport> {
  const verifier = createChainVerifier({ keysOf: console.keysOf, verify: verifySignature });
  const { watermarks: counted } = await readCounters(console);
  // No counter counts administrators' acts: the registry itself knows how far their chains go.
  const watermarks = new Map([...counted, ...console.actChains]);
  let blocks = 0;
  const lasts = new Map<string, number>();
  const reading = console.readAudit((message) => {
    const block = verifier.add(blockMessageOf(message));
    if (block) lasts.set(`${block.site}/${block.gateway}/${block.tenant}`, block.seq);
    blocks += 1;
    onProgress(blocks);
  });
  try {
    await reading.caughtUp;
    await console.until(() => [...watermarks].every(([chain, seq]) => (lasts.get(chain) ?? 0) >= seq));
  } finally {
    await reading.stop();
  }
  for (const [chain, seq] of watermarks) {
    const [source = '', gateway = '', tenant = ''] = chain.split('/');
    verifier.expectLast({ source, gateway, tenant }, seq);
  }
  return verifier.report();
}
