import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, readSite, siteUrl } from '@causeway/fabric';
import { connect } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway, startCauseway } from '../support/causeway.ts';
import { processesOf } from '../support/process-tree.ts';
import type { RunningProgram } from '../support/run-program.ts';
import { silent } from '../support/silent-logger.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
let dir: string;
let layout: ReturnType<typeof fabricLayout>;
const parts = new Map<string, RunningProgram>();
const run = (...args: string[]) => causeway(['--dir', dir, ...args]);

/** As a service manager does: in no order, since parts wait for each other. */
const lines: Readonly<Record<string, { args: string[]; ready: RegExp }>> = {
  'gateway-edge-a': {
    args: ['gateway', '--site', 'edge-a'],
    ready: /^causeway: ready: gateway gw-1 of site edge-a$/m,
  },
  registry: { args: ['registry'], ready: /^causeway: ready: registry$/m },
  'site-edge-a': {
    args: ['site', '--site', 'edge-a'],
    ready: /^causeway: ready: site edge-a at tls:\/\/127\.0\.0\.1:\d+$/m,
  },
  'gateway-cloud': {
    args: ['gateway', '--site', 'cloud'],
    ready: /^causeway: ready: gateway gw-1 of site cloud$/m,
  },
  hub: { args: ['hub'], ready: /^causeway: ready: hub at tls:\/\/127\.0\.0\.1:\d+$/m },
};

beforeAll(async () => {
  folder = await openTemporaryFolder('causeway-run-');
  dir = path.join(folder.path, 'fabric');
  layout = fabricLayout(dir);
  const hosts = ['--host', 'cloud=127.0.0.1', '--host', 'edge-a=127.0.0.1', '--listen', '127.0.0.1'];
  const founded = await run('init', '--sites', 'edge-a', '--ports', 'free', ...hosts);
  expect(founded).toMatchObject({ code: 0 });
  for (const [name, { args }] of Object.entries(lines)) {
    parts.set(name, startCauseway(['--dir', dir, 'run', ...args]));
  }
});
afterAll(async () => {
  for (const part of parts.values()) part.kill('SIGKILL');
  for (const { pid } of await processesOf(folder.path)) process.kill(pid, 'SIGKILL');
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(process.platform !== 'linux')('cli run', () => {
  it('cli run - each part says when it is ready, and together they are a fabric', async () => {
    for (const [name, { ready }] of Object.entries(lines)) {
      await until(`${name} is ready`, () => ready.test(parts.get(name)?.stderr() ?? ''), { timeout: 30_000 });
    }
    await until('it is healthy', async () => (await run('status')).code === 0, { timeout: 30_000 });
    const creds = path.join(folder.path, 'clockwork.creds');
    expect(await run('service', 'add', 'acme/edge-a/clockwork', '--out', creds)).toMatchObject({ code: 0 });
    const url = siteUrl(await readSite(dir, 'edge-a'));
    await using service = await connect({ url, creds, ca: layout.ca, logger: silent });
    await service.serve(
      {
        kind: 'api',
        service: 'clockwork',
        version: '1.0.0',
        endpoints: { tick: { request: true, reply: true } },
      },
      { tick: () => null },
    );
    expect(JSON.parse((await run('get', 'apis', '-o', 'json')).stdout)).toMatchObject([
      { name: 'clockwork.v1' },
    ]);
  }, 120_000);

  it('cli run - a part runs once, and neither up nor work on the folder goes on beside it', async () => {
    const pid = (name: string) => parts.get(name)?.pid;
    expect(await run('run', 'hub')).toMatchObject({
      code: 1,
      stderr: `causeway: hub of this fabric runs already, as process ${pid('hub')}; end that one first\n`,
    });
    for (const command of [
      ['up', '--detach'],
      ['operator', 'rotate'],
    ]) {
      const { code, stderr } = await run(...command);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('parts of this fabric run by them'),
      });
      expect(stderr).toContain(`registry (process ${pid('registry')})`);
    }
    // Which asks the hub that runs.
    await writeFile(path.join(folder.path, 'passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
    const file = path.join(folder.path, 'backup');
    expect(await run('backup', file, '--plain')).toMatchObject({ code: 0 });
  });

  it('cli run - SIGTERM ends each of them cleanly', async () => {
    for (const name of ['gateway-edge-a', 'gateway-cloud', 'registry', 'site-edge-a', 'hub']) {
      const part = parts.get(name) as RunningProgram;
      part.kill('SIGTERM');
      expect([name, await part.ended]).toEqual([
        name,
        expect.objectContaining({ code: 0, signal: null, stdout: '' }),
      ]);
    }
    expect(await readdir(layout.run)).toEqual([]);
    expect(await processesOf(dir)).toEqual([]);
  });

  it('cli run - what waits for another part ends at SIGTERM too; a folder without a fabric stays as it is', async () => {
    const waiting = startCauseway(['--dir', dir, 'run', 'registry']);
    await until('it waits', async () => (await readdir(layout.run)).includes('registry.pid'));
    waiting.kill('SIGTERM');
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect(await readdir(layout.run)).toEqual([]);
    const nowhere = path.join(folder.path, 'nowhere');
    expect(await causeway(['--dir', nowhere, 'run', 'gateway', '--site', 'edge-a'])).toMatchObject({
      code: 1,
      stdout: '',
    });
    expect((await readdir(folder.path)).includes('nowhere')).toBe(false);
  });
});
