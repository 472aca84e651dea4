import { readdir } from 'node:fs/promises';
import type { Clock } from '@causeway/protocol';
import { bringUpToDate } from '../founding/up-to-date.ts';
import { type FabricLayout, fabricLayout } from '../layout.ts';
import { requireNoRotation } from '../recovery/rotation.ts';
import { FabricError } from '../settings.ts';
import { changer } from './changing.ts';
import { requirePrivateKeys } from './exposed.ts';
import { lockHolder, takeLock } from './lock.ts';

const pollMs = 100;

/**
 * Holds a part of a fabric for this process, which is to run it alone: `hub`, `registry`, `site-edge-a`,
 * `gateway-edge-a`. The returned function gives it back. Waits while the folder is being changed. Throws a FabricError
 * where the part runs already, by itself or under `up`, and where the folder will not do, as `up` does.
 */
export async function holdPart(dir: string, name: string, clock: Clock): Promise<() => Promise<void>> {
  const layout = fabricLayout(dir);
  await requirePrivateKeys(dir);
  await requireNoRotation(dir);
  while ((await changer(layout)) !== undefined) {
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
  const release = await takeLock(
    layout.part(name),
    (holder) => `${name} of this fabric runs already, as process ${holder}; end that one first`,
  );
  try {
    // After its own is taken: `up` looks for those after it has taken its own, so one of both sees the other.
    const holder = await lockHolder(layout.lock);
    if (holder !== undefined) {
      throw new FabricError(
        `this fabric is up, as process ${holder}, which runs all parts; end it first with causeway down`,
      );
    }
    if (name === 'registry' || name === 'hub') await bringUpToDate(dir);
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** Throws a FabricError that names the parts of a fabric which run by themselves. */
export async function requireNoParts(layout: FabricLayout): Promise<void> {
  const running: string[] = [];
  for (const file of await readdir(layout.run).catch(() => [])) {
    const name = /^(hub|registry|(site|gateway)-.+)\.pid$/.exec(file)?.[1];
    const holder = name === undefined ? undefined : await lockHolder(layout.part(name));
    if (holder !== undefined) running.push(`${name} (process ${holder})`);
  }
  if (running.length === 0) return;
  throw new FabricError(
    `parts of this fabric run by themselves (causeway run): ${running.join(', ')}; end them first`,
  );
}
