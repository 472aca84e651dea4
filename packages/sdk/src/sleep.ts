import type { Clock } from '@causeway/protocol';

/** Resolves after `ms` milliseconds, or as soon as the signal is aborted: the caller looks at it afterwards. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener('abort', done);
  });
}

/** Resolves when `promise` has settled, in whatever way, after `ms` milliseconds, or when the signal is aborted. */
export async function within(
  clock: Clock,
  ms: number,
  promise: Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const signals = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
  await Promise.race([promise.catch(() => {}), sleep(clock, ms, signals)]);
  over.abort();
}
