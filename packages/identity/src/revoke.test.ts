import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKeys } from './keys.ts';
import { addRevocations, isRevoked } from './revoke.ts';
import { countingRandom, someTime } from './test-support.ts';

const random = countingRandom();
const [a, b] = [createKeys('user', random).publicKey, createKeys('user', random).publicKey];
const second = Math.floor(someTime / 1000);

test('revoke - a user is void from now on, and not issued anew in the same second', () => {
  const revocations = addRevocations({}, [{ publicKey: a }], someTime);
  expect(revocations).toEqual({ [a]: second });
  expect(isRevoked(revocations, a, second)).toBe(true);
  expect(isRevoked(revocations, a, second + 1)).toBe(false);
  expect(isRevoked(revocations, b, second)).toBe(false);
});

test('revoke - the time is never before the JWT that is to be void', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100, max: 100 }), (ahead) => {
      const iat = second + ahead;
      expect(isRevoked(addRevocations({}, [{ publicKey: a, iat }], someTime), a, iat)).toBe(true);
    }),
  );
});

test('revoke - times only rise, and the input stays as it was', () => {
  const first = addRevocations({}, [{ publicKey: a }], someTime);
  expect(addRevocations(first, [{ publicKey: a }], someTime - 60_000)).toEqual(first);
  expect(addRevocations(first, [{ publicKey: b }], someTime + 1000)).toEqual({
    [a]: second,
    [b]: second + 1,
  });
  expect(first).toEqual({ [a]: second });
});

test('revoke - * is for everyone, and what it covers is left out', () => {
  const some = addRevocations({ [b]: second + 50 }, [{ publicKey: a }], someTime);
  const all = addRevocations(some, [{ publicKey: '*' }], someTime + 5000);
  expect(all).toEqual({ '*': second + 5, [b]: second + 50 });
  expect(isRevoked(all, a, second + 5)).toBe(true);
  expect(isRevoked(all, a, second + 6)).toBe(false);
  expect(isRevoked(all, b, second + 50)).toBe(true);
});

test('revoke - what is no user’s key is refused', () => {
  const account = createKeys('account', random).publicKey;
  for (const publicKey of ['', 'acme', account]) {
    expect(() => addRevocations({}, [{ publicKey }], someTime)).toThrow(RangeError);
  }
});
