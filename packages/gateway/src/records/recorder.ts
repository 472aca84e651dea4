import type { AuditRecord, Clock, Logger } from '@causeway/protocol';
import { createFlowWriter, type FlowWriter } from '../counters/flow-writer.ts';
import { type Chain, createChain, type StoredBlock } from './chain.ts';
import type { Stores } from './stores.ts';

/** Keeps the records of one tenant and adds them to its counters. */
export interface Recorder {
  /** As `add` of a chain. */
  add(record: AuditRecord, group: string, stored?: () => void): void;
  /** True while no further record could be kept: calls are refused then. */
  readonly full: boolean;
  /** Stream sequence through which this tenant's blocks are in the counters. */
  readonly countedThrough: number;
  /** Resolves when all that was added is stored, or can be no more. */
  stored(): Promise<void>;
  /** Stores and counts all that was added. */
  flush(): Promise<void>;
  close(): void;
}

/** Opens a tenant's chain where it ended, with the blocks that are stored but not yet counted. */
export async function openRecorder(options: {
  tenant: string;
  site: string;
  gateway: string;
  stores: Stores;
  watermark: number;
  uncounted: readonly StoredBlock[];
  sign: (bytes: Uint8Array) => Uint8Array;
  clock: Clock;
  logger: Logger;
}): Promise<Recorder> {
  const { tenant, site, gateway, stores, watermark, uncounted, sign, clock, logger } = options;
  const blocks = stores.blocks(tenant);
  const flow = stores.flow(tenant);
  const last = await blocks.last();
  const writer: FlowWriter = createFlowWriter({
    start: watermark,
    countedThrough: await flow.countedThrough(),
    store: flow,
    clock,
    logger,
  });
  for (const block of uncounted) writer.add(block);
  const chain: Chain = createChain({
    tenant,
    site,
    gateway,
    start: last ?? { seq: 0, hash: genesisHash, streamSeq: 0 },
    store: blocks,
    sign,
    onStored: (block) => writer.add(block),
    clock,
    logger,
  });
  return {
    add: (record, group, stored) => chain.add(record, group, stored),
    get full() {
      return chain.full;
    },
    get countedThrough() {
      return writer.countedThrough;
    },
    stored: () => chain.flushed(),
    async flush() {
      await chain.flushed();
      await writer.flush();
    },
    close() {
      chain.close();
      writer.close();
    },
  };
}

/** What stands for the previous block's hash in a chain's first block. */
const genesisHash = '0'.repeat(64);
