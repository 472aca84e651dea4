import type { Clock } from '@causeway/protocol';
import { fabricLayout } from '../layout.ts';
import { FabricError } from '../settings.ts';
import { readProcesses } from './processes.ts';

const pollMs = 50;
const limitMs = 30_000;

/** Has `up` start a part of a fabric again; resolves when it runs as another process. Does nothing where it does not run. */
export async function restartPart(dir: string, name: string, clock: Clock): Promise<void> {
  const { processes: file } = fabricLayout(dir);
  const pid = (await readProcesses(file))[name];
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    // It has just ended by itself, and is started again anyway.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  const end = clock.monotonic() + limitMs;
  for (;;) {
    const now = (await readProcesses(file))[name];
    if (now !== undefined && now !== pid) return;
    if (clock.monotonic() > end) throw new FabricError(`${name} did not start again; its log says why`);
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}
