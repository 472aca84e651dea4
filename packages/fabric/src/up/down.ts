import type { Clock } from '@causeway/protocol';
import { fabricLayout } from '../layout.ts';
import { FabricError, readFabric } from '../settings.ts';
import { isRunning, lockHolder } from './lock.ts';

const pollMs = 50;
const limitMs = 45_000;

/** Ends the fabric of a folder; resolves with the id of the process that ran it, when that is gone. */
export async function down(dir: string, clock: Clock): Promise<number> {
  await readFabric(dir);
  const pid = await lockHolder(fabricLayout(dir).lock);
  if (pid === undefined) throw new FabricError(`the fabric in ${fabricLayout(dir).root} is not up`);
  process.kill(pid, 'SIGTERM');
  const end = clock.monotonic() + limitMs;
  while (isRunning(pid)) {
    if (clock.monotonic() > end) throw new FabricError(`process ${pid} does not end; its logs say why`);
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
  return pid;
}
