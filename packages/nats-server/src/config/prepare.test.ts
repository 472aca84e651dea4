import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serverEnvironment } from './environment.ts';
import { natsConfigFolder, preloadAccount, prepareServerFolder } from './prepare.ts';
import { type LeafRemote, readRemotes, remotesConf } from './remotes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-prepare-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const account = `A${'B'.repeat(55)}`;
const remote: LeafRemote = {
  urls: ['tls://hub.example:7422'],
  localAccount: account,
  credentials: './creds/control.leaf.creds',
};

function jwt(iat: number): string {
  return `h.${Buffer.from(JSON.stringify({ iat })).toString('base64url')}.s`;
}

it('server folder - holds the configuration byte for byte, and secrets for the owner alone', async () => {
  const config = await prepareServerFolder({
    kind: 'edge',
    folder,
    operatorJwt: 'operator',
    accounts: { [account]: jwt(1) },
    remotes: [remote],
    tls: { certificate: 'c', key: 'k', ca: 'a' },
    credentials: { 'control.leaf.creds': 'secret' },
  });
  expect(config).toBe('edge.conf');
  expect(await readFile(join(folder, config))).toEqual(await readFile(join(natsConfigFolder(), config)));
  expect(await readFile(join(folder, 'resolver', `${account}.jwt`), 'utf8')).toBe(jwt(1));
  for (const secret of ['tls/server.key', 'creds/control.leaf.creds']) {
    expect((await stat(join(folder, secret))).mode & 0o777).toBe(0o600);
  }
  expect((await stat(join(folder, 'creds'))).mode & 0o777).toBe(0o700);
});

it('server folder - claims that the server already has are never taken back', async () => {
  expect(await preloadAccount(folder, account, jwt(20))).toBe(true);
  expect(await preloadAccount(folder, account, jwt(10))).toBe(false);
  expect(await preloadAccount(folder, account, jwt(30))).toBe(true);
  expect(await readFile(join(folder, 'resolver', `${account}.jwt`), 'utf8')).toBe(jwt(30));
});

it('server folder - refuses names that would lead out of it', async () => {
  const base = { kind: 'hub', folder, operatorJwt: 'o', accounts: {} } as const;
  await expect(prepareServerFolder({ ...base, accounts: { '../x': 'j' } })).rejects.toThrow(RangeError);
  await expect(prepareServerFolder({ ...base, credentials: { '../x': 'c' } })).rejects.toThrow(RangeError);
});

it('remotes - as nats-server reads them', () => {
  expect(remotesConf([remote])).toMatchInlineSnapshot(`
    "# Generated: the links of this site to the hub. One for each tenant, and one for the site itself.
    remotes: [
      {
        urls: [
          "tls://hub.example:7422"
        ]
        account: "ABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
        credentials: "./creds/control.leaf.creds"
        compression: "off"
        ignore_discovered_servers: true
        tls: {
          ca_file: "./tls/ca.pem"
          handshake_first: true
          timeout: 5
        }
      }
    ]
    "
  `);
});

it('remotes - are read as they were written, and nothing else is taken for them', () => {
  const others: LeafRemote[] = [
    remote,
    { ...remote, caFile: './other.pem', credentials: './creds/a.leaf.creds' },
  ];
  expect(readRemotes(remotesConf(others))).toEqual(others);
  expect(readRemotes(remotesConf([]))).toEqual([]);
  expect(() => readRemotes('remotes: [ { urls: ["tls://h:1"] } ]')).toThrow('not as Causeway writes it');
});

it.each(['nats-leaf://h:1', 'ws://h:1', 'tls://h', 'tls://user@h/x:1'])('remotes - refuses %s', (url) => {
  expect(() => remotesConf([{ ...remote, urls: [url] }])).toThrow(RangeError);
});

it('environment - strings are quoted, numbers bare', () => {
  expect(
    serverEnvironment({
      site: 'edge-a',
      systemAccount: account,
      listenHost: '0.0.0.0',
      clientPort: 4222,
      monitorPort: 8222,
      maxFileBytes: 1024,
    }),
  ).toEqual({
    SITE: '"edge-a"',
    SYSTEM_ACCOUNT: `"${account}"`,
    LISTEN_HOST: '"0.0.0.0"',
    CLIENT_PORT: '4222',
    MONITOR: '"127.0.0.1:8222"',
    JETSTREAM_MAX_FILE: '1024',
  });
});
