import type { Deprecation } from './generated/types.ts';

/**
 * The first moment of a deprecation's day in UTC, in milliseconds since the epoch; undefined where the calendar has
 * no such day.
 */
export function deprecationTime({ date }: Deprecation): number | undefined {
  const time = Date.parse(`${date}T00:00:00Z`);
  // The platform takes the 30th of February for the 2nd of March, or for nothing.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date) return undefined;
  return time;
}

/** A deprecation as a header has it: `@` and seconds since the epoch (RFC 9745, RFC 9651). */
export function encodeDeprecation(deprecation: Deprecation): string | undefined {
  const time = deprecationTime(deprecation);
  return time === undefined ? undefined : `@${time / 1000}`;
}

/** The moment in such a header, in milliseconds since the epoch; undefined where it is none. */
export function parseDeprecation(text: string): number | undefined {
  const time = /^@(-?\d{1,12})$/.exec(text)?.[1];
  return time === undefined ? undefined : Number(time) * 1000;
}
