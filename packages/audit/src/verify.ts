import { type ChainId, type ChainState, type Checkpoint, createChain } from './chain.ts';
import {
  type Block,
  type BlockEnvelope,
  type BlockMessage,
  parseEnvelope,
  parseRecords,
} from './parse-block.ts';

/** What can be wrong with a chain or a block. */
export type ProblemKind =
  /** Subject or headers cannot be read. */
  | 'malformed'
  /** Signed as it stands, but the body is not what blocks hold. */
  | 'bad-records'
  /** Signed as it stands, but the counts are not those of the records. */
  | 'wrong-count'
  /** Headers or body were changed, or the block is made up. */
  | 'bad-signature'
  /** Signed by the key of another gateway. */
  | 'foreign-signer'
  /** Nobody is known to sign as that gateway. */
  | 'unknown-signer'
  /** Delivered by a site under another site's name. */
  | 'wrong-site'
  | 'gap'
  | 'duplicate'
  | 'reorder'
  | 'wrong-prev'
  /** The chain ends before the last block that is known to have been. */
  | 'truncated';

/** One finding. */
export interface ChainProblem {
  readonly chain: ChainId | undefined;
  readonly seq: number | undefined;
  readonly kind: ProblemKind;
  readonly text: string;
}

/** A chain as far as it was read. */
export interface ChainSummary extends ChainId {
  /** Seqs of the first and last good block; 0 where there is none. */
  readonly first: number;
  readonly last: number;
  readonly blocks: number;
  /** Calls or acts that the records stand for. */
  readonly records: number;
  /** Hash of the last good block. */
  readonly hash: string;
}

/** What a verifier found. */
export interface ChainReport {
  readonly chains: readonly ChainSummary[];
  readonly problems: readonly ChainProblem[];
  /** Problems found beyond those listed. */
  readonly unlisted: number;
}

/** Whose keys are whose, and how signatures are checked. */
export interface VerifierOptions {
  /** Public keys that sign, or have signed, as this gateway; none where it is not known. */
  keysOf(site: string, gateway: string): readonly string[];
  /** Ed25519; false for a bad signature and for a key that is none. */
  verify(publicKey: string, data: Uint8Array, sig: Uint8Array): boolean;
  /** The site whose own stream is read, where subjects are not stamped; else blocks are taken at their word. */
  readonly source?: string;
  /** Where a chain is known to be whole up to; without, it must begin with block 1. */
  checkpoint?(chain: ChainId): Checkpoint | 'first-seen' | undefined;
  /** All known signers, to name a foreign one. */
  readonly signers?: readonly {
    readonly site: string;
    readonly gateway: string;
    readonly keys: readonly string[];
  }[];
  /** How many problems are listed; 1000 where left out. Others are counted. */
  readonly mostProblems?: number;
}

/** Reads the blocks of all chains of a stream, in its order. */
export interface ChainVerifier {
  /**
   * Takes the next message. Gives the block where it is authentic and holds together, also where it is out of
   * order; undefined where it must not be believed.
   */
  add(message: BlockMessage): Block | undefined;
  /** The chain is known to have reached this block (from its watermark, or a checkpoint). */
  expectLast(chain: ChainId, seq: number): void;
  report(): ChainReport;
}

interface Tracked {
  readonly chain: ChainState;
  blocks: number;
  records: number;
  expectedLast: number;
}

const keyOf = ({ source, gateway, tenant }: ChainId) => `${source}/${gateway}/${tenant}`;

