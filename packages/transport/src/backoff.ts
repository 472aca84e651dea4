import type { Random } from '@causeway/protocol';

/** Bounds of a back-off in milliseconds. */
export interface BackoffBounds {
  readonly min: number;
  readonly max: number;
}

const defaults: BackoffBounds = { min: 50, max: 2_000 };

/**
 * Milliseconds to wait before attempt number `attempt` (0 is the first repeat): doubles from `min` to `max`,
 * of which the upper half is jitter, so that many clients do not come back in one wave.
 */
export function backoffDelay(attempt: number, random: Random, bounds: BackoffBounds = defaults): number {
  const ceiling = Math.min(bounds.max, bounds.min * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random.fraction();
}
