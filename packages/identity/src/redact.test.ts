import { expect, test } from 'vitest';
import { createCa } from './certificates.ts';
import { formatCreds } from './creds.ts';
import { createKeys, pairOf } from './keys.ts';
import { redactSecrets, secretPaths } from './redact.ts';
import { countingRandom, someAccount, someTime } from './test-support.ts';
import { issueUser } from './users.ts';

async function realCreds() {
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
  return { jwt, user, creds: formatCreds(jwt, user.seed) };
}

test('redact - seeds of every kind are masked, wherever they stand; public keys are not', () => {
  for (const kind of ['operator', 'account', 'user'] as const) {
    const { seed, publicKey } = createKeys(kind, countingRandom());
    for (const text of [seed, `seed=${seed}`, `x${seed}y`, `{"a":"${seed}\\n"}`, `A${seed}7`]) {
      const masked = redactSecrets(`${text} of ${publicKey}`);
      expect(masked).not.toContain(seed.slice(0, 10));
      expect(masked).not.toContain(seed.slice(-10));
      expect(masked).toContain(publicKey);
      expect(masked).toContain('[seed]');
    }
  }
});

test('redact - a private key in the library’s own form is masked', () => {
  const privateKey = new TextDecoder().decode(
    pairOf(createKeys('user', countingRandom()).seed).getPrivateKey(),
  );
  expect(redactSecrets(`key ${privateKey}`)).toBe('key [private key]');
});

test('redact - JWTs are masked, whole and cut off', async () => {
  const { jwt } = await realCreds();
  expect(redactSecrets(`got ${jwt} there`)).toBe('got [jwt] there');
  expect(redactSecrets(`got ${jwt.slice(0, 200)}`)).toBe('got [jwt]');
});

test('redact - a .creds file is masked whole, plain, as JSON, and cut off', async () => {
  const { creds, jwt, user } = await realCreds();
  for (const text of [creds, JSON.stringify({ file: creds }), creds.slice(0, -60), creds.slice(0, 300)]) {
    const masked = redactSecrets(`before ${text} after`);
    for (const secret of [
      jwt.slice(0, 20),
      jwt.slice(60, 90),
      user.seed.slice(0, 12),
      user.seed.slice(-12),
    ]) {
      expect(masked).not.toContain(secret);
    }
    expect(masked).toContain('before ');
  }
});

test('redact - PEM private keys are masked, certificates are not', async () => {
  const ca = await createCa({ name: 'demo', now: someTime, years: 1 });
  const secret = ca.key.split('\n')[1] ?? '';
  for (const text of [ca.key, JSON.stringify(ca), ca.key.slice(0, 150)]) {
    expect(redactSecrets(text)).not.toContain(secret.slice(0, 30));
  }
  expect(redactSecrets(ca.cert)).toBe(ca.cert);
});

test('redact - ordinary text stays as it is', () => {
  const text = 'call.edge-a.desk.any.quotes.v1.latest was DENIED, retryAfter 250 SUCCESS -- PRIVATE KEY';
  expect(redactSecrets(text)).toBe(text);
});

test('redact - the paths for loggers reach two levels down', () => {
  expect(secretPaths).toEqual(
    expect.arrayContaining(['seed', '*.seed', '*.*.seed', 'creds', '*.jwt', 'privateKey']),
  );
});
