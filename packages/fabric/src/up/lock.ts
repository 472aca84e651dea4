import { readFileSync } from 'node:fs';
import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FabricError } from '../settings.ts';

/** True while a process of that id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True for a process that has ended and waits for a parent to notice; in containers that may be for ever. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state comes after the program's name, which stands in parentheses and may hold some itself.
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** The process that holds a lock file, if it still runs. */
export async function lockHolder(file: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && pid > 0 && isRunning(pid) ? pid : undefined;
}

/** Locks that this process holds. One that only bears its id was left by another, in a container of the past. */
const ours = new Set<string>();

/** The process that holds a lock file, where it is another, or this one truly. */
async function otherHolder(file: string): Promise<number | undefined> {
  const holder = await lockHolder(file);
  return holder === process.pid && !ours.has(file) ? undefined : holder;
}

/** Gives the file that says who takes it the lock's name; false where that is taken. */
async function taken(mine: string, file: string): Promise<boolean> {
  try {
    await link(mine, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  ours.add(file);
  return true;
}

async function giveBack(file: string): Promise<void> {
  await rm(file, { force: true });
  ours.delete(file);
}

let turn: Promise<unknown> = Promise.resolve();

/** Within this process one after the other, so that file and set always agree. */
function inTurn<T>(act: () => Promise<T>): Promise<T> {
  const done = turn.then(act);
  turn = done.catch(() => {});
  return done;
}

/**
 * Removes a lock whose holder is gone, one process at a time: of two, the slower would remove the lock that the
 * faster has taken since.
 */
async function clearStale(mine: string, file: string): Promise<void> {
  const clearing = `${file}.clearing`;
  if (await taken(mine, clearing)) {
    if ((await otherHolder(file)) === undefined) await rm(file, { force: true });
    await giveBack(clearing);
  } else if ((await otherHolder(clearing)) === undefined) {
    // Killed while it cleared.
    await rm(clearing, { force: true });
  }
}

/**
 * Takes the lock of a fabric's folder for this process; the returned function gives it back. Throws a FabricError
 * where another process holds it, in the words of `busy`. A lock whose holder is gone is taken over.
 */
export async function takeLock(
  file: string,
  busy = (holder: number) =>
    `this fabric is up already, as process ${holder}; causeway status shows it, causeway down ends it`,
): Promise<() => Promise<void>> {
  await inTurn(() => take(file, busy));
  return () => inTurn(() => giveBack(file));
}

async function take(file: string, busy: (holder: number) => string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  // Made aside and linked into place: nobody ever sees a lock that does not yet say whose it is.
  const scratch = await mkdtemp(path.join(path.dirname(file), '.lock-'));
  const mine = path.join(scratch, 'mine');
  try {
    await writeFile(mine, `${process.pid}\n`, { mode: 0o600 });
    while (!(await taken(mine, file))) {
      const holder = await otherHolder(file);
      if (holder !== undefined) throw new FabricError(busy(holder));
      await clearStale(mine, file);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
