import type { AdmittingEntry } from '../guard/entry.ts';
import type { Answering } from './answering.ts';
import type { Call, CallSurroundings } from './call.ts';
import { payloadFault } from './payload-fault.ts';
import { leaseReason, limitReason, noShareReason, quotaReason, sizeReason } from './reasons.ts';

/** What came of it; `waits`: a share of a quota is on its way, and the call is to be tried again. */
export type Admission = 'admitted' | 'refused' | 'waits';

/** Checks all that can be refused before an instance is asked. */
export interface Gate {
  /** Refuses the call, or takes what it needs of limits and quotas. */
  admit(call: Call, entry: AdmittingEntry, body: Uint8Array): Admission;
  /** Refuses a call that no share came for in time. */
  refuseWaiting(call: Call, entry: AdmittingEntry): void;
}

/** A call that no share came for in time may come again after this, ms. */
const againMs = 1_000;

/** Creates the gate of one tenant's calls. */
export function createGate(
  around: Pick<CallSurroundings, 'site' | 'silence' | 'hub'>,
  { refuse }: Pick<Answering, 'refuse'>,
): Gate {
  const { site, silence, hub } = around;
  return {
    admit(call, entry, body) {
      const { endpoint, limiter, quotas, lease, largestRequest } = entry;
      if (silence() > lease) {
        refuse(call, 'failed', { code: 'LEASE_EXPIRED', reason: leaseReason(site, lease, entry.policy) });
        return 'refused';
      }
      if (body.length > largestRequest.bytes) {
        const reason = sizeReason('request', body.length, largestRequest);
        refuse(call, 'failed', { code: 'PAYLOAD_TOO_LARGE', reason });
        return 'refused';
      }
      // Found to fit here and spent below, on the same turn: who is refused in between has used nothing.
      const now = hub.now();
      const most = body.length + entry.largestReply.bytes;
      if (quotas && !quotas.fits(now, most)) {
        const lacking = quotas.refusal(now, most);
        if (!lacking) return 'waits';
        const { counter, retryAfter } = lacking;
        refuse(call, 'limited', { code: 'QUOTA_EXCEEDED', reason: quotaReason(site, counter), retryAfter });
        return 'refused';
      }
      const limited = limiter?.admit(call.started, body.length);
      if (limited) {
        refuse(call, 'limited', {
          code: limited.code,
          reason: limitReason(limited),
          retryAfter: limited.retryAfter,
        });
        return 'refused';
      }
      const fault = payloadFault(endpoint.requestFault, body);
      if (fault) {
        const { pointer, problem } = fault;
        limiter?.release();
        refuse(call, 'failed', {
          code: 'INVALID_REQUEST',
          reason: `the request${pointer} ${problem}`,
          pointer,
        });
        return 'refused';
      }
      if (quotas) {
        quotas.spend(now, most);
        call.reserved = most;
        call.spentAt = now;
      }
      return 'admitted';
    },
    refuseWaiting(call, entry) {
      const reason = noShareReason(site, entry.policy);
      refuse(call, 'limited', { code: 'QUOTA_EXCEEDED', reason, retryAfter: againMs });
    },
  };
}
