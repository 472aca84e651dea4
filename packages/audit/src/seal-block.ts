import { blockHeaders, subjects } from '@causeway/protocol';
import {
  type BlockClass,
  type BlockRecord,
  classOf,
  countOf,
  isAccess,
  outcomeKey,
  recordLine,
} from './record.ts';
import { type BlockFields, outcomesText, sha256, signingInput } from './signing-input.ts';

/** Records to be sealed, and their place in the chain of one gateway and tenant. */
export interface BlockDraft {
  readonly tenant: string;
  readonly site: string;
  readonly gateway: string;
  readonly class: BlockClass;
  readonly seq: number;
  readonly prev: string;
  /** One or more, all of the draft's class (`classOf`). */
  readonly records: readonly BlockRecord[];
  /** The records' lines (`recordLine`) where they are made already; else they are made here. */
  readonly lines?: readonly string[];
}

/** A block as it goes out: one JetStream message. */
export interface SealedBlock {
  readonly subject: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
  /** `prev` of the next block. */
  readonly hash: string;
}

/** Signs by Ed25519 with the gateway's key: 64 bytes. */
export type Sign = (bytes: Uint8Array) => Uint8Array;

const encoder = new TextEncoder();

/**
 * Makes a block of records: body (one JSON object a line, each ended by a line feed), headers, signature. Throws
 * a RangeError for a name the grammar does not admit, for a bad `seq` or `prev`, and for records that are none,
 * of another class, site or tenant: all faults of the program.
 */
export function sealBlock(draft: BlockDraft, sign: Sign): SealedBlock {
  const { tenant, site, gateway, seq, prev, records } = draft;
  if (!Number.isSafeInteger(seq) || seq < 1) throw new RangeError(`seq ${seq} is not 1, 2, 3 …`);
  if (!/^[0-9a-f]{64}$/.test(prev)) throw new RangeError(`prev "${prev}" is not a SHA-256 in hex`);
  if (records.length === 0) throw new RangeError('a block needs a record');
  if (draft.lines && draft.lines.length !== records.length) {
    throw new RangeError(`${draft.lines.length} lines for ${records.length} records`);
  }
  const outcomes = new Map<string, number>();
  let count = 0;
  for (const record of records) {
    const foreign = record.tenant !== tenant || (isAccess(record) && record.site !== site);
    if (foreign || classOf(record) !== draft.class) {
      throw new RangeError(`a record of another tenant, site or class in a block of ${tenant}, ${site}`);
    }
    const key = outcomeKey(record);
    count += countOf(record);
    outcomes.set(key, (outcomes.get(key) ?? 0) + countOf(record));
  }
  const subject = subjects.audit.build({ tenant, site, gateway, class: draft.class });
  const body = encoder.encode(`${(draft.lines ?? records.map(recordLine)).join('\n')}\n`);
  const text = outcomesText(outcomes);
  const fields: BlockFields = { tenant, site, gateway, class: draft.class, seq, prev, count, outcomes: text };
  const input = signingInput(fields, body);
  const sig = sign(encoder.encode(input));
  return {
    subject,
    headers: {
      [blockHeaders.tenant]: tenant,
      [blockHeaders.site]: site,
      [blockHeaders.gateway]: gateway,
      [blockHeaders.class]: draft.class,
      [blockHeaders.seq]: `${seq}`,
      [blockHeaders.prev]: prev,
      [blockHeaders.count]: `${count}`,
      [blockHeaders.outcomes]: text,
      [blockHeaders.sig]: Buffer.from(sig).toString('base64url'),
    },
    body,
    hash: sha256(input),
  };
}
