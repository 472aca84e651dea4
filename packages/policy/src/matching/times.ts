import type { Policy } from '@causeway/protocol';

/** How long a site may be without the registry where a policy does not say: 24 hours, in milliseconds. */
export const defaultLeaseMs = 86_400_000;

/** A lease shorter than this would end while a gateway waits for the answer to its renewal; ms. */
export const shortestLeaseMs = 10_000;

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration such as `24h` (names.json#/$defs/duration); NaN where it is none. */
export function durationMs(text: string): number {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  return match ? Number(match[1]) * units[match[2] as keyof typeof units] : Number.NaN;
}

/** Milliseconds since the epoch of a time as in RFC 3339; NaN where there is no such day or hour. */
export function timestampMs(text: string): number {
  const ms = Date.parse(text);
  // JavaScript takes the 30th of February for the 2nd of March.
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== text.slice(0, 10)) return Number.NaN;
  return ms;
}

/** When a policy, or the rule that it became, counts: from `notBefore` on, before `expires`; ms. */
export interface Span {
  readonly notBefore?: number | undefined;
  readonly expires?: number | undefined;
}

/** The times of a policy as numbers. */
export function spanOf({ notBefore, expires }: Pick<Policy, 'notBefore' | 'expires'>): Span {
  return {
    ...(notBefore === undefined ? {} : { notBefore: timestampMs(notBefore) }),
    ...(expires === undefined ? {} : { expires: timestampMs(expires) }),
  };
}

/** Whether something counts at a time. */
export function isActive({ notBefore, expires }: Span, at: number): boolean {
  return (notBefore === undefined || at >= notBefore) && (expires === undefined || at < expires);
}

/** The time around `at` in which none of these begins or ends: from `since`, before `until`. */
export function stretchAround(spans: readonly Span[], at: number): { since: number; until: number } {
  let since = Number.NEGATIVE_INFINITY;
  let until = Number.POSITIVE_INFINITY;
  for (const { notBefore, expires } of spans) {
    for (const edge of [notBefore, expires]) {
      if (edge === undefined) continue;
      if (edge > at) until = Math.min(until, edge);
      else since = Math.max(since, edge);
    }
  }
  return { since, until };
}
