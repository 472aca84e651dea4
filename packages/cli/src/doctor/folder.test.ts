import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, foundFabric } from '@causeway/fabric';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import type { Context } from '../context.ts';
import { checkCertificates, checkDisk, checkPermissions, checkState } from './folder.ts';

let folder: Awaited<ReturnType<typeof openTemporaryFolder>>;
let dir: string;
const at = (ms: number) => ({ clock: { ...systemClock, now: () => ms } }) as unknown as Context;
const now = at(systemClock.now());
const day = 24 * 60 * 60 * 1000;

beforeAll(async () => {
  folder = await openTemporaryFolder('causeway-doctor-');
  dir = path.join(folder.path, 'fabric');
  const site = { host: '127.0.0.1', listen: '127.0.0.1', alsoKnownAs: [] };
  await foundFabric(
    dir,
    {
      tenants: ['acme'],
      sites: [
        { ...site, name: 'cloud', cloud: true, ports: { client: 1, leaf: 2, monitor: 3 } },
        { ...site, name: 'edge-a', cloud: false, ports: { client: 4, monitor: 5 } },
      ],
    },
    { clock: systemClock, random: systemRandom },
  );
});
afterAll(() => folder?.[Symbol.asyncDispose]());

describe('doctor', () => {
  it('doctor - a fabric as it was founded has nothing to be mended', async () => {
    const found = [
      ...(await checkState(now, dir)),
      ...(await checkPermissions(now, dir)),
      ...(await checkCertificates(now, dir)),
    ];
    expect(found.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(found.map(({ check }) => check)).toEqual([
      'state',
      'permissions',
      ...Array(3).fill('certificate'),
    ]);
    expect((await checkDisk(now, dir)).map(({ check }) => check)).toEqual(['disk']);
  });

  it('doctor - where there is no fabric, a folder that can be written is enough', async () => {
    const none = path.join(folder.path, 'not', 'there');
    expect(await checkState(now, none)).toMatchObject([{ state: 'ok' }]);
    expect(await checkPermissions(now, none)).toEqual([]);
    expect(await checkCertificates(now, none)).toEqual([]);
    expect(await checkDisk(now, none)).toHaveLength(1);
  });

  it('doctor - keys that others can read are named, with what to do', async () => {
    const { admin } = fabricLayout(dir);
    await chmod(admin, 0o640);
    const found = await checkPermissions(now, dir);
    await chmod(admin, 0o600);
    expect(found).toMatchObject([
      {
        state: 'fail',
        found: expect.stringContaining('admin/root.creds'),
        advice: expect.stringContaining(admin),
      },
    ]);
  });

  it('doctor - certificates are spoken of before they end, and when they have', async () => {
    const states = async (ms: number) => (await checkCertificates(at(ms), dir)).map(({ state }) => state);
    const soon = systemClock.now() + 800 * day;
    expect(await states(soon)).toEqual(['ok', 'warn', 'warn']);
    expect(await states(soon + 60 * day)).toEqual(['ok', 'fail', 'fail']);
    expect(await states(systemClock.now() - 3 * day)).toEqual(['fail', 'fail', 'fail']);
  });

  it('doctor - a state of a newer format, or none at all, is a failure in plain words', async () => {
    const { fabric } = fabricLayout(dir);
    const text = await readFile(fabric, 'utf8');
    await writeFile(fabric, text.replace('"format": 1', '"format": 99'));
    expect(await checkState(now, dir)).toMatchObject([
      { state: 'fail', found: expect.stringContaining('99') },
    ]);
    await writeFile(fabric, 'x');
    expect(await checkState(now, dir)).toMatchObject([
      { state: 'fail', found: expect.stringContaining('JSON') },
    ]);
    await writeFile(fabric, text);
    const alone = path.join(folder.path, 'alone');
    await mkdir(alone);
    await writeFile(path.join(alone, 'fabric.json'), text);
    expect((await checkState(now, alone)).map(({ state }) => state)).toEqual(['ok', 'warn', 'warn']);
  });
});
