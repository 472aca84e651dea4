import { firstPrev } from './signing-input.ts';

/** One chain of blocks: of one gateway and tenant, as delivered by one site. */
export interface ChainId {
  /** The site whose stream the blocks came from. */
  readonly source: string;
  readonly gateway: string;
  readonly tenant: string;
}

/** Where a chain is known to be whole up to: the last block of that part. */
export interface Checkpoint {
  readonly seq: number;
  readonly hash: string;
}

/** A break in the order of a chain. */
export interface OrderProblem {
  readonly kind: 'duplicate' | 'reorder' | 'wrong-prev';
  readonly text: string;
}

/** Blocks `from` to `to` that never came. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** What is remembered of a chain: not its blocks. */
export interface ChainState {
  readonly id: ChainId;
  /** Seqs of the first and last block in place; undefined before there is one. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly hash: string;
  /** Takes the next block whose signature is good. Undefined where it fits. */
  append(seq: number, prev: string, hash: string): OrderProblem | undefined;
  /** Takes notice of a block with a bad signature: it is there, so it is not missing. */
  markBad(seq: number): void;
  gaps(): readonly Gap[];
}

/** More gaps than this in one chain are joined: a stream so broken needs no longer list. */
const mostGaps = 64;

/** A chain that is known to be whole up to a checkpoint, from its beginning, or (`first-seen`) from its first block. */
export function createChain(id: ChainId, start: Checkpoint | 'first-seen' | undefined): ChainState {
  const known =
    start === undefined ? { seq: 0, hash: firstPrev } : start === 'first-seen' ? undefined : start;
  let first: number | undefined;
  let last: number | undefined;
  let expected = known ? known.seq + 1 : undefined;
  // Undefined where the block before is not known to be good.
  let expectedPrev = known?.hash;
  let hash = known?.hash ?? firstPrev;
  /** Blocks from `expected` up to here were seen, with bad signatures. */
  let badUpTo: number | undefined;
  const gaps: { from: number; to: number }[] = [];

  function addGap(from: number, to: number): void {
    const latest = gaps.at(-1);
    if (gaps.length >= mostGaps && latest) latest.to = to;
    else gaps.push({ from, to });
  }

  /** True where the block was missing; then it is no longer. */
  function fillGap(seq: number): boolean {
    const index = gaps.findIndex((gap) => gap.from <= seq && seq <= gap.to);
    const gap = gaps[index];
    if (!gap) return false;
    const rest = [
      { from: gap.from, to: seq - 1 },
      { from: seq + 1, to: gap.to },
    ].filter(({ from, to }) => from <= to);
    if (gaps.length + rest.length <= mostGaps + 1) gaps.splice(index, 1, ...rest);
    return true;
  }

  return {
    id,
    get first() {
      return first;
    },
    get last() {
      return last;
    },
    get hash() {
      return hash;
    },
    append(seq, prev, blockHash) {
      let problem: OrderProblem | undefined;
      if (expected !== undefined && seq < expected) {
        if (fillGap(seq)) return { kind: 'reorder', text: `came after block ${expected - 1}` };
        const again = seq === last && blockHash === hash ? 'the same block' : 'a block of this number';
        return { kind: 'duplicate', text: `${again} was there already` };
      }
      if (expected !== undefined && seq > expected) {
        const seen = badUpTo ?? expected - 1;
        if (seq > seen + 1) addGap(seen + 1, seq - 1);
      } else if (expectedPrev !== undefined && prev !== expectedPrev) {
        problem = {
          kind: 'wrong-prev',
          text: `prev is ${prev}, but the block before has the hash ${expectedPrev}`,
        };
      }
      first ??= seq;
      last = seq;
      hash = blockHash;
      expected = seq + 1;
      expectedPrev = blockHash;
      badUpTo = undefined;
      return problem;
    },
    markBad(seq) {
      if (expected !== undefined && seq === (badUpTo ?? expected - 1) + 1) badUpTo = seq;
    },
    gaps: () => gaps,
  };
}
