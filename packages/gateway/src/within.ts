import type { Clock } from '@causeway/protocol';

/** Resolves when the work is done, or the time is over. */
export async function within(ms: number, work: Promise<void>, clock: Clock): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, over]);
  cancel();
}
