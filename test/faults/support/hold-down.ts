import { setTimeout as delay } from 'node:timers/promises';
import { fabricLayout, readProcesses } from '@causeway/fabric';
import { until } from '../../support/until.ts';

/** Kills a process of a fabric (`server edge-a`, `registry` …), and again whenever it is started, for so long. */
export async function holdDown(dir: string, name: string, ms: number): Promise<void> {
  const table = fabricLayout(dir).processes;
  const end = performance.now() + ms;
  const killed = new Set<number>();
  await until(`${name} runs`, async () => (await readProcesses(table))[name]);
  while (performance.now() < end) {
    const pid = (await readProcesses(table))[name];
    if (pid !== undefined && !killed.has(pid)) {
      killed.add(pid);
      killIfThere(pid);
    }
    await delay(10);
  }
  await until(
    `${name} is started again`,
    async () => {
      const pid = (await readProcesses(table))[name];
      return pid !== undefined && !killed.has(pid);
    },
    { timeout: 20_000 },
  );
}

/** Kills one of its processes once; it is started again at once. */
export async function killOnce(dir: string, name: string): Promise<void> {
  const pid = (await readProcesses(fabricLayout(dir).processes))[name];
  if (pid === undefined) throw new Error(`${name} does not run`);
  killIfThere(pid);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
