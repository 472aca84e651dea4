import { CausewayError, isErrorCode } from './errors.ts';
import type { Messages } from './generated/types.ts';
import { decodeJson } from './json.ts';
import { check, type Parsed } from './validate.ts';

/**
 * Reads what a part of Causeway answered: the message expected, or the fault that makes it none. Throws the
 * CausewayError that a refusal (`schemas/refusal.json`) stands for.
 */
export function readReply<N extends keyof Messages>(expected: N, bytes: Uint8Array): Parsed<Messages[N]> {
  let value: unknown;
  try {
    value = decodeJson(bytes);
  } catch (error) {
    return { fault: { pointer: '', problem: `is not JSON: ${(error as Error).message}` } };
  }
  const refusal = check('Refusal', value);
  if (refusal.value && isErrorCode(refusal.value.code)) {
    const { code, reason, pointer, retryAfter, differences } = refusal.value;
    throw new CausewayError(code, reason, {
      ...(pointer === undefined ? {} : { pointer }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(differences === undefined ? {} : { differences }),
    });
  }
  return check(expected, value);
}
