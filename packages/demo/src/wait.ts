import type { Clock } from '@causeway/protocol';

/** Resolves after `ms` milliseconds, or when the signal is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}

/** Resolves when the promise has settled, or when the signal is aborted; rejects only before that. */
export async function settledOrAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    promise.catch(() => {});
    return;
  }
  let abort = () => {};
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
    signal.addEventListener('abort', abort);
  });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Asks until the answer is yes, the limit is reached or the signal is aborted; resolves with the last answer. */
export async function waitFor(
  clock: Clock,
  { limitMs, everyMs, signal }: { limitMs: number; everyMs: number; signal: AbortSignal },
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const end = clock.monotonic() + limitMs;
  for (;;) {
    if (await condition()) return true;
    if (signal.aborted || clock.monotonic() >= end) return false;
    await pause(clock, everyMs, signal);
  }
}
