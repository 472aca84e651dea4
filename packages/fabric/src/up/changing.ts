import type { FabricLayout } from '../layout.ts';
import { lockHolder, takeLock } from './lock.ts';

const busy = (holder: number) => `process ${holder} is changing this fabric; wait until it has`;

/** Runs a change of what is in a fabric's folder. Throws a FabricError where another process makes one. */
export async function whileChanging<T>(layout: FabricLayout, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(layout.changing, busy);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** As `whileChanging`; and a fabric that is not up stays so for the time. `work` is told whether it is up. */
export function whileSettled<T>(layout: FabricLayout, work: (isUp: boolean) => Promise<T>): Promise<T> {
  return whileChanging(layout, async () => {
    if ((await lockHolder(layout.lock)) !== undefined) return work(true);
    const release = await takeLock(layout.lock, busy);
    try {
      return await work(false);
    } finally {
      await release();
    }
  });
}

/** The process that changes a fabric which is not up, if one does: it holds the lock of `up`, and is none. */
export async function changer(layout: FabricLayout): Promise<number | undefined> {
  const [holder, changing] = [await lockHolder(layout.lock), await lockHolder(layout.changing)];
  return holder === changing ? holder : undefined;
}
