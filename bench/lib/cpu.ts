import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The processes that a call's CPU time is told by. */
export const processNames = ['caller', 'hub', 'edge', 'service', 'gateway', 'other'] as const;
export type ProcessName = (typeof processNames)[number];

/** Ids of the processes under each name. */
export type ProcessIds = Readonly<Record<ProcessName, readonly number[]>>;
/** CPU microseconds used since the start, user and system. */
export type CpuTimes = Readonly<Record<ProcessName, number>>;

/** Reads what the processes have used; undefined where this system does not say. */
export async function cpuOf(processes: ProcessIds): Promise<CpuTimes | undefined> {
  const entries = await Promise.all(
    processNames.map(async (name) => {
      const times = await Promise.all(processes[name].map(cpuOfProcess));
      return [name, times.reduce((sum, time) => sum + time, 0)] as const;
    }),
  );
  const times = Object.fromEntries(entries) as Record<ProcessName, number>;
  return Object.values(times).some(Number.isNaN) ? undefined : times;
}

/** What was used between two readings, per call. */
export function perCall(before: CpuTimes, after: CpuTimes, calls: number): CpuTimes {
  const each = processNames.map((name) => [name, (after[name] - before[name]) / calls] as const);
  return Object.fromEntries(each) as Record<ProcessName, number>;
}

/** CPU microseconds of one process; NaN where that cannot be read. */
async function cpuOfProcess(pid: number): Promise<number> {
  try {
    return process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid);
  } catch {
    return Number.NaN;
  }
}

/** Fields 14 and 15 of proc(5)'s `stat`; Linux shows them in hundredths of a second on every architecture. */
async function fromProc(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** `ps` as POSIX has it, `[[dd-]hh:]mm:ss[.cc]`. */
async function fromPs(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'time=', '-p', String(pid)]);
  const [clock = '', days = '0'] = stdout.trim().split('-').reverse();
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1_000_000;
}
