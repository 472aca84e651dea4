import { type Counter, enterWindow, takenOf } from './counter.ts';

/** Why a call is not admitted for now. */
export interface QuotaRefusal {
  readonly counter: Counter;
  /** Milliseconds until it may be admitted. */
  readonly retryAfter: number;
}

/**
 * The quotas of all policies that allow one call: every one has to hold. `bytes` is what the call can take at most, its
 * request and its largest reply; times are ms on the hub's clock.
 */
export interface QuotaGuard {
  /** True where all shares suffice; asks for more where they do not. */
  fits(now: number, bytes: number): boolean;
  /** Why a call that does not fit is refused now; undefined where a share is on its way. */
  refusal(now: number, bytes: number): QuotaRefusal | undefined;
  /** True while a share is on its way. */
  readonly isAsked: boolean;
  /** Takes what has just been found to fit. */
  spend(now: number, bytes: number): void;
  /** Gives back what a call that was spent for at `spentAt` did not use. */
  refund(spentAt: number, calls: number, bytes: number): void;
  /** Asked no more; calls under way may still be refunded. */
  close(): void;
}

/** What a guard needs of the pool that its counters belong to. */
export interface CounterOwner {
  /** Has the registry asked for more; `need` is what a call waits for, 0 where none does. */
  want(counter: Counter, need: number): void;
  /** Milliseconds monotonic. */
  monotonic(): number;
  /** Milliseconds until a counter that nothing was to be had for is asked for again. */
  untilAsked(counter: Counter): number;
  release(): void;
}

/** Guards calls by counters that other guards may share. An admission allocates nothing. */
export function guardOf(counters: readonly Counter[], owner: CounterOwner): QuotaGuard {
  let open = true;
  return {
    fits(now, bytes) {
      let fitting = true;
      for (const counter of counters) {
        enterWindow(counter, now);
        const taken = takenOf(counter, bytes);
        if (counter.left >= taken) continue;
        fitting = false;
        owner.want(counter, taken);
      }
      return fitting;
    },
    refusal(now, bytes) {
      for (const counter of counters) {
        enterWindow(counter, now);
        if (counter.dearth === undefined || counter.left >= takenOf(counter, bytes)) continue;
        const end = Math.max(1, Math.ceil(counter.end - now));
        // What is used up is so until the window ends; all else may be over as soon as the registry answers again.
        const retryAfter =
          counter.dearth === 'used-up'
            ? end
            : Math.min(end, Math.max(1, Math.ceil(owner.untilAsked(counter))));
        return { counter, retryAfter };
      }
      return undefined;
    },
    get isAsked() {
      for (const counter of counters) if (counter.asked) return true;
      return false;
    },
    spend(now, bytes) {
      const at = owner.monotonic();
      for (const counter of counters) {
        enterWindow(counter, now);
        counter.left -= takenOf(counter, bytes);
        counter.spentAt = at;
        if (counter.left * 2 < counter.filled) owner.want(counter, 0);
      }
    },
    refund(spentAt, calls, bytes) {
      for (const counter of counters) {
        if (spentAt < counter.start || spentAt >= counter.end) continue;
        counter.left += counter.name.unit === 'calls' ? calls : bytes;
      }
    },
    close() {
      if (!open) return;
      open = false;
      owner.release();
    },
  };
}
