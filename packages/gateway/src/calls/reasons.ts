import type { LimitRefusal } from '@causeway/policy';
import type { ErrorCode } from '@causeway/protocol';
import type { Bound } from '../guard/entry.ts';
import type { Counter } from '../quota/counter.ts';
import type { RefusalText } from './refusal.ts';

/** Which limit of which policy a call is over. */
export function limitReason({ policy, limit, retryAfter }: LimitRefusal): string {
  switch (limit) {
    case 'rate':
      return `over the rate of policy ${policy}; wait ${retryAfter} ms`;
    case 'bytesPerSecond':
      return `over the bytes per second (bytesPerSecond) of policy ${policy}; wait ${retryAfter} ms`;
    case 'concurrency':
      return `as many calls under way as policy ${policy} allows`;
  }
}

/** Why there is nothing of a quota for a call. */
export function quotaReason(site: string, { name, amount, left, dearth }: Counter): string {
  const { policy, unit, window } = name;
  const quota = `the quota of ${amount} ${unit} ${window === 'hour' ? 'an' : 'a'} ${window} of policy ${policy}`;
  if (dearth === 'unreachable') {
    return `${site} has spent its share of ${quota}, and cannot reach the registry for more`;
  }
  if (typeof dearth === 'object') return `the registry gives ${site} no share of ${quota}: ${dearth.refused}`;
  return left > 0
    ? `${quota} is used up but for ${left}, which the call and its largest reply may be more than`
    : `${quota} is used up`;
}

/** Why a call is refused that waited for a share. */
export function noShareReason(site: string, policy: string): string {
  return `${site} has not been given a share of a quota of the policies that allow the call (${policy}) in time`;
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
