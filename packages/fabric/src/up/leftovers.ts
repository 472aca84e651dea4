import { readlink, realpath, rm } from 'node:fs/promises';
import type { Clock } from '@causeway/protocol';
import type { FabricLayout } from '../layout.ts';
import { FabricError } from '../settings.ts';
import { readProcesses } from './processes.ts';
import { commandOf, isRunning } from './running.ts';

/** A process of an `up` that was killed. */
export interface Leftover {
  /** `server edge-a`, `gateway cloud`, `registry`. */
  readonly name: string;
  readonly pid: number;
}

const pollMs = 25;
/** How long a leftover may take to end by itself: it has its last records to store. */
const patienceMs = 10_000;
const killedMs = 5_000;

/** The path without symbolic links, or as it is where there is nothing. */
const real = (path: string) => realpath(path).catch(() => path);

/** Whether the process is the one that the table names: ids are given anew, above all after a restart of the machine. */
async function isOurs({ name, pid }: Leftover, layout: FabricLayout): Promise<boolean> {
  const command = commandOf(pid);
  if (!name.startsWith('server ')) {
    const root = await real(layout.root);
    const places = await Promise.all(command.map(real));
    return command.some((part) => /part-main\.[jt]s$/.test(part)) && places.includes(root);
  }
  if (!command.includes('--config')) return false;
  if (process.platform !== 'linux') return /nats-server/.test(command[0] ?? '');
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  return folder.replace(/ \(deleted\)$/, '') === (await real(layout.site(name.slice('server '.length)).nats));
}

/** What an `up` that was killed left running. Ask only while nobody holds the fabric's lock. */
async function findLeftovers(layout: FabricLayout): Promise<Leftover[]> {
  const listed = Object.entries(await readProcesses(layout.processes)).map(([name, pid]) => ({ name, pid }));
  const found: Leftover[] = [];
  for (const each of listed) if (isRunning(each.pid) && (await isOurs(each, layout))) found.push(each);
  return found;
}

/**
 * Ends what an `up` that was killed left running, which would hold the ports and the stores of the next one: asks
 * first, and kills what does not end. Resolves with what there was, when it is gone. The lock must be held, or free.
 */
export async function endLeftovers(layout: FabricLayout, clock: Clock): Promise<readonly Leftover[]> {
  const found = await findLeftovers(layout);
  const signal = (pid: number, name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  };
  const gone = async (limitMs: number) => {
    const end = clock.monotonic() + limitMs;
    while (found.some(({ pid }) => isRunning(pid))) {
      if (clock.monotonic() > end) return false;
      await new Promise<void>((resolve) => clock.after(pollMs, resolve));
    }
    return true;
  };
  // Gateways before servers: they have their last blocks to store.
  for (const { pid } of [...found].reverse()) {
    signal(pid, 'SIGTERM');
    signal(pid, 'SIGCONT');
  }
  if (!(await gone(patienceMs))) {
    for (const { pid } of found) signal(pid, 'SIGKILL');
    if (!(await gone(killedMs))) {
      const names = found.map(({ name, pid }) => `${name} (process ${pid})`).join(', ');
      throw new FabricError(
        `an earlier start that was killed left ${names}, which does not end; end it first`,
      );
    }
  }
  await rm(layout.processes, { force: true });
  return found;
}
