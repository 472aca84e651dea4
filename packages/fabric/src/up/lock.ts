import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { FabricError } from '../settings.ts';

/** True while a process of that id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that holds a lock file, if it still runs. */
export async function lockHolder(file: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && pid > 0 && isRunning(pid) ? pid : undefined;
}

/**
 * Takes the lock of a fabric's folder for this process; the returned function gives it back. Throws a FabricError
 * where another process holds it. A lock whose holder is gone is taken over.
 */
export async function takeLock(file: string): Promise<() => Promise<void>> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await lockHolder(file);
    if (holder !== undefined) {
      throw new FabricError(
        `this fabric is up already, as process ${holder}; causeway status shows it, causeway down ends it`,
      );
    }
    await rm(file, { force: true });
  }
}
