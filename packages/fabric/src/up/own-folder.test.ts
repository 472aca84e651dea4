import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '@causeway/transport';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { fabricLayout } from '../layout.ts';
import { stateFormat, writeFabric } from '../settings.ts';
import { down } from './down.ts';
import { takeLock } from './lock.ts';
import { isRunning, processMark } from './running.ts';

/** A folder with a fabric, as far as `down` looks, whose lock names that process. */
async function lockedBy(pid: number): Promise<string> {
  const dir = path.join(await temporaryFolder(), 'fabric');
  await writeFabric(dir, { format: stateFormat, sites: ['cloud'], tenants: ['acme'] });
  await chmod(dir, 0o700);
  const { run, lock } = fabricLayout(dir);
  await mkdir(run, { mode: 0o700 });
  await writeFile(lock, `${pid}\n${processMark(pid)}\n`);
  return dir;
}

test.skipIf(process.platform === 'win32')(
  'own folder - no process is ended that others could have named',
  async () => {
    const victim = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); process.stdout.write("up")']);
    onTestFinished(() => void victim.kill('SIGKILL'));
    await once(victim.stdout, 'data');
    const pid = victim.pid as number;
    const dir = await lockedBy(pid);
    const { root, run } = fabricLayout(dir);
    for (const place of [root, run]) {
      await chmod(place, 0o777);
      await expect(down(dir, systemClock)).rejects.toThrow(`others can write to ${place} (mode 0777)`);
      await chmod(place, 0o700);
    }
    expect(isRunning(pid)).toBe(true);
    // As it was founded, it is ended.
    await expect(down(dir, systemClock)).resolves.toBe(pid);
  },
);

test.skipIf(process.platform === 'win32')(
  'own folder - a lock writes through no link that others put there',
  async () => {
    const folder = await temporaryFolder();
    const precious = path.join(folder, 'precious');
    await writeFile(precious, 'mine');
    const lock = path.join(folder, 'fabric.founding.pid');
    await symlink(precious, `${lock}.${process.pid}`);
    await (await takeLock(lock))();
    expect(await readFile(precious, 'utf8')).toBe('mine');
  },
);
