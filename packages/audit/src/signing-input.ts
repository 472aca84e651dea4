import { createHash } from 'node:crypto';
import type { BlockClass } from './record.ts';

/** What a block's headers say, but for the signature. */
export interface BlockFields {
  readonly tenant: string;
  /** The site whose gateway wrote the block. */
  readonly site: string;
  readonly gateway: string;
  readonly class: BlockClass;
  /** From 1, rising by 1 within the chain of one gateway and tenant. */
  readonly seq: number;
  /** Hash of the chain's block before this one; `firstPrev` for the first. */
  readonly prev: string;
  /** Calls or acts that the block's records stand for. */
  readonly count: number;
  /** The count by outcome, as `CODE=n,CODE=n` with the codes in order. */
  readonly outcomes: string;
}

/** `prev` of a chain's first block: 64 zeros. */
export const firstPrev = '0'.repeat(64);

/** Hex SHA-256. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * The bytes that are signed, and whose SHA-256 is the block's hash. Version, then every field, then the hash of
 * the body, each on a line of its own and each line ended by a line feed:
 *
 *     causeway-block-v1
 *     <tenant>
 *     <site>
 *     <gateway>
 *     <class>
 *     <seq, decimal>
 *     <prev, hex>
 *     <count, decimal>
 *     <outcomes>
 *     <SHA-256 of the body, hex>
 *
 * Two different blocks cannot give the same bytes: the grammar of each field admits no line feed.
 */
export function signingInput(fields: BlockFields, body: Uint8Array): string {
  const { tenant, site, gateway, seq, prev, count, outcomes } = fields;
  const lines = [
    'causeway-block-v1',
    tenant,
    site,
    gateway,
    fields.class,
    seq,
    prev,
    count,
    outcomes,
    sha256(body),
  ];
  return `${lines.join('\n')}\n`;
}

/** Counts by outcome as the header has them: codes in code-unit order. */
export function outcomesText(outcomes: ReadonlyMap<string, number>): string {
  return [...outcomes.keys()]
    .sort()
    .map((key) => `${key}=${outcomes.get(key)}`)
    .join(',');
}
