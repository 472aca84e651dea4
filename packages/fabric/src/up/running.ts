import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** True while a process of that id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Tells a process from another that got its id later, after a restart of the machine for example: when it began, and
 * in which run of the machine. Undefined where that cannot be found out.
 */
export function processMark(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const run = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      // The 22nd field of all: the name, which is the second, may hold blanks.
      return `${run}:${statOf(pid).split(' ')[19]}`;
    }
    if (process.platform === 'win32') return undefined;
    return ps(pid, 'lstart');
  } catch {
    return undefined;
  }
}

/** The command line of a process as its parts; empty where it cannot be read. Blanks in a part divide it on macOS. */
export function commandOf(pid: number): readonly string[] {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return process.platform === 'win32' ? [] : ps(pid, 'command').split(' ');
  } catch {
    return [];
  }
}

/** Resident bytes of a process (RSS); undefined where they cannot be read. */
export function residentBytes(pid: number): number | undefined {
  try {
    if (process.platform === 'win32') return undefined;
    const kilobytes =
      process.platform === 'linux'
        ? /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        : ps(pid, 'rss');
    return kilobytes === undefined || kilobytes === '' ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}

/** True for a process that has ended and waits for a parent to notice; in containers that may be for ever. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return statOf(pid).startsWith('Z');
  } catch {
    return false;
  }
}

/** What /proc says of a process, from its state on: that comes after the name, in parentheses, which may hold some. */
function statOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2);
}
