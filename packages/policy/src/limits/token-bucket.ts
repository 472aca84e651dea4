/** Tokens that come back at a steady rate, up to a burst. Times are milliseconds of one clock. */
export interface TokenBucket {
  /** Takes a token: 0 where there was one, else what `wait` gives; nothing is taken then. */
  take(nowMs: number): number;
  /**
   * Milliseconds, whole, until a token is surely there for a lone caller that waits; 0 where one is there now.
   * Takes nothing.
   */
  wait(nowMs: number): number;
  /** Takes the token that `wait` has just found. */
  spend(): void;
  /** Takes this many, also where there are fewer: the bucket is in debt then, and `wait` covers the debt, too. */
  charge(count: number, nowMs: number): void;
  /** True where it is as a fresh one would be. */
  isFull(nowMs: number): boolean;
}

/** Calls per second, and how many may come at once; `now` is when the bucket, full, begins. */
export interface TokenBucketOptions {
  readonly rate: number;
  readonly burst: number;
  readonly now: number;
}

/** Above this age the account is moved on, so that its products stay well inside a double's whole numbers. */
const longestAccountMs = 2 ** 20;

/**
 * A bucket that admits at most `rate * w + burst` calls in any window of `w` seconds, but for debts. Throws a RangeError where
 * rate or burst are no positive numbers.
 *
 * It does not add up small fractions of tokens, which would drift: it remembers since when it has not been full,
 * and how many it has given since. So it is exact for whole milliseconds and whole rates, and within a billionth
 * of a call for others. A clock that goes back neither gives tokens nor stops them from coming: the bucket reads
 * it as no time at all having passed. Nothing is allocated per call.
 */
export function createTokenBucket({ rate, burst, now }: TokenBucketOptions): TokenBucket {
  if (!(rate > 0) || !Number.isFinite(rate)) throw new RangeError(`rate ${rate} is not a positive number`);
  if (!(burst >= 1) || !Number.isFinite(burst)) throw new RangeError(`burst ${burst} is not 1 or more`);
  let fullAt = now;
  let given = 0;
  let last = now;

  /** Brings the account to this time. Tokens there are: burst - given + (last - fullAt) * rate / 1000. */
  function settle(nowMs: number): void {
    if (nowMs < last) fullAt -= last - nowMs;
    last = nowMs;
    const elapsed = last - fullAt;
    if (elapsed * rate >= given * 1000) {
      fullAt = last;
      given = 0;
    } else if (elapsed > longestAccountMs) {
      const seconds = Math.floor(elapsed / 1000);
      const credit = seconds * rate;
      fullAt += seconds * 1000;
      // Rounding must not give tokens away.
      given -= Number.isInteger(credit) ? credit : credit * (1 - Number.EPSILON);
    }
  }

  function wait(nowMs: number): number {
    settle(nowMs);
    const needed = (given + 1 - burst) * 1000;
    if ((last - fullAt) * rate >= needed) return 0;
    let ms = Math.max(1, Math.ceil(needed / rate - (last - fullAt)));
    if (ms >= Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
    // The division may have been rounded down.
    while ((last + ms - fullAt) * rate < needed) ms += 1;
    return ms;
  }

  return {
    wait,
    spend() {
      given += 1;
    },
    isFull(nowMs) {
      settle(nowMs);
      return given === 0;
    },
    charge(count, nowMs) {
      settle(nowMs);
      given += count;
    },
    take(nowMs) {
      const ms = wait(nowMs);
      if (ms === 0) given += 1;
      return ms;
    },
  };
}
