import type { LimitRefusal } from '@causeway/policy';
import type { ErrorCode } from '@causeway/protocol';
import type { Bound } from '../guard/entry.ts';
import type { RefusalText } from './refusal.ts';

/** Which policy's limit a call is over. */
export function limitReason({ code, policy, retryAfter }: LimitRefusal): string {
  return code === 'RATE_LIMITED'
    ? `over the rate of policy ${policy}; wait ${retryAfter} ms`
    : `as many calls under way as policy ${policy} allows`;
}

/** What the record of a refused call says: an endpoint that is not there is nobody's decision. */
export function decisionOf({ told }: { told: ErrorCode }): 'failed' | 'denied' {
  return told === 'NO_SUCH_ENDPOINT' ? 'failed' : 'denied';
}

/** What a caller is told who may not call. */
export function refusalOf(entry: { told: ErrorCode; toldReason: string }): RefusalText {
  return { code: entry.told, reason: entry.toldReason };
}

/** What is too large, and who says so. */
export function sizeReason(what: 'request' | 'reply', bytes: number, bound: Bound): string {
  return `the ${what} has ${bytes} bytes; ${bound.says} ${bound.bytes}`;
}

/** Why a site that is alone admits the call no longer; `policy` is one that allows it. */
export function leaseReason(site: string, leaseMs: number, policy: string): string {
  const seconds = Math.round(leaseMs / 1000);
  return `${site} has not heard from the registry for longer than the ${seconds} s of the policies that allow the call (${policy})`;
}
