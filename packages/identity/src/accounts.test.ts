import { expect, test } from 'vitest';
import { accountFault, issueAccount, renewAccount } from './accounts.ts';
import { decodeJwt } from './claims.ts';
import { createKeys } from './keys.ts';
import { accountLimits } from './limits.ts';
import { issueOperator } from './operator.ts';
import { addRevocations } from './revoke.ts';
import { type AccountKind, roles } from './templates/roles.ts';
import { countingRandom, nameOf, someAccount, someTime } from './test-support.ts';

const kinds = Object.keys(roles) as AccountKind[];

test('accounts - the operator names its signing keys, and no system account', async () => {
  const random = countingRandom();
  const keys = createKeys('operator', random);
  const signing = createKeys('operator', random);
  const { jwt } = await issueOperator({
    name: 'demo',
    keys,
    signingKeys: [signing.publicKey],
    now: someTime,
  });
  const claims = decodeJwt(jwt);
  expect(claims).toMatchObject({
    type: 'operator',
    name: 'demo',
    subject: keys.publicKey,
    issuer: keys.publicKey,
  });
  expect(claims.nats).toEqual({ signing_keys: [signing.publicKey], type: 'operator', version: 2 });
  const wrong = { name: 'demo', keys, signingKeys: [signing.seed.slice(0, 56)], now: someTime };
  await expect(issueOperator(wrong)).rejects.toThrow(RangeError);
});

test.each(kinds)('accounts - a %s account issued again is the same but for what is void', async (kind) => {
  const account = await someAccount(kind, nameOf(kind), countingRandom());
  const { publicKey } = createKeys('user', countingRandom());
  const revocations = addRevocations({}, [{ publicKey }], someTime);
  const seed = account.operator.seed;
  const renewed = await renewAccount(account.issued.jwt, { revocations, now: someTime }, seed);
  const [before, after] = [decodeJwt(account.issued.jwt), decodeJwt(renewed.jwt)];
  expect(after).toEqual({ ...before, iat: before.iat + 1, nats: { ...before.nats, revocations } });
});

test.each(kinds)('accounts - a %s account carries limits, and one scoped key for each role', async (kind) => {
  const account = await someAccount(kind, nameOf(kind), countingRandom());
  const claims = decodeJwt(account.issued.jwt);
  expect(claims).toMatchObject({
    type: 'account',
    subject: account.publicKey,
    issuer: account.operator.publicKey,
    iat: Math.floor(someTime / 1000),
  });
  expect(claims.nats.limits).toMatchObject({ imports: 0, exports: 0, disallow_bearer: kind !== 'control' });
  expect('disk_storage' in (claims.nats.limits as object)).toBe(['control', 'ops', 'site'].includes(kind));
  const keys = claims.nats.signing_keys as unknown[];
  expect(keys).toHaveLength(Object.keys(roles[kind]).length);
  for (const key of keys) {
    if (kind === 'system') expect(key).toMatch(/^A[A-Z2-7]{55}$/);
    else
      expect(key).toMatchObject({
        kind: 'user_scope',
        role: expect.any(String),
        template: { data: -1, payload: -1 },
      });
  }
});

test.each(kinds)('accounts - no template of a %s account denies, or allows responses', async (kind) => {
  // `resp` with zeros, as the JWT library adds it by itself, would allow a reply to anything received.
  const account = await someAccount(kind, nameOf(kind), countingRandom());
  const text = JSON.stringify(decodeJwt(account.issued.jwt).nats);
  expect(text).not.toContain('"resp"');
  expect(text).not.toContain('"deny"');
});

test('accounts - `iat` rises strictly, also within a second and when the clock goes back', async () => {
  const account = await someAccount('tenant', 'acme', countingRandom());
  let previousIat = account.issued.iat;
  for (const now of [someTime, someTime + 1, someTime - 60_000, someTime + 5000]) {
    const { iat, jwt } = await issueAccount<AccountKind>(
      { ...account, now, previousIat },
      account.operator.seed,
    );
    expect(iat).toBe(Math.max(Math.floor(now / 1000), previousIat + 1));
    expect(decodeJwt(jwt).iat).toBe(iat);
    previousIat = iat;
  }
});

test('accounts - revocations are in the claims', async () => {
  const random = countingRandom();
  const account = await someAccount('tenant', 'acme', random);
  const revocations = addRevocations({}, [{ publicKey: createKeys('user', random).publicKey }], someTime);
  const { jwt } = await issueAccount<AccountKind>({ ...account, revocations }, account.operator.seed);
  expect(decodeJwt(jwt).nats.revocations).toEqual(revocations);
});

test.each([
  ['tenant', 'acme', true],
  ['tenant', '*', false],
  ['tenant', 'any', false],
  ['tenant', 'CONTROL', false],
  ['tenant', 'control', false],
  ['tenant', 'site-edge-a', false],
  ['tenant', 'sys-cloud', false],
  ['control', 'CONTROL', true],
  ['control', 'acme', false],
  ['site', 'site-edge-a', true],
  ['site', 'edge-a', false],
  ['site', 'site-gw-1', false],
  ['site', 'site-auditor', false],
  ['site', 'site-', false],
  ['system', 'SYS-cloud', true],
  ['system', 'SYS-*', false],
  ['system', 'SYS', false],
] as const)('accounts - %s account "%s": %s', (kind, name, good) => {
  expect(accountFault(kind, name) === undefined).toBe(good);
});

test('accounts - wrong names, roles and keys are refused', async () => {
  const account = await someAccount('tenant', 'acme', countingRandom());
  const issue = (change: object) =>
    issueAccount<AccountKind>({ ...account, ...change }, account.operator.seed);
  await expect(issue({ name: 'a.b' })).rejects.toThrow(RangeError);
  await expect(issue({ publicKey: account.operator.publicKey })).rejects.toThrow(RangeError);
  await expect(issue({ signingKeys: { registry: account.publicKey } })).rejects.toThrow('no role "registry"');
  await expect(issue({ signingKeys: { constructor: account.publicKey } })).rejects.toThrow(
    'no role "constructor"',
  );
  await expect(issue({ signingKeys: { leaf: 'A' } })).rejects.toThrow(RangeError);
});

test('accounts - a leaf link may come back while the dead one is still counted', () => {
  expect(accountLimits('tenant', { sites: 3, clients: 10 })).toEqual({
    subscriptions: 50_000,
    payload: 1024 ** 2,
    connections: 16,
    leafs: 6,
  });
  expect(accountLimits('control', { sites: 3 }).leafs).toBe(6);
  expect(accountLimits('system', { sites: 3 }).leafs).toBe(0);
  expect(accountLimits('site', { sites: 1, disk: 7 }).jetstream?.disk).toBe(7);
});
