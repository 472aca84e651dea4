/** A number of calls that may be under way at once. */
export interface ConcurrencyLimit {
  /** Calls under way. */
  readonly active: number;
  /** True where one more may begin. */
  hasRoom(): boolean;
  /** Begins a call. */
  enter(): void;
  /** Ends one. Throws a RangeError where none is under way: it was ended twice. */
  leave(): void;
}

/** A limit of `most` calls at once, 1 or more. */
export function createConcurrencyLimit(most: number): ConcurrencyLimit {
  if (!(most >= 1)) throw new RangeError(`concurrency ${most} is not 1 or more`);
  let active = 0;
  return {
    get active() {
      return active;
    },
    hasRoom: () => active < most,
    enter() {
      active += 1;
    },
    leave() {
      if (active === 0) throw new RangeError('a call was released that is not under way');
      active -= 1;
    },
  };
}
