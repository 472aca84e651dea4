import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createKeys, issueUser, parseCreds } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { createTenantUsers } from './tenant-users.ts';

let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
beforeEach(async () => {
  folder = await openTemporaryFolder('causeway-tenant-users-');
});
afterEach(() => folder[Symbol.asyncDispose]());

const signer = createKeys('account', systemRandom);
const account = {
  kind: 'tenant',
  name: 'globex',
  publicKey: createKeys('account', systemRandom).publicKey,
} as const;

async function userFor(role: 'gateway' | 'leaf', key: string): Promise<string> {
  const name = role === 'gateway' ? 'gw-1' : 'edge-a';
  const tags = { site: 'edge-a' };
  return (await issueUser({ account, role, name, tags, key, signer: signer.seed, now: 1_767_323_045_678 }))
    .jwt;
}

it('tenant users - keys are made once, also where the gateway starts again before it hears an answer', async () => {
  const users = () => createTenantUsers({ credsDir: folder.path, leafCredsDir: folder.path }, systemRandom);
  const keys = await users().keys('globex');
  expect(keys.leaf).toMatch(/^U/);
  expect(await users().keys('globex')).toEqual(keys);
  const [file = ''] = await readdir(folder.path);
  expect((await stat(path.join(folder.path, file))).mode & 0o777).toBe(0o600);
  const cloud = createTenantUsers({ credsDir: folder.path }, systemRandom);
  expect(await cloud.keys('initech')).toEqual({ gateway: expect.stringMatching(/^U/) });
});

it('tenant users - credentials are written when both users are there, for these keys and no others', async () => {
  const users = createTenantUsers({ credsDir: folder.path, leafCredsDir: folder.path }, systemRandom);
  expect(await users.install('globex', new Map())).toBe(false);
  const keys = await users.keys('globex');
  const gateway = await userFor('gateway', keys.gateway);
  const leaf = await userFor('leaf', keys.leaf as string);
  const former = await userFor('leaf', createKeys('user', systemRandom).publicKey);
  expect(await users.install('globex', new Map([['gateway', gateway]]))).toBe(false);
  const mixed = new Map([
    ['gateway', gateway],
    ['leaf', former],
  ] as const);
  expect(await users.install('globex', mixed)).toBe(false);
  const both = new Map([
    ['gateway', gateway],
    ['leaf', leaf],
  ] as const);
  expect(await users.install('globex', both)).toBe(true);
  expect((await readdir(folder.path)).sort()).toEqual(['gateway-globex.creds', 'globex.leaf.creds']);
  expect(parseCreds(await readFile(path.join(folder.path, 'globex.leaf.creds'), 'utf8')).jwt).toBe(leaf);
  // What stands is taken as it is.
  expect(await users.install('globex', new Map())).toBe(true);
  await users.remove('globex');
  expect(await readdir(folder.path)).toEqual([]);
});
