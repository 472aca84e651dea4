import { expect, test } from 'vitest';
import { readAuthentic } from './authentic-block.ts';
import { chainOf, createSigner, messageOf, recordOf, verifyBy } from './generate.test-support.ts';

const [own] = chainOf(createSigner('edge-a-key'), [[recordOf({ call: 'c' })]]);
const [forged] = chainOf(createSigner('edge-b-key'), [[recordOf({ call: 'c' })]]);
if (!own || !forged) throw new Error('no blocks');

const options = {
  keysOf: (site: string) => (site === 'edge-a' ? ['older-key', 'edge-a-key'] : []),
  verify: verifyBy,
};

test('authentic block - what its site signed and delivered is read', () => {
  expect(readAuthentic(messageOf(own, { source: 'edge-a' }), options).value).toMatchObject({
    site: 'edge-a',
    seq: 1,
    records: [{ call: 'c' }],
  });
});

test('authentic block - what another signed, or delivered under its name, is a fault', () => {
  expect(readAuthentic(messageOf(forged, { source: 'edge-a' }), options).fault?.problem).toContain(
    'not signed',
  );
  expect(readAuthentic(messageOf(own, { source: 'edge-b' }), options).fault?.problem).toBe(
    'was delivered by site edge-b under the name of site edge-a',
  );
  const unknown = { ...options, keysOf: () => [] };
  expect(readAuthentic(messageOf(own, { source: 'edge-a' }), unknown).fault?.problem).toContain('not signed');
  const changed = { ...messageOf(own, { source: 'edge-a' }), body: new TextEncoder().encode('{}\n') };
  expect(readAuthentic(changed, options).fault).toBeDefined();
});
