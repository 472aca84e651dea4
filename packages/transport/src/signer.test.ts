import { createAccount, createCurve, createUser, fromPublic, fromSeed } from 'nkeys.js';
import { describe, expect, it } from 'vitest';
import { createSigner, verifySignature } from './signer.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const data = new TextEncoder().encode('a nonce');

describe('signer', () => {
  it('signer - has the public key and the signature that nkeys.js has', () => {
    for (const pair of [createUser(), createAccount()]) {
      const signer = createSigner(pair.getSeed());
      expect(signer.publicKey).toBe(pair.getPublicKey());
      expect(Buffer.from(signer.sign(data))).toEqual(Buffer.from(pair.sign(data)));
      expect(fromPublic(signer.publicKey).verify(data, signer.sign(data))).toBe(true);
      expect(verifySignature(pair.getPublicKey(), data, pair.sign(data))).toBe(true);
    }
  });

  it('signer - refuses another signature, other data and what is no key', () => {
    const [one, two] = [createUser(), createUser()];
    expect(verifySignature(one.getPublicKey(), data, two.sign(data))).toBe(false);
    expect(verifySignature(one.getPublicKey(), Uint8Array.of(1), one.sign(data))).toBe(false);
    expect(verifySignature(one.getPublicKey(), data, new Uint8Array(10))).toBe(false);
    expect(verifySignature('UNONSENSE', data, one.sign(data))).toBe(false);
    expect(verifySignature(text(one.getSeed()), data, one.sign(data))).toBe(false);
  });

  it('signer - says what is wrong with a seed without showing it', () => {
    const seed = text(createUser().getSeed());
    const damaged = `${seed.slice(0, -1)}${seed.endsWith('A') ? 'B' : 'A'}`;
    const faults: [string, RegExp][] = [
      ['', /damaged/],
      ['not a seed', /damaged/],
      [damaged, /damaged/],
      [fromSeed(new TextEncoder().encode(seed)).getPublicKey(), /begins with S/],
      [text(createCurve().getSeed()), /curve key/],
    ];
    for (const [bad, expected] of faults) {
      expect(() => createSigner(bad)).toThrow(expected);
      if (bad) expect(() => createSigner(bad)).not.toThrow(bad);
    }
  });
});
