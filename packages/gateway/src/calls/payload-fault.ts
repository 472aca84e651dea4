import type { ValueCheck } from '@causeway/policy';
import { decodeJson, type Fault } from '@causeway/protocol';

/**
 * What is wrong with the body of a request or reply: its pointer, and words that begin where "the request" or "the
 * reply" ends. Undefined where it is JSON and fits. The words never quote the body: a record holds them.
 */
export function payloadFault(check: ValueCheck, body: Uint8Array): Fault | undefined {
  let value: unknown;
  try {
    value = decodeJson(body);
  } catch {
    return { pointer: '', problem: 'is not JSON in UTF-8' };
  }
  try {
    return check(value);
  } catch {
    // A recursive schema on a value nested thousands deep: the validator runs out of stack.
    return { pointer: '', problem: 'is nested too deeply to be checked' };
  }
}
