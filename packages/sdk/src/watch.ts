import type { WatchEvent } from './types.ts';

/**
 * Events as an async iterable: none is lost between two turns of the loop. Leaving the loop, or aborting the
 * signal, ends it.
 */
export function watchIterable(
  watch: (listener: (event: WatchEvent) => void) => () => void,
  signal?: AbortSignal,
): AsyncIterableIterator<WatchEvent> {
  const queue: WatchEvent[] = [];
  let waiting: ((result: IteratorResult<WatchEvent>) => void) | undefined;
  let ended = false;
  const stop = watch((event) => {
    if (!waiting) {
      queue.push(event);
      return;
    }
    waiting({ value: event, done: false });
    waiting = undefined;
  });
  const end = () => {
    ended = true;
    stop();
    signal?.removeEventListener('abort', end);
    waiting?.({ value: undefined, done: true });
    waiting = undefined;
  };
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end);

  return {
    next: () => {
      const event = queue.shift();
      if (event) return Promise.resolve({ value: event, done: false });
      if (ended) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    return: () => {
      end();
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
