/**
 * What the outside world gives to the code: time, timers and chance. Passed in everywhere, so that tests of
 * leases, limits and faults hold the clock in their hands; the real ones are `@causeway/transport`'s.
 */

/** A source of time and timers. */
export interface Clock {
  /** Milliseconds since the Unix epoch on this machine's clock; may jump. */
  now(): number;
  /** Milliseconds, fractional, since some fixed point; never goes back. */
  monotonic(): number;
  /** Calls back once after `ms` milliseconds; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back every `ms` milliseconds; the returned function cancels. */
  every(ms: number, callback: () => void): () => void;
}

/** A source of unguessable bytes. */
export interface Random {
  /** `length` random bytes, fit for keys and tokens. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter; need not be unguessable. */
  fraction(): number;
}

/** The part of pino's logger that library packages use: object first, constant message second. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: Record<string, unknown>): Logger;
}
