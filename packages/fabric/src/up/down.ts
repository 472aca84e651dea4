import type { Clock } from '@causeway/protocol';
import { fabricLayout } from '../layout.ts';
import { FabricError, readFabric } from '../settings.ts';
import { changer } from './changing.ts';
import { endLeftovers } from './leftovers.ts';
import { lockHolder } from './lock.ts';
import { requireOwnFolder } from './own-folder.ts';
import { isRunning } from './running.ts';

const pollMs = 50;
const limitMs = 45_000;

/**
 * Ends the fabric of a folder; resolves with the id of the process that ran it, when that is gone. Where that had been
 * killed, what it left behind is ended, and its id is undefined.
 */
export async function down(dir: string, clock: Clock): Promise<number | undefined> {
  await readFabric(dir);
  await requireOwnFolder(dir);
  const layout = fabricLayout(dir);
  const changing = await changer(layout);
  if (changing !== undefined) {
    throw new FabricError(
      `the fabric in ${layout.root} is not up: process ${changing} is changing it; wait until it has`,
    );
  }
  const pid = await lockHolder(layout.lock);
  if (pid === undefined) {
    const left = await endLeftovers(layout, clock);
    if (left.length === 0) throw new FabricError(`the fabric in ${layout.root} is not up`);
    return undefined;
  }
  process.kill(pid, 'SIGTERM');
  const end = clock.monotonic() + limitMs;
  while (isRunning(pid)) {
    if (clock.monotonic() > end) throw new FabricError(`process ${pid} does not end; its logs say why`);
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
  return pid;
}
