import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { FabricError } from '../settings.ts';
import { lockHolder, takeLock } from './lock.ts';
import { isRunning, processMark } from './running.ts';

/** A lock that is not there yet, in a folder that is not either. */
const newLock = async () => path.join(await temporaryFolder(), 'run', 'up.pid');

/** A lock as some process left it. */
async function lockOf(pid: number | string): Promise<string> {
  const file = await newLock();
  await mkdir(path.dirname(file));
  await writeFile(file, `${pid}\n`);
  return file;
}

/** The id of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  return child.pid as number;
}

test('lock - whoever takes it holds it until it is given back', async () => {
  const file = await newLock();
  expect(await lockHolder(file)).toBeUndefined();
  const release = await takeLock(file);
  expect(await lockHolder(file)).toBe(process.pid);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  await expect(takeLock(file)).rejects.toThrow(
    new FabricError(
      `this fabric is up already, as process ${process.pid}; causeway status shows it, causeway down ends it`,
    ),
  );
  await release();
  await (await takeLock(file))();
  expect(await readdir(path.dirname(file))).toEqual([]);
});

test('lock - of many takers at once one gets it', async () => {
  const file = await newLock();
  const taken = await Promise.allSettled(Array.from({ length: 16 }, () => takeLock(file)));
  expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readFile(file, 'utf8')).toBe(`${process.pid}\n${processMark(process.pid)}\n`);
  expect(await readdir(path.dirname(file))).toEqual(['up.pid']);
});

test('lock - one whose holder is gone is taken over, also by one of many at once', async () => {
  for (const left of [await endedProcess(), '', 'rubbish', -1, 0]) {
    const file = await lockOf(left);
    expect(await lockHolder(file)).toBeUndefined();
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(file)));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await lockHolder(file)).toBe(process.pid);
  }
});

test('lock - of many processes that find a stale one at once, one takes it over', async () => {
  const program = `
    import { takeLock } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.ts'))};
    await takeLock(process.argv[1]).then(() => process.send('taken'), (error) => process.send(error.name));
    process.on('disconnect', () => process.exit());
  `;
  const file = await lockOf(await endedProcess());
  const takers = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module-typescript', '-e', program, file], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  onTestFinished(() => {
    for (const taker of takers) taker.kill('SIGKILL');
  });
  const said = await Promise.all(takers.map(async (taker) => String((await once(taker, 'message'))[0])));
  expect(said.sort()).toEqual([...Array.from({ length: 5 }, () => 'FabricError'), 'taken']);
  // Six starts of Node at once.
}, 60_000);

test('lock - one that bears this process’s id, but was left by another, is taken over', async () => {
  const file = await lockOf(process.pid);
  await (await takeLock(file))();
});

test('lock - a process that got the id of its holder since, as after a restart of the machine, does not hold it', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid as number;
  expect(await lockHolder(await lockOf(`${pid}\n${processMark(pid)}`))).toBe(pid);
  const file = await lockOf(`${pid}\n0e5e7a4e-another-run:12345`);
  expect(await lockHolder(file)).toBeUndefined();
  await (await takeLock(file))();
});

test('lock - one that a live process holds is refused and stays', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const file = await lockOf(child.pid as number);
  await expect(takeLock(file, (holder) => `held by ${holder}`)).rejects.toThrow(`held by ${child.pid}`);
  expect(await lockHolder(file)).toBe(child.pid);
  expect(isRunning(child.pid as number)).toBe(true);
});
