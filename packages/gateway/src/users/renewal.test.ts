import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createKeys, formatCreds, issueUser, type Keys, parseCreds, writeSecret } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { openTemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { until } from '../../../../test/support/until.ts';
import { createUserRenewal, type UserRenewal } from './renewal.ts';

const signer = createKeys('account', systemRandom);
const account = { kind: 'tenant', publicKey: createKeys('account', systemRandom).publicKey } as const;

let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
let users: UserRenewal;
let ended: AbortController;

beforeEach(async () => {
  folder = await openTemporaryFolder('causeway-renewal-');
  ended = new AbortController();
  users = createUserRenewal({
    config: {
      ...{ site: 'edge-a', gateway: 'gw-1', tenants: ['acme', 'other'], cloud: false },
      ...{ url: '', ca: '', credsDir: folder.path, leafCredsDir: folder.path },
    },
    agents: new Map(),
    pending: { seedOf: () => undefined },
    ownRenewed: async () => {},
    clock: manualClock(),
    logger: silent,
    signal: ended.signal,
  });
});
afterEach(async () => {
  ended.abort();
  await folder[Symbol.asyncDispose]();
});

const fileOf = (tenant: string) => path.join(folder.path, `${tenant}.leaf.creds`);

async function jwtOf(tenant: string, key: Keys, after = 0): Promise<string> {
  const { jwt } = await issueUser({
    account: { ...account, name: tenant },
    role: 'leaf',
    name: 'leaf',
    tags: { site: 'edge-a', hosts: [] },
    key: key.publicKey,
    signer: signer.seed,
    now: 1_767_323_045_678,
    after,
  });
  return jwt;
}

/** A leaf of the tenant, with its first credentials on disk. */
async function leafOf(tenant: string): Promise<{ issue: (after: number) => Promise<string> }> {
  const key = createKeys('user', systemRandom);
  await writeSecret(fileOf(tenant), formatCreds(await jwtOf(tenant, key), key.seed));
  return { issue: (after) => jwtOf(tenant, key, after) };
}

it('renewal - ids are told once each, when the credentials are in their files', async () => {
  const leaf = await leafOf('acme');
  const jwt = await leaf.issue(1_800_000_000);
  users.renew('acme', 'leaf', { id: 'u1', jwt });
  expect(users.taken()).toEqual([]);
  await users.settled('acme');
  expect(parseCreds(await readFile(fileOf('acme'), 'utf8')).jwt).toBe(jwt);
  expect(users.taken()).toEqual(['u1']);
  // As when the whole table comes again.
  users.renew('acme', 'leaf', { id: 'u1', jwt });
  await users.settled();
  expect(users.taken()).toEqual([]);
  users.renew('acme', 'leaf', { id: 'u2', jwt: await leaf.issue(1_800_000_001) });
  await users.settled();
  expect(users.taken()).toEqual(['u2']);
});

it('renewal - a tenant whose file cannot be written holds up no other', async () => {
  const leaf = await leafOf('other');
  await mkdir(fileOf('acme'));
  users.renew('acme', 'leaf', { id: 'u1', jwt: await leaf.issue(1_800_000_000) });
  users.renew('other', 'leaf', { id: 'u2', jwt: await leaf.issue(1_800_000_000) });
  let all = false;
  void users.settled().then(() => {
    all = true;
  });
  await users.settled('other');
  await until('the other is told', () => users.taken().includes('u2'));
  expect(all).toBe(false);
});
