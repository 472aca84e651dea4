import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUser, fmtCreds } from '@nats-io/jwt';
import { createAccount, createUser } from 'nkeys.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseCreds, readCreds, siteOf, tagOf } from './creds.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-creds-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function makeCreds(tags: string[] = ['site:edge-a']) {
  const [account, signing, user] = [createAccount(), createAccount(), createUser()];
  const claims = { tags, issuer_account: account.getPublicKey() };
  const jwt = await encodeUser('quotes', user, signing, claims, { scopedUser: true });
  return { text: new TextDecoder().decode(fmtCreds(jwt, user)), jwt, user, account };
}

describe('creds', () => {
  it('creds - reads what the JWT says about its bearer', async () => {
    const { text, jwt, user, account } = await makeCreds();
    const path = join(temporaryFolder(), 'a.creds');
    writeFileSync(path, text, { mode: 0o600 });
    expect(readCreds(path)).toEqual({
      jwt,
      seed: new TextDecoder().decode(user.getSeed()),
      publicKey: user.getPublicKey(),
      name: 'quotes',
      account: account.getPublicKey(),
      tags: ['site:edge-a'],
    });
    expect(parseCreds(text.replaceAll('\n', '\r\n')).name).toBe('quotes');
  });

  it('creds - names the file and the way out, and never shows the seed', async () => {
    const { text, user } = await makeCreds();
    const seed = new TextDecoder().decode(user.getSeed());
    const other = new TextDecoder().decode(createUser().getSeed());
    const folder = temporaryFolder();
    const path = join(folder, 'bad.creds');
    const faults: [string, RegExp][] = [
      ['', /is not a NATS \.creds file/],
      ['-----BEGIN CERTIFICATE-----', /is not a NATS \.creds file/],
      [text.slice(0, text.indexOf(seed) + 20), /truncated.*seed/],
      [text.slice(0, 100), /truncated.*JWT/],
      [text.replace(seed, `${seed.slice(0, -2)}77`), /damaged/],
      [text.replace(seed, other), /its JWT is for/],
      [text.replace(/eyJ[\w-]+\.[\w-]+/, 'eyJhbGc.e30'), /cannot be decoded/],
    ];
    for (const [content, expected] of faults) {
      writeFileSync(path, content, { mode: 0o600 });
      expect(() => readCreds(path)).toThrow(expected);
      expect(() => readCreds(path)).toThrow(path);
      expect(() => readCreds(path)).not.toThrow(/(?<![A-Z2-7])S[AU][A-Z2-7]{20}/);
    }
    expect(() => readCreds(join(folder, 'none.creds'))).toThrow(/no credentials at .*none\.creds/);
  });

  it.skipIf(process.platform === 'win32')('creds - refuses a file that others can read', async () => {
    const path = join(temporaryFolder(), 'open.creds');
    writeFileSync(path, (await makeCreds()).text);
    chmodSync(path, 0o640);
    expect(() => readCreds(path)).toThrow(`chmod 600 ${path}`);
  });

  it('creds - takes the site from exactly one tag', async () => {
    const credentials = async (tags: string[]) => parseCreds((await makeCreds(tags)).text);
    const good = await credentials(['tenant:acme', 'site:edge-a']);
    expect([siteOf(good), tagOf(good, 'tenant'), tagOf(good, 'other')]).toEqual([
      'edge-a',
      'acme',
      undefined,
    ]);
    for (const tags of [[], ['site:'], ['site:a', 'site:b'], ['sites:a']]) {
      const bad = await credentials(tags);
      expect(() => siteOf(bad)).toThrow(/exactly one tag site:<site>/);
    }
  });
});
