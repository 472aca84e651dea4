import { expect, test } from 'vitest';
import { CausewayError, type ErrorCode, errorTable, isErrorCode } from './errors.ts';
import { check } from './validate.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

/** Code and number are API: a change here is a change of the protocol. */
const numbers: { readonly [C in ErrorCode]: number } = {
  INVALID_REQUEST: 400,
  REVOKED: 401,
  DENIED: 403,
  NO_ROUTE: 404,
  NO_SUCH_ENDPOINT: 404,
  INCOMPATIBLE_API: 409,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  TOO_MANY_CONCURRENT: 429,
  SERVICE_ERROR: 500,
  INVALID_REPLY: 502,
  NO_INSTANCE: 503,
  UNREACHABLE: 503,
  OVERLOADED: 503,
  AUDIT_UNAVAILABLE: 503,
  LEASE_EXPIRED: 503,
  DEADLINE_EXCEEDED: 504,
};

test('errors - codes and numbers are those of the protocol', () => {
  expect(Object.fromEntries(codes.map((code) => [code, errorTable[code].number]))).toEqual(numbers);
});

test.each(codes)('errors - %s: an error bears its row of the table', (code) => {
  const entry = errorTable[code];
  const error = new CausewayError(code, 'because');
  expect(error).toMatchObject({ code, number: entry.number, retryable: entry.retryable, reason: 'because' });
  expect(error.message).toBe(`${code}: because`);
  expect(error).toBeInstanceOf(Error);
  // What `check` accepts as a refusal on the wire.
  expect(check('Refusal', error.toJSON()).fault).toBeUndefined();
  expect(code).toMatch(/^[A-Z_]{2,40}$/);
  for (const text of [entry.meaning, entry.help]) expect(text).toMatch(/^[A-Z].*\.$/s);
});

test('errors - faults of the caller are not retryable, faults of the moment are', () => {
  const retryable = codes.filter((code) => errorTable[code].retryable);
  for (const code of codes) {
    const { number } = errorTable[code];
    if ([400, 401, 403, 404, 413].includes(number)) expect(retryable).not.toContain(code);
    if ([429, 503, 504].includes(number)) expect(retryable).toContain(code);
  }
});

test('errors - on the wire stands what is there, and nothing else', () => {
  expect(JSON.parse(JSON.stringify(new CausewayError('DENIED', 'no')))).toEqual({
    code: 'DENIED',
    number: 403,
    reason: 'no',
  });
  const full = new CausewayError('INVALID_REQUEST', 'no', {
    retryAfter: 0,
    pointer: '',
    cause: new Error('x'),
  });
  expect(JSON.parse(JSON.stringify(full))).toEqual({
    code: 'INVALID_REQUEST',
    number: 400,
    reason: 'no',
    retryAfter: 0,
    pointer: '',
  });
});

test('errors - anything thrown becomes an error of the table, with its cause', () => {
  const own = new CausewayError('CONFLICT', 'twice');
  expect(CausewayError.from(own)).toBe(own);
  const other = new TypeError('not a function');
  expect(CausewayError.from(other)).toMatchObject({
    code: 'SERVICE_ERROR',
    reason: 'not a function',
    cause: other,
  });
  expect(CausewayError.from('text')).toMatchObject({ code: 'SERVICE_ERROR', reason: 'text', cause: 'text' });
  expect(CausewayError.from(undefined).reason).toBe('undefined');
});

test('errors - only codes of the table are codes', () => {
  expect(codes.every(isErrorCode)).toBe(true);
  for (const text of ['', 'OK', 'denied', 'toString', '__proto__', 'constructor'])
    expect(isErrorCode(text)).toBe(false);
});