/** Checks chains of blocks. Remembers a few numbers for each chain and the problems listed, never the blocks. */
export function createChainVerifier(options: VerifierOptions): ChainVerifier {
  const mostProblems = options.mostProblems ?? 1000;
  const tracked = new Map<string, Tracked>();
  const problems: ChainProblem[] = [];
  let unlisted = 0;

  function found(kind: ProblemKind, text: string, chain?: ChainId, seq?: number): void {
    if (problems.length < mostProblems) problems.push({ chain, seq, kind, text });
    else unlisted += 1;
  }

  function track(id: ChainId): Tracked {
    const key = keyOf(id);
    const known = tracked.get(key);
    if (known) return known;
    const chain = createChain(id, options.checkpoint?.(id));
    const entry = { chain, blocks: 0, records: 0, expectedLast: 0 };
    tracked.set(key, entry);
    return entry;
  }

  function isSigned(envelope: BlockEnvelope, keys: readonly string[]): boolean {
    return keys.some((key) => options.verify(key, envelope.signed, envelope.sig));
  }

  /** True where the block's gateway signed it; else says what is wrong. */
  function isAuthentic(envelope: BlockEnvelope, id: ChainId): boolean {
    const { site, gateway, seq } = envelope;
    const keys = options.keysOf(site, gateway);
    if (keys.length > 0 && isSigned(envelope, keys)) return true;
    // Looking for the true signer costs; a flood of forgeries shall not.
    const signers = problems.length < mostProblems ? (options.signers ?? []) : [];
    const foreign = signers.find((signer) => isSigned(envelope, signer.keys));
    if (foreign) {
      found(
        'foreign-signer',
        `signed by ${foreign.site}/${foreign.gateway}, not by ${site}/${gateway}`,
        id,
        seq,
      );
    } else if (keys.length === 0) {
      found('unknown-signer', `no key is known that signs as ${site}/${gateway}`, id, seq);
    } else {
      found('bad-signature', `not signed as it stands by ${site}/${gateway}: changed or made up`, id, seq);
    }
    if (keys.length > 0) track(id).chain.markBad(seq);
    return false;
  }

  return {
    add(message) {
      const parsed = parseEnvelope(message);
      if (parsed.fault) {
        found('malformed', `${message.subject}: ${parsed.fault.pointer} ${parsed.fault.problem}`);
        return undefined;
      }
      const envelope = parsed.value;
      const { site, gateway, tenant, seq } = envelope;
      const source = envelope.source ?? options.source ?? site;
      const id: ChainId = { source, gateway, tenant };
      if (site !== source) {
        found('wrong-site', `delivered by site ${source} under the name of site ${site}`, id, seq);
        return undefined;
      }
      if (!isAuthentic(envelope, id)) return undefined;
      const entry = track(id);
      const order = entry.chain.append(seq, envelope.prev, envelope.hash);
      if (order) found(order.kind, order.text, id, seq);
      const records = parseRecords(envelope, message.body);
      if (records.fault) {
        const kind = records.fault.pointer.startsWith('/headers/') ? 'wrong-count' : 'bad-records';
        found(kind, `${records.fault.pointer} ${records.fault.problem}`, id, seq);
        return undefined;
      }
      if (order?.kind !== 'duplicate') {
        entry.blocks += 1;
        entry.records += envelope.count;
      }
      return { ...envelope, records: records.value };
    },
    expectLast(chain, seq) {
      const entry = track(chain);
      entry.expectedLast = Math.max(entry.expectedLast, seq);
    },
    report() {
      const late: ChainProblem[] = [];
      const chains: ChainSummary[] = [];
      for (const { chain, blocks, records, expectedLast } of tracked.values()) {
        for (const { from, to } of chain.gaps()) {
          const text = from === to ? `block ${from} is missing` : `blocks ${from} to ${to} are missing`;
          late.push({ chain: chain.id, seq: from, kind: 'gap', text });
        }
        const start = options.checkpoint?.(chain.id);
        const last = chain.last ?? (typeof start === 'object' ? start.seq : 0);
        if (last < expectedLast) {
          const text = `ends with block ${last}, but there was a block ${expectedLast}`;
          late.push({ chain: chain.id, seq: last + 1, kind: 'truncated', text });
        }
        chains.push({ ...chain.id, first: chain.first ?? 0, last, blocks, records, hash: chain.hash });
      }
      chains.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      const all = [...problems, ...late];
      const listed = all.slice(0, mostProblems);
      return { chains, problems: listed, unlisted: unlisted + all.length - listed.length };
    },
  };
}
