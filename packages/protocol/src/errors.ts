import type { BreakingDifference, Refusal } from './generated/types.ts';

/** One row of the error table. Code and number are API; the texts are not. */
export interface ErrorEntry {
  readonly number: number;
  /** True where the same call may succeed later without a change by its caller. */
  readonly retryable: boolean;
  readonly meaning: string;
  readonly help: string;
}

const table = {
  INVALID_REQUEST: {
    number: 400,
    retryable: false,
    meaning: 'The request is not JSON or does not fit the schema; `pointer` names the place.',
    help: 'Correct the request at the place named; `causeway get apis NAME -o json` shows the schema.',
  },
  REVOKED: {
    number: 401,
    retryable: false,
    meaning: 'The identity was revoked, or its credentials are not accepted here.',
    help: 'Ask the tenant’s administrator for new credentials.',
  },
  DENIED: {
    number: 403,
    retryable: false,
    meaning: 'A policy denies the call, or none allows this endpoint.',
    help: 'Run `causeway explain` for this caller and endpoint; have a policy applied that allows it.',
  },
  NO_ROUTE: {
    number: 404,
    retryable: false,
    meaning:
      'There is no such API for this caller: it is not published, or no policy lets the caller see it.',
    help: 'Check the name and the major version with `causeway discover`; have a policy applied.',
  },
  NO_SUCH_ENDPOINT: {
    number: 404,
    retryable: false,
    meaning: 'The API has no endpoint of this name.',
    help: 'Check the endpoint’s name with `causeway discover`.',
  },
  INCOMPATIBLE_API: {
    number: 409,
    retryable: false,
    meaning: 'The manifest breaks what is published under the same major version.',
    help: 'Publish it under the next major, or make the change compatible.',
  },
  CONFLICT: {
    number: 409,
    retryable: true,
    meaning: 'Someone else changed the same thing in between.',
    help: 'Read it again, and apply the change to what stands now.',
  },
  PAYLOAD_TOO_LARGE: {
    number: 413,
    retryable: false,
    meaning: 'The request or the reply is larger than its endpoint allows.',
    help: 'Send less, or have the manifest’s maxRequestBytes or maxReplyBytes raised.',
  },
  RATE_LIMITED: {
    number: 429,
    retryable: true,
    meaning: 'The caller is over its rate; `retryAfter` says how long to wait.',
    help: 'Wait for `retryAfter` milliseconds, or have the policy’s limits raised.',
  },
  QUOTA_EXCEEDED: {
    number: 429,
    retryable: true,
    meaning: 'The caller has used up its quota; `retryAfter` says when it is renewed.',
    help: 'Wait for `retryAfter` milliseconds, or have the policy’s quota raised.',
  },
  TOO_MANY_CONCURRENT: {
    number: 429,
    retryable: true,
    meaning: 'The caller has as many calls under way as its policy allows.',
    help: 'Wait for a call to end before sending the next.',
  },
  SERVICE_ERROR: {
    number: 500,
    retryable: false,
    meaning: 'The service was called and reported an error of its own.',
    help: 'Read the reason; it is the service’s own.',
  },
  INVALID_REPLY: {
    number: 502,
    retryable: false,
    meaning: 'The service answered with something that is not a valid reply of its API.',
    help: 'Report it to the owner of the service.',
  },
  NO_INSTANCE: {
    number: 503,
    retryable: true,
    meaning: 'The API is served at this site, but no healthy instance is registered.',
    help: 'Start an instance, or leave the choice of the site open.',
  },
  UNREACHABLE: {
    number: 503,
    retryable: true,
    meaning: 'The API exists and may be called, but no gateway that serves it can be reached now.',
    help: 'Try again; `causeway status` shows which link is down.',
  },
  OVERLOADED: {
    number: 503,
    retryable: true,
    meaning: 'Too much is under way here: calls, consoles, or manifests to check.',
    help: 'Wait for `retryAfter` milliseconds, and send fewer at a time.',
  },
  AUDIT_UNAVAILABLE: {
    number: 503,
    retryable: true,
    meaning: 'No record of the call, or of an administrator’s act, could be kept, so it was not done.',
    help: 'Look at the site’s disk and its stream AUDIT; `causeway status` names the cause.',
  },
  LEASE_EXPIRED: {
    number: 503,
    retryable: true,
    meaning: 'The site has been without the cloud for longer than the policy’s offline lease.',
    help: 'Bring the site’s link to the cloud back.',
  },
  DEADLINE_EXCEEDED: {
    number: 504,
    retryable: true,
    meaning: 'No reply came before the caller’s deadline. The service may have run.',
    help: 'Repeat the call only if the endpoint is idempotent; allow more time.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** One of the closed set of error codes (docs/errors.md). */
export type ErrorCode = keyof typeof table;

/** The whole table: what each code means and what to do about it. */
export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = table;

/** True for a code of the table. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(table, code);
}

/** What an error may carry besides its code and reason. */
export interface ErrorDetails {
  /** Milliseconds to wait before the same call can be admitted. */
  readonly retryAfter?: number;
  /** JSON pointer (RFC 6901) of the fault in the input. */
  readonly pointer?: string;
  /** What would break callers, of INCOMPATIBLE_API. */
  readonly differences?: readonly BreakingDifference[];
  readonly cause?: unknown;
}

/** Longest reason in characters: input that is quoted in it must not make the reply too large to be sent. */
const maxReason = 2_000;

/** The one error class of Causeway. Code and number are API; the reason is for people. */
export class CausewayError extends Error {
  override readonly name = 'CausewayError';
  readonly code: ErrorCode;
  readonly number: number;
  readonly reason: string;
  /** True where the same call may succeed later. */
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly pointer: string | undefined;
  readonly differences: readonly BreakingDifference[] | undefined;

  constructor(code: ErrorCode, reason: string, details: ErrorDetails = {}) {
    super(`${code}: ${reason}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.number = table[code].number;
    this.retryable = table[code].retryable;
    this.reason = reason.length > maxReason ? `${reason.slice(0, maxReason)}…` : reason;
    this.retryAfter = details.retryAfter;
    this.pointer = details.pointer?.slice(0, maxReason);
    this.differences = details.differences;
  }

  /** Shape on the wire and of `causeway call`'s standard error: `schemas/refusal.json`. */
  toJSON(): Refusal & { code: ErrorCode } {
    return {
      code: this.code,
      number: this.number,
      reason: this.reason,
      ...(this.retryAfter === undefined ? {} : { retryAfter: this.retryAfter }),
      ...(this.pointer === undefined ? {} : { pointer: this.pointer }),
      ...(this.differences === undefined ? {} : { differences: [...this.differences] }),
    };
  }

  /**
   * Any thrown value as one that may leave the process: a CausewayError as it is; anything else, whose message
   * may hold paths or addresses, as a SERVICE_ERROR that names only who failed.
   */
  static opaque(thrown: unknown, who: string): CausewayError {
    if (thrown instanceof CausewayError) return thrown;
    return new CausewayError('SERVICE_ERROR', `${who} failed; its log says why`, { cause: thrown });
  }

  /** Any thrown value as a CausewayError: itself, or a SERVICE_ERROR with its message. */
  static from(thrown: unknown): CausewayError {
    if (thrown instanceof CausewayError) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return new CausewayError('SERVICE_ERROR', reason, { cause: thrown });
  }
}
