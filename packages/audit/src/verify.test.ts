import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainOf, createSigner, messageOf, recordOf, verifyBy } from './generate.test-support.ts';
import { sealBlock } from './seal-block.ts';
import { createChainVerifier, type VerifierOptions } from './verify.ts';

const own = createSigner('edge-a-key');
const other = createSigner('edge-b-key');
const chain = { source: 'edge-a', gateway: 'gw-1', tenant: 'acme' };

function verifier(options: Partial<VerifierOptions> = {}) {
  const keys: Record<string, string[]> = { 'edge-a/gw-1': ['edge-a-key'], 'edge-b/gw-1': ['edge-b-key'] };
  return createChainVerifier({
    keysOf: (site, gateway) => keys[`${site}/${gateway}`] ?? [],
    verify: verifyBy,
    signers: [{ site: 'edge-b', gateway: 'gw-1', keys: ['edge-b-key'] }],
    ...options,
  });
}

const blocks = chainOf(
  own,
  Array.from({ length: 6 }, (_, index) => [recordOf({ call: `c${index}`, count: index + 1 })]),
);

/** Kinds and numbers of the problems after the blocks of these numbers. */
function kindsAfter(seqs: readonly number[], check = verifier()): string[] {
  for (const seq of seqs) {
    const block = blocks[seq - 1];
    if (block) check.add(messageOf(block, { source: 'edge-a' }));
  }
  return check.report().problems.map(({ kind, seq }) => `${kind} ${seq}`);
}

test('verify - a whole chain has no problem and is summed up', () => {
  const check = verifier();
  check.expectLast(chain, 6);
  expect(kindsAfter([1, 2, 3, 4, 5, 6], check)).toEqual([]);
  expect(check.report().chains).toEqual([
    { ...chain, first: 1, last: 6, blocks: 6, records: 21, hash: blocks[5]?.hash },
  ]);
});

for (const [name, seqs, expected] of [
  ['a missing block', [1, 2, 4, 5], ['gap 3']],
  ['a missing beginning', [3, 4], ['gap 1']],
  ['several gaps', [2, 4, 6], ['gap 1', 'gap 3', 'gap 5']],
  ['a block twice', [1, 2, 2, 3], ['duplicate 2']],
  ['an old block again', [1, 2, 3, 1], ['duplicate 1']],
  ['two blocks in the wrong order', [1, 3, 2, 4], ['reorder 2']],
] as const) {
  test(`verify - ${name} is found`, () => expect(kindsAfter(seqs)).toEqual(expected));
}

test('verify - a cut end is found where the watermark is known', () => {
  const check = verifier();
  check.expectLast(chain, 6);
  check.expectLast({ ...chain, tenant: 'beta' }, 2);
  expect(kindsAfter([1, 2, 3], check)).toEqual(['truncated 4', 'truncated 1']);
});

test('verify - another block in the place of one is found by the next one’s prev', () => {
  const check = verifier();
  const forged = chainOf(own, [[recordOf({ call: 'other' })]]);
  for (const block of [...forged, ...blocks.slice(1)]) check.add(messageOf(block, { source: 'edge-a' }));
  expect(check.report().problems).toMatchObject([{ kind: 'wrong-prev', seq: 2, chain }]);
});

test('verify - a changed block is one finding, not a gap as well', () => {
  const check = verifier();
  for (const [index, block] of blocks.entries()) {
    const headers = { ...block.headers, 'Causeway-Outcomes': 'OK=9' };
    const message = messageOf(block, { source: 'edge-a', ...(index === 2 ? { headers } : {}) });
    expect(check.add(message) === undefined).toBe(index === 2);
  }
  expect(check.report().problems).toMatchObject([{ kind: 'bad-signature', seq: 3 }]);
  expect(check.report().chains[0]).toMatchObject({ last: 6, blocks: 5 });
});

test('verify - a signer that is another gateway, or nobody, is named', () => {
  const check = verifier();
  const [foreign] = chainOf(other, [[recordOf()]]);
  const [unknown] = chainOf(own, [[recordOf()]], { gateway: 'gw-9' });
  if (!foreign || !unknown) throw new Error('no block');
  check.add(messageOf(foreign, { source: 'edge-a' }));
  check.add(messageOf(unknown, { source: 'edge-a' }));
  expect(check.report().problems.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    'foreign-signer: signed by edge-b/gw-1, not by edge-a/gw-1',
    'unknown-signer: no key is known that signs as edge-a/gw-9',
  ]);
});

test('verify - a block under another site’s name is no block of that site', () => {
  const check = verifier();
  const [first] = blocks;
  if (!first) throw new Error('no block');
  expect(check.add(messageOf(first, { source: 'edge-b' }))).toBeUndefined();
  expect(check.report()).toMatchObject({
    chains: [],
    problems: [{ kind: 'wrong-site', chain: { source: 'edge-b' } }],
  });
  const local = verifier({ source: 'edge-b' });
  expect(local.add(messageOf(first))).toBeUndefined();
});

test('verify - counts that a gateway signed wrongly are found', () => {
  // What a gateway’s owner could do: sign a body together with counts that are not its own.
  const wrong = chainOf(own, [[recordOf(), recordOf()]]);
  const honest = sealBlock(
    {
      ...{ tenant: 'acme', site: 'edge-a', gateway: 'gw-1', class: 'access', seq: 1, prev: '0'.repeat(64) },
      records: [recordOf(), recordOf()],
      lines: [JSON.stringify(recordOf()), JSON.stringify(recordOf({ count: 5 }))],
    },
    own.sign,
  );
  const check = verifier();
  check.add(messageOf(honest, { source: 'edge-a' }));
  expect(wrong).toHaveLength(1);
  expect(check.report().problems).toMatchObject([{ kind: 'wrong-count', seq: 1 }]);
});

test('verify - a checkpoint, or the first block seen, stands for what was purged', () => {
  const hash = blocks[2]?.hash ?? '';
  expect(kindsAfter([4, 5], verifier({ checkpoint: () => ({ seq: 3, hash }) }))).toEqual([]);
  expect(kindsAfter([4, 5], verifier({ checkpoint: () => ({ seq: 3, hash: 'f'.repeat(64) }) }))).toEqual([
    'wrong-prev 4',
  ]);
  expect(kindsAfter([4, 6], verifier({ checkpoint: () => 'first-seen' }))).toEqual(['gap 5']);
});

test('verify - any loss, repeat or swap of blocks is found', () => {
  const seqs = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 10 });
  fc.assert(
    fc.property(seqs, (order) => {
      const check = verifier();
      check.expectLast(chain, 6);
      const isWhole = order.join() === '1,2,3,4,5,6';
      expect(kindsAfter(order, check).length === 0).toBe(isWhole);
    }),
    { numRuns: 200, examples: [[[1, 2, 3, 4, 5, 6]]] },
  );
});

test('verify - problems are bounded, the rest is counted', () => {
  const check = verifier({ mostProblems: 3 });
  for (let index = 0; index < 10; index += 1) {
    check.add({ subject: 'audit.x', header: () => undefined, body: new Uint8Array() });
  }
  expect(check.report()).toMatchObject({ problems: { length: 3 }, unlisted: 7 });
});
