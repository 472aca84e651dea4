import { parseCreds as parseWithLibrary } from '@nats-io/jwt';
import { expect, test } from 'vitest';
import { formatCreds, parseCreds } from './creds.ts';
import { createKeys } from './keys.ts';
import { countingRandom, someAccount, someTime } from './test-support.ts';
import { issueUser } from './users.ts';

async function someUser() {
  const random = countingRandom();
  const account = await someAccount('tenant', 'acme', random);
  const user = createKeys('user', random);
  const { jwt } = await issueUser({
    account,
    role: 'service',
    name: 'quotes',
    tags: { site: 'edge-a' },
    key: user.publicKey,
    signer: account.signers.service?.seed ?? '',
    now: someTime,
  });
  return { account, user, jwt, random };
}

test('creds - are an ordinary NATS .creds file', async () => {
  const { account, user, jwt } = await someUser();
  const text = formatCreds(jwt, user.seed);
  const parsed = await parseWithLibrary(new TextEncoder().encode(text));
  expect(parsed).toMatchObject({ key: user.seed, jwt, aid: account.publicKey });
  expect(parseCreds(text)).toEqual({ jwt, seed: user.seed });
  expect(parseCreds(text.replaceAll('\n', '\r\n'))).toEqual({ jwt, seed: user.seed });
});

test('creds - a JWT about another key, or of another type, is refused', async () => {
  const { account, user, jwt, random } = await someUser();
  expect(() => formatCreds(jwt, createKeys('user', random).seed)).toThrow(RangeError);
  expect(() => formatCreds(account.issued.jwt, account.keys.seed)).toThrow(RangeError);
  expect(() => formatCreds(`${jwt.slice(0, -4)}AAAA`, user.seed)).toThrow();
});

test('creds - what is no .creds file is refused and not repeated', async () => {
  const { user, jwt } = await someUser();
  for (const text of ['', user.seed, jwt, formatCreds(jwt, user.seed).slice(0, -60)]) {
    expect(() => parseCreds(text)).toThrow('not a NATS .creds file: expected a block');
  }
});
