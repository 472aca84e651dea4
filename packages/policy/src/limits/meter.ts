import type { PolicyLimits } from '../decide.ts';
import { type ConcurrencyLimit, createConcurrencyLimit } from './concurrency.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** What one caller has used of one policy's limits at one site. */
export interface Meter {
  readonly policy: string;
  readonly bucket: TokenBucket | undefined;
  readonly concurrency: ConcurrencyLimit | undefined;
  /** Of bytes: what was admitted may take more than there is, and the next calls wait until that is made up for. */
  readonly bytes: TokenBucket | undefined;
}

/** A fresh meter: nothing used. */
export function createMeter(limits: PolicyLimits, now: number): Meter {
  const { policy, rate, burst, concurrency, bytesPerSecond: perSecond } = limits;
  return {
    policy,
    bucket:
      rate === undefined
        ? undefined
        : createTokenBucket({ rate, burst: burst ?? Math.max(1, Math.ceil(rate)), now }),
    concurrency: concurrency === undefined ? undefined : createConcurrencyLimit(concurrency),
    bytes:
      perSecond === undefined ? undefined : createTokenBucket({ rate: perSecond, burst: perSecond, now }),
  };
}
