import { fromPublic } from 'nkeys.js';
import { expect, test } from 'vitest';
import { createKeys, isPublicKey, pairOf, publicKeyOf } from './keys.ts';
import { countingRandom } from './test-support.ts';

test.each([
  ['operator', /^O[A-Z2-7]{55}$/, /^SO[A-Z2-7]{56}$/],
  ['account', /^A[A-Z2-7]{55}$/, /^SA[A-Z2-7]{56}$/],
  ['user', /^U[A-Z2-7]{55}$/, /^SU[A-Z2-7]{56}$/],
] as const)('keys - a key of kind %s has the right shape and signs', (kind, publicKey, seed) => {
  const keys = createKeys(kind, countingRandom());
  expect(keys.publicKey).toMatch(publicKey);
  expect(keys.seed).toMatch(seed);
  expect(isPublicKey(kind, keys.publicKey)).toBe(true);
  const message = new TextEncoder().encode('message');
  expect(fromPublic(keys.publicKey).verify(message, pairOf(keys.seed).sign(message))).toBe(true);
});

test('keys - come from the randomness that is passed in', () => {
  expect(createKeys('user', countingRandom(1))).toEqual(createKeys('user', countingRandom(1)));
  expect(createKeys('user', countingRandom(1))).not.toEqual(createKeys('user', countingRandom(2)));
  expect(() => createKeys('user', { bytes: () => new Uint8Array(31), fraction: () => 0 })).toThrow();
});

test('keys - what is no seed is refused and not repeated', () => {
  const { seed } = createKeys('user', countingRandom());
  const broken = seed.slice(0, 20) + (seed[20] === 'A' ? 'B' : 'A') + seed.slice(21);
  for (const text of ['', 'hello', broken, seed.toLowerCase(), ` ${seed}`]) {
    expect(() => publicKeyOf(text)).toThrow(RangeError);
    expect(() => publicKeyOf(text)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(broken) }),
    );
  }
});

test('keys - a public key of another kind, of another length or with a wrong checksum is none', () => {
  const { publicKey, seed } = createKeys('user', countingRandom());
  const broken = publicKey.slice(0, 20) + (publicKey[20] === 'A' ? 'B' : 'A') + publicKey.slice(21);
  for (const text of ['', '*', seed, broken, `${publicKey}A`, publicKey.toLowerCase()]) {
    expect(isPublicKey('user', text), text.slice(0, 5)).toBe(false);
  }
  expect(isPublicKey('account', publicKey)).toBe(false);
});
