import { type AdminRecord, blockHeaders } from '@causeway/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRecord, chainOf, createSigner, messageOf, recordOf, verifyBy } from './generate.test-support.ts';
import { parseBlock } from './parse-block.ts';
import { classOf, countOf, recordLine } from './record.ts';
import { sealBlock } from './seal-block.ts';
import { firstPrev } from './signing-input.ts';
import { createChainVerifier } from './verify.ts';

const signer = createSigner('key-a');
const place = { tenant: 'acme', site: 'edge-a', gateway: 'gw-1', prev: firstPrev };

test('block - what is sealed is read back', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 2 ** 40 }),
      (made, seq) => {
        const records = made.filter((record) => classOf(record) === classOf(made[0] ?? recordOf()));
        const draft = { ...place, class: classOf(records[0] ?? recordOf()), seq, records };
        const block = sealBlock(draft, signer.sign);
        const parsed = parseBlock(messageOf(block, { source: 'edge-a' }));
        expect(parsed.fault).toBeUndefined();
        expect(parsed.value).toMatchObject({ ...draft, hash: block.hash, source: 'edge-a' });
        expect(parsed.value?.count).toBe(records.reduce((sum, record) => sum + countOf(record), 0));
        expect(sealBlock({ ...draft, lines: records.map(recordLine) }, signer.sign)).toEqual(block);
      },
    ),
    { numRuns: 200 },
  );
});

test('block - subject, message id and headers have the documented form', () => {
  const records = [recordOf(), recordOf({ count: 3 }), recordOf({ decision: 'failed', code: 'NO_INSTANCE' })];
  const block = sealBlock({ ...place, class: 'access', seq: 7, records }, signer.sign);
  expect(block.subject).toBe('audit.acme.edge-a.gw-1.access');
  expect(block.headers[blockHeaders.count]).toBe('5');
  expect(block.headers[blockHeaders.outcomes]).toBe('NO_INSTANCE=1,OK=4');
  expect(new TextDecoder().decode(block.body)).toBe(`${records.map(recordLine).join('\n')}\n`);
});

test('block - an administrator’s act is a block of the registry', () => {
  const record: AdminRecord = {
    ...{ at: 1, tenant: 'any', admin: 'root', op: 'apply', key: 'site.any.edge-a', revision: 3 },
    ...{ before: null, after: { kind: 'site' } },
  };
  const draft = { tenant: 'any', site: 'cloud', gateway: 'registry', class: 'admin', seq: 1 } as const;
  const block = sealBlock({ ...draft, prev: firstPrev, records: [record] }, signer.sign);
  expect(parseBlock(messageOf(block)).value).toMatchObject({
    ...draft,
    outcomes: 'apply=1',
    records: [record],
  });
});

test('block - every single flipped bit of headers, subject or body is found', () => {
  const [block] = chainOf(signer, [[recordOf({ reason: 'ü' }), recordOf()]]);
  if (!block) throw new Error('no block');
  const isFound = (changed: Parameters<typeof messageOf>[1]) => {
    const verifier = createChainVerifier({ keysOf: () => ['key-a'], verify: verifyBy });
    const believed = verifier.add(messageOf(block, changed));
    return believed === undefined && verifier.report().problems.length > 0;
  };
  const flipped = (text: string, bit: number) => {
    const bytes = Buffer.from(text, 'latin1');
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return bytes.toString('latin1');
  };
  expect(isFound({})).toBe(false);
  for (const [name, text] of Object.entries(block.headers)) {
    for (let bit = 0; bit < text.length * 8; bit += 1) {
      expect(isFound({ headers: { ...block.headers, [name]: flipped(text, bit) } }), `${name} ${bit}`).toBe(
        true,
      );
    }
  }
  for (let bit = 0; bit < block.subject.length * 8; bit += 1) {
    expect(isFound({ subject: flipped(block.subject, bit) }), `subject ${bit}`).toBe(true);
  }
  for (let bit = 0; bit < block.body.length * 8; bit += 1) {
    const body = Uint8Array.from(block.body);
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(isFound({ body }), `body ${bit}`).toBe(true);
  }
});

const good = recordOf();
for (const [name, records, pointer] of [
  ['another tenant', [{ ...good, tenant: 'other' }], '/records/0'],
  ['another site', [{ ...good, site: 'edge-b' }], '/records/0'],
  ['another class', [{ ...good, decision: 'denied', code: 'DENIED' }], '/records/0'],
  ['a reserved caller', [{ ...good, from: { site: 'edge-b', service: 'gateway' } }], '/records/0'],
  ['an unsafe number', [{ ...good, replyBytes: 1e300 }], '/records/0'],
  ['a field unknown', [{ ...good, address: '10.0.0.1' }], '/records/0/address'],
  ['one record too many', [good, good], '/headers/count'],
  ['another outcome', [{ ...good, code: 'INVALID_REPLY' }], '/headers/outcomes'],
  ['no JSON', ['x'], '/records/0'],
] as const) {
  test(`block - ${name} in the body is refused, signed or not`, () => {
    const block = sealBlock({ ...place, class: 'access', seq: 1, records: [good] }, signer.sign);
    const lines = records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record)));
    const body = new TextEncoder().encode(`${lines.join('\n')}\n`);
    expect(parseBlock(messageOf(block, { body })).fault?.pointer).toBe(pointer);
  });
}

test('block - the program’s own faults throw when sealing', () => {
  const draft = { ...place, class: 'access', seq: 1, records: [good] } as const;
  for (const fault of [
    { seq: 0 },
    { prev: 'x' },
    { records: [] },
    { tenant: 'other' },
    { gateway: 'a.b' },
    { class: 'refusal' as const },
    { lines: [] },
  ]) {
    expect(() => sealBlock({ ...draft, ...fault }, signer.sign), JSON.stringify(fault)).toThrow(RangeError);
  }
});
