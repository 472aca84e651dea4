import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FabricError } from '../settings.ts';
import { isRunning, processMark } from './running.ts';

/** The process that holds a lock file, if it still runs: not one that merely got the same id since. */
export async function lockHolder(file: string): Promise<number | undefined> {
  const [id = '', mark = ''] = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const pid = Number.parseInt(id, 10);
  if (!Number.isInteger(pid) || pid <= 0 || !isRunning(pid)) return undefined;
  const now = mark === '' ? undefined : processMark(pid);
  return now === undefined || now === mark ? pid : undefined;
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
  const mine = `${file}.${process.pid}`;
  try {
    // Never through what stands there: in a folder that others can write to it may be a link to a file of ours.
    await rm(mine, { force: true });
    const text = `${process.pid}\n${processMark(process.pid) ?? ''}\n`;
    await writeFile(mine, text, { mode: 0o600, flag: 'wx' });
    while (!(await taken(mine, file))) {
      const holder = await otherHolder(file);
      if (holder !== undefined) throw new FabricError(busy(holder));
      await clearStale(mine, file);
    }
  } finally {
    await rm(mine, { force: true });
  }
  await sweepAside(file);
}

/** Removes what takers that were killed had made aside. */
async function sweepAside(file: string): Promise<void> {
  const beginning = `${path.basename(file)}.`;
  for (const name of await readdir(path.dirname(file))) {
    const pid = name.startsWith(beginning) ? Number(name.slice(beginning.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isRunning(pid))
      await rm(path.join(path.dirname(file), name), { force: true });
  }
}
