import fc from 'fast-check';
import { expect, test } from 'vitest';
import { goodTokens, hostileToken } from './generate.test-support.ts';
import { type CompiledKey, compiledKeys, documentKeys, parseCompiledKey } from './keys.ts';

const { name } = goodTokens;
const major = goodTokens.major.map(Number);
const publicKey = fc.stringMatching(/^A[A-Z2-7]{55}$/);

const anyKey: fc.Arbitrary<readonly [string, CompiledKey]> = fc.oneof(
  fc
    .record({ tenant: name, service: name, major })
    .map(
      (key) => [compiledKeys.serve(key.tenant, key.service, key.major), { kind: 'serve', ...key }] as const,
    ),
  fc
    .record({ tenant: name, service: name })
    .map((key) => [compiledKeys.see(key.tenant, key.service), { kind: 'see', ...key }] as const),
  name.map((tenant) => [compiledKeys.idle(tenant), { kind: 'idle', tenant }] as const),
  publicKey.map((key) => [compiledKeys.account(key), { kind: 'account', publicKey: key }] as const),
  fc
    .record({ tenant: name, role: fc.constantFrom('gateway' as const, 'leaf' as const) })
    .map((key) => [compiledKeys.user(key.tenant, key.role), { kind: 'user', ...key }] as const),
  name.map((tenant) => [compiledKeys.tenant(tenant), { kind: 'tenant', tenant }] as const),
  fc.constant([compiledKeys.revision, { kind: 'revision' }] as const),
);

test('keys - a compiled key is taken apart into what it was made of', () => {
  fc.assert(
    fc.property(anyKey, ([key, parts]) => {
      expect(parseCompiledKey(key)).toEqual(parts);
    }),
  );
});

test('keys - a key with a token more, fewer, empty or hostile is none of this version', () => {
  fc.assert(
    fc.property(anyKey, fc.nat(), hostileToken, ([key], at, hostile) => {
      const tokens = key.split('.');
      expect(parseCompiledKey(`${key}.more`)).toBeUndefined();
      expect(parseCompiledKey(`${key}.`)).toBeUndefined();
      expect(parseCompiledKey(tokens.with(at % tokens.length, hostile).join('.'))).toBeUndefined();
      if (tokens.length > 1) expect(parseCompiledKey(tokens.slice(0, -1).join('.'))).toBeUndefined();
    }),
  );
});

test.each([
  '',
  'serve',
  'serve.acme.quotes.1',
  'serve.acme.quotes.v01',
  'serve.acme.quotes.v12345',
  'serve.any.quotes.v1',
  'see.acme.',
  'account.',
  'account.abc',
  'tenant.',
  'tenant.any',
  'user.acme.service',
  'revision.',
  'toString',
  '__proto__',
])('keys - %j is no compiled key', (key) => {
  expect(parseCompiledKey(key)).toBeUndefined();
});

test('keys - documents of different kinds or owners never share a key', () => {
  const parts = fc.record({ tenant: name, site: name, service: name, major });
  const keysOf = ({
    tenant,
    site,
    service,
    major: number,
  }: {
    tenant: string;
    site: string;
    service: string;
    major: number;
  }) => [
    documentKeys.api(tenant, service, number),
    documentKeys.policy(tenant, service),
    documentKeys.site(site),
    documentKeys.service(tenant, site, service),
    documentKeys.account(tenant),
  ];
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      expect(new Set(keysOf(one)).size).toBe(5);
      const [mine, theirs] = [keysOf(one), keysOf(other)];
      for (const [index, key] of mine.entries()) {
        const shared = theirs.indexOf(key);
        expect(shared === -1 || shared === index).toBe(true);
      }
      if (one.tenant !== other.tenant) expect(mine[1]).not.toBe(theirs[1]);
    }),
  );
});
