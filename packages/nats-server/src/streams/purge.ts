import type { Clock, Logger } from '@causeway/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';
import { auditStream, collector } from './names.ts';

/** One chain of blocks: a gateway's of a tenant. */
export interface ChainName {
  readonly tenant: string;
  readonly gateway: string;
}

/** What the cloud says it has stored of a site's records. */
export interface Confirmed {
  readonly sequence: number;
  readonly created: string;
}

/** What may be purged. */
export interface PurgeOptions {
  readonly site: string;
  /** How far the cloud has stored the site's records: a sequence, of the stream whose consumer was made then. */
  readonly confirmed: Confirmed;
  /**
   * The last sequence in the stream of this chain that its counters have taken in; nothing after it is purged.
   * 0 keeps all of the chain.
   */
  counted(chain: ChainName): number | Promise<number>;
}

/** What was purged. */
export interface Purged {
  /** Last sequence that the cloud has confirmed. */
  readonly confirmed: number;
  /** How many blocks are gone. */
  readonly blocks: number;
}

/**
 * Purges, with the broker's rights, what the cloud has confirmed of a site's records: for each chain the blocks
 * up to the least of what the cloud has confirmed, what its counters have taken in, and the block before its
 * last. So a chain's last block always stays (a gateway that starts reads there how to go on), and what stays
 * of a chain has no gap.
 *
 * The purge API takes either a sequence or a number to keep, never both, so the last block of each chain is
 * looked up first. One that is added meanwhile only makes the bound more careful.
 */
export async function purgeConfirmed(jsm: JetStreamManager, options: PurgeOptions): Promise<Purged> {
  const stream = auditStream(options.site);
  // Of a stream that was made anew, the cloud has confirmed nothing yet.
  const { created } = await jsm.consumers.info(stream, collector);
  const confirmed = created === options.confirmed.created ? options.confirmed.sequence : 0;
  if (confirmed === 0) return { confirmed, blocks: 0 };
  const { state } = await jsm.streams.info(stream, { subjects_filter: '>' });
  const counts = new Map<string, number>();
  for (const [subject, count] of Object.entries(state.subjects ?? {})) {
    const chain = subject.split('.').slice(0, 4).join('.');
    counts.set(chain, (counts.get(chain) ?? 0) + count);
  }
  let blocks = 0;
  for (const [chain, count] of counts) {
    const [, tenant = '', , gateway = ''] = chain.split('.');
    if (count < 2) continue;
    const last = await jsm.streams.getMessage(stream, { last_by_subj: `${chain}.*` });
    if (last === null) continue;
    const through = Math.min(confirmed, await options.counted({ tenant, gateway }), last.seq - 1);
    if (through < 1) continue;
    // `seq` is the first that stays.
    blocks += (await jsm.streams.purge(stream, { filter: `${chain}.*`, seq: through + 1 })).purged;
  }
  return { confirmed, blocks };
}

const purgeEveryMs = 15_000;

/**
 * Purges a site's stream every 15 s, up to where the cloud has said it has stored it. Returns the function that
 * ends it. What fails is logged and tried again with the next round.
 */
export function startPurging(options: {
  manager: JetStreamManager;
  site: string;
  /** How far the cloud has stored the site's records; undefined where it has not said. */
  confirmed: () => Confirmed | undefined;
  counted: PurgeOptions['counted'];
  /** Makes what is missing, before each round. */
  ensure?: () => Promise<void>;
  clock: Clock;
  logger: Logger;
}): () => void {
  const { manager, site, confirmed, counted, ensure, clock, logger } = options;
  async function round(): Promise<void> {
    await ensure?.();
    const stored = confirmed();
    if (stored) await purgeConfirmed(manager, { site, confirmed: stored, counted });
  }
  return clock.every(purgeEveryMs, () => {
    round().catch((err: unknown) =>
      logger.warn({ err, site }, 'confirmed blocks not purged; trying again later'),
    );
  });
}
