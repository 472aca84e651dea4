import type { Clock } from '@causeway/protocol';

/** Something that ends at a time, as it stands in the sweep's lists. The sweep alone writes these fields. */
export interface Expiring {
  /** By the monotonic clock, in milliseconds. */
  readonly deadline: number;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  bucket: number;
}

/** Many deadlines on one timer. */
export interface DeadlineSweep<E extends Expiring> {
  add(entry: E): void;
  /** Takes out an entry that ended otherwise; does nothing for one that is not in. */
  remove(entry: E): void;
  /** Stops the timer and forgets all entries without calling back. */
  clear(): void;
}

const tickMs = 8;
const buckets = 512;

/**
 * A hashed timing wheel (Varghese and Lauck, 1987): adding and removing cost the same for any number of
 * entries, and a tick looks only at those whose time is near. The timer runs only while there are entries,
 * and an entry expires no earlier than its deadline and at most two ticks (16 ms) later.
 */
export function createDeadlineSweep<E extends Expiring>(
  clock: Clock,
  onExpired: (entry: E) => void,
): DeadlineSweep<E> {
  const heads: (Expiring | undefined)[] = new Array(buckets).fill(undefined);
  let size = 0;
  let sweptTick = 0;
  let stop: (() => void) | undefined;

  function remove(entry: Expiring): void {
    if (entry.bucket < 0) return;
    if (entry.previous) entry.previous.next = entry.next;
    else heads[entry.bucket] = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    entry.bucket = -1;
    entry.previous = undefined;
    entry.next = undefined;
    size -= 1;
  }

  function sweepBucket(bucket: number, now: number): void {
    const due: Expiring[] = [];
    for (let entry = heads[bucket]; entry; entry = entry.next) if (entry.deadline <= now) due.push(entry);
    // Out of the list before any callback runs: a callback may add and remove as it likes.
    for (const entry of due) remove(entry);
    for (const entry of due) onExpired(entry as E);
  }

  function tick(): void {
    // The timer is stopped here and not when the last entry goes, or a caller of one call at a time would
    // start and stop it for each.
    if (size === 0) {
      halt();
      return;
    }
    const now = clock.monotonic();
    const nowTick = Math.floor(now / tickMs);
    const from = Math.max(sweptTick + 1, nowTick - buckets + 1);
    sweptTick = nowTick;
    for (let at = from; at <= nowTick; at += 1) sweepBucket(at % buckets, now);
  }

  function halt(): void {
    stop?.();
    stop = undefined;
  }

  return {
    add(entry) {
      if (!stop) {
        sweptTick = Math.floor(clock.monotonic() / tickMs);
        stop = clock.every(tickMs, tick);
      }
      // One tick beyond the deadline's own, so that it has passed when the bucket is swept; and never a
      // bucket that was swept already, which would be looked at only a whole turn later.
      const at = Math.max(Math.floor(entry.deadline / tickMs), sweptTick) + 1;
      entry.bucket = at % buckets;
      entry.previous = undefined;
      entry.next = heads[entry.bucket];
      if (entry.next) entry.next.previous = entry;
      heads[entry.bucket] = entry;
      size += 1;
    },
    remove,
    clear() {
      halt();
      heads.fill(undefined);
      size = 0;
    },
  };
}
