import type { Random } from '@causeway/protocol';

/** Bounds of a back-off in milliseconds. */
export interface BackoffBounds {
  readonly min: number;
  readonly max: number;
  /** How much longer each wait is than the one before; 2 where absent. */
  readonly growth?: number;
}

const defaults: BackoffBounds = { min: 50, max: 2_000 };

/**
 * Milliseconds to wait before attempt number `attempt` (0 is the first repeat): grows from `min` to `max`,
 * of which the upper half is jitter, so that many clients do not come back in one wave.
 */
export function backoffDelay(attempt: number, random: Random, bounds: BackoffBounds = defaults): number {
  const ceiling = Math.min(bounds.max, bounds.min * (bounds.growth ?? 2) ** Math.min(attempt, 100));
  return ceiling / 2 + (ceiling / 2) * random.fraction();
}
