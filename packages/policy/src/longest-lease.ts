import type { PolicyDocument } from './documents.ts';
import { defaultLeaseMs, durationMs } from './matching/times.ts';

/**
 * The longest `offline` lease of the policies that allow something, in ms: after it a site that hears nothing from the
 * registry admits no call whatever. 0 where nothing is allowed.
 */
export function longestLease(policies: readonly PolicyDocument[]): number {
  return policies
    .filter(({ effect }) => effect === 'allow')
    .reduce(
      (most, { offline }) => Math.max(most, offline === undefined ? defaultLeaseMs : durationMs(offline)),
      0,
    );
}
