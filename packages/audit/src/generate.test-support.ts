import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { AuditRecord } from '@causeway/protocol';
import fc from 'fast-check';
import type { BlockMessage } from './parse-block.ts';
import { classOf } from './record.ts';
import { type BlockDraft, type SealedBlock, sealBlock } from './seal-block.ts';
import { firstPrev } from './signing-input.ts';

/** A signer of blocks, with the real Ed25519. */
export interface TestSigner {
  readonly id: string;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

const publicKeys = new Map<string, KeyObject>();

export function createSigner(id: string): TestSigner {
  const pair = generateKeyPairSync('ed25519');
  publicKeys.set(id, pair.publicKey);
  return { id, sign: (bytes) => sign(null, bytes, pair.privateKey) };
}

export function verifyBy(id: string, data: Uint8Array, sig: Uint8Array): boolean {
  const key = publicKeys.get(id);
  return key !== undefined && verify(null, data, key, sig);
}

export function recordOf(fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    call: 'c1',
    at: 1_763_810_000_000,
    tenant: 'acme',
    from: { site: 'edge-b', service: 'desk' },
    to: { service: 'quotes', major: 1, endpoint: 'latest', requested: 'any' },
    site: 'edge-a',
    decision: 'allowed',
    policy: 'desk-reads',
    code: 'OK',
    requestBytes: 12,
    replyBytes: 34,
    durationMicros: 56,
    ...fields,
  };
}

export function messageOf(
  block: SealedBlock,
  changes: Partial<SealedBlock> & { source?: string } = {},
): BlockMessage {
  const { subject, headers, body } = { ...block, ...changes };
  const stamped = changes.source === undefined ? subject : `from.${changes.source}.${subject}`;
  return { subject: stamped, header: (name) => headers[name], body };
}

/** Blocks of one record each, or of the record lists given, chained. */
export function chainOf(
  signer: TestSigner,
  blocks: readonly (readonly AuditRecord[])[],
  place: Partial<Pick<BlockDraft, 'site' | 'gateway' | 'tenant'>> = {},
): SealedBlock[] {
  let prev = firstPrev;
  return blocks.map((records, index) => {
    const first = records[0] ?? recordOf();
    const at = { tenant: 'acme', site: 'edge-a', gateway: 'gw-1', ...place };
    const block = sealBlock({ ...at, class: classOf(first), seq: index + 1, prev, records }, signer.sign);
    prev = block.hash;
    return block;
  });
}

const optional = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((made) => (made === undefined ? {} : { [name]: made }));

const byte = fc.nat({ max: 1_000_000 });

/** Records as gateways write them: of few callers and endpoints, so that counters meet. */
export const anyRecord: fc.Arbitrary<AuditRecord> = fc
  .record({
    call: fc.stringMatching(/^[A-Za-z0-9_-]{1,22}$/),
    at: fc.nat(),
    tenant: fc.constant('acme'),
    from: fc.record({ site: fc.constantFrom('edge-a', 'edge-b'), service: fc.constantFrom('desk', 'risk') }),
    to: fc
      .tuple(
        fc.record({
          service: fc.constantFrom('quotes', 'positions'),
          major: fc.nat({ max: 2 }),
          endpoint: fc.constantFrom('latest', 'history'),
        }),
        optional('requested', fc.constantFrom('any', 'edge-a')),
      )
      .map(([to, more]) => ({ ...to, ...more })),
    site: fc.constant('edge-a'),
    outcome: fc.constantFrom(
      ['allowed', 'OK'] as const,
      ['denied', 'DENIED'] as const,
      ['denied', 'NO_ROUTE'] as const,
      ['failed', 'NO_SUCH_ENDPOINT'] as const,
      ['limited', 'RATE_LIMITED'] as const,
      ['reported', 'UNREACHABLE'] as const,
    ),
    policy: fc.option(fc.constantFrom('p1', 'p2'), { nil: null }),
    reason: optional('reason', fc.string()),
    bytes: fc.record({ requestBytes: byte, replyBytes: byte, durationMicros: byte }),
    instance: optional('instance', fc.constant('i1')),
    trace: optional('trace', fc.constant('0123456789abcdef0123456789abcdef')),
    count: optional('count', fc.integer({ min: 1, max: 1000 })),
  })
  .map(({ call, at, tenant, from, to, site, outcome, policy, reason, bytes, instance, trace, count }) => ({
    ...{ call, at, tenant, from, to, site, decision: outcome[0], policy, code: outcome[1] },
    ...{ ...reason, ...bytes, ...instance, ...trace, ...count },
  }));
