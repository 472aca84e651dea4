import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { processesOf } from '../support/process-tree.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';

/** A backup is older than what was taken away since: it must not bring it back where anybody still knows better. */

let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
let dir: string;
const at = (...parts: string[]) => path.join(folder.path, ...parts);
const run = (...args: string[]) => causeway(['--dir', dir, ...args]);

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...args, '-o', 'json');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

interface Status {
  readonly links: readonly { site: string; account: string }[];
}

const linked = async () => new Set((await json<Status>('status')).links.map(({ site }) => site));
const sites = async () =>
  Object.fromEntries(
    (await json<{ name: string; revoked?: true }[]>('get', 'sites')).map(({ name, revoked = false }) => [
      name,
      revoked,
    ]),
  );

beforeEach(async () => {
  folder = await openTemporaryFolder('causeway-restored-');
  dir = at('fabric');
  await writeFile(at('passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
});
afterEach(async () => {
  if (existsSync(dir)) await run('down');
  for (const { pid } of await processesOf(folder.path)) process.kill(pid, 'SIGKILL');
  await folder[Symbol.asyncDispose]();
});

const sealed = () => ['--passphrase-file', at('passphrase')];

describe.skipIf(process.platform !== 'linux')('a backup and what was revoked since', () => {
  it('restored hub - a site and a service that were revoked after the backup stay so', async () => {
    await json('up', '--detach', '--sites', 'edge-a,edge-b,edge-c');
    await json('service', 'add', 'acme/edge-a/desk', '--out', at('desk.creds'));
    // So that the backup has claims of CONTROL, which are older than those that come.
    await json('revoke', 'edge-c');
    await json('backup', at('b'), ...sealed());
    await json('revoke', 'acme/edge-a/desk');
    await json('revoke', 'edge-b');
    await run('down');
    await rm(path.join(fabricLayout(dir).site('cloud').nats, 'jetstream'), { recursive: true });
    const restored = await json<{ revoked: string[] }>('restore', at('b'), ...sealed(), '--hub');
    expect(restored.revoked.sort()).toEqual(['acme/edge-a/desk', 'edge-b']);
    await json('up', '--detach');
    expect(await sites()).toEqual({ cloud: false, 'edge-a': false, 'edge-b': true, 'edge-c': true });
    expect(await linked()).toEqual(new Set(['edge-a']));
    expect(await json('get', 'services', 'desk')).toMatchObject([{ keys: 0 }]);
  }, 180_000);

  it('restored hub - also where the hub’s own claims are lost: the sites’ servers know', async () => {
    await json('up', '--detach', '--sites', 'edge-a,edge-b');
    await json('backup', at('b'), ...sealed());
    await json('revoke', 'edge-b');
    await run('down');
    await rm(fabricLayout(dir).site('cloud').folder, { recursive: true });
    await rm(fabricLayout(dir).registry, { recursive: true });
    await json('restore', at('b'), ...sealed(), '--hub');
    await json('up', '--detach');
    expect(await sites()).toEqual({ cloud: false, 'edge-a': false, 'edge-b': true });
    expect(await linked()).toEqual(new Set(['edge-a']));
  }, 180_000);

  it('restored fabric - a site that had been removed before the backup is not founded again', async () => {
    await json('up', '--detach', '--sites', 'edge-a,edge-b');
    await json('site', 'remove', 'edge-b');
    await json('backup', at('b'), ...sealed());
    await run('down');
    await rm(dir, { recursive: true });
    await json('restore', at('b'), ...sealed());
    await json('up', '--detach');
    expect(await sites()).toEqual({ cloud: false, 'edge-a': false });
  }, 180_000);
});
