import { headers as names } from '@causeway/protocol';
import type { Msg } from 'nats';
import type { AdmittingEntry } from '../guard/entry.ts';
import type { Instance } from '../instances/instances.ts';
import type { Answering } from './answering.ts';
import type { AskResult, Call, CallSurroundings } from './call.ts';
import { payloadFault } from './payload-fault.ts';
import { sizeReason } from './reasons.ts';
import { encodeRefusal, type RefusalText, serviceError } from './refusal.ts';

/** A deadline that an instance missed counts against it where it had this long, in ms. */
const fairMs = 1_000;

/** Gives back what was taken of quotas for a call that no instance was asked to answer. */
export function refundAll(call: Call, { quotas }: AdmittingEntry): void {
  quotas?.refund(call.spentAt, 1, call.reserved);
}

/** What ends a call that an instance was asked to answer: passes the answer on, or says what went wrong. */
export type Settle = (call: Call, entry: AdmittingEntry, instance: Instance, result: AskResult) => void;

/** Creates it for one tenant's calls. */
export function createSettling(
  around: Pick<CallSurroundings, 'site' | 'instances' | 'clock'>,
  answering: Pick<Answering, 'conclude' | 'full'>,
): Settle {
  const { site, instances, clock } = around;
  const { conclude } = answering;

  /** Counts the reply, as far as it was passed on, and gives back what the call did not use. */
  function count(call: Call, { limiter, quotas }: AdmittingEntry, replyBytes: number): void {
    if (limiter?.countsBytes) limiter.replied(replyBytes, clock.monotonic());
    quotas?.refund(call.spentAt, 0, call.reserved - call.requestBytes - replyBytes);
  }

  /** Why an answer is not passed on; undefined where it is. */
  function faultOf(call: Call, entry: AdmittingEntry, message: Msg): RefusalText | undefined {
    const { service } = call.fields;
    if (message.headers?.has(names.errorCode)) return serviceError(message);
    if (message.data.length > entry.largestReply.bytes) {
      const reason = sizeReason('reply', message.data.length, entry.largestReply);
      return { code: 'PAYLOAD_TOO_LARGE', reason };
    }
    const fault = entry.endpoint.replyFault && payloadFault(entry.endpoint.replyFault, message.data);
    if (fault) {
      return { code: 'INVALID_REPLY', reason: `the reply${fault.pointer} of ${service} ${fault.problem}` };
    }
    if (!entry.strict || !answering.full) return undefined;
    // Of calls that came while there was room: their replies are as many and as large as services like.
    const reason = `${site} keeps records too slowly to hold the reply of ${service} until its own`;
    return { code: 'DEADLINE_EXCEEDED', reason };
  }

  return (call, entry, instance, result) => {
    const fail = (decision: 'allowed' | 'failed', text: RefusalText) => {
      const { body, headers } = encodeRefusal(text);
      conclude(
        call,
        { decision, code: text.code, reason: text.reason, instance: instance.id },
        body,
        headers,
      );
    };
    if (result.kind === 'no-responders' || result.kind === 'unsent') refundAll(call, entry);
    else if (result.kind !== 'reply') count(call, entry, 0);
    switch (result.kind) {
      case 'no-responders':
        return fail('failed', { code: 'NO_INSTANCE', reason: `${call.fields.service} is gone from ${site}` });
      case 'unsent':
        return fail('failed', { code: 'UNREACHABLE', reason: `the gateway of ${site} is closing` });
      case 'closed':
        // The instance was asked, so this must not be a code after which any call may be repeated.
        return fail('allowed', {
          code: 'DEADLINE_EXCEEDED',
          reason: `the gateway of ${site} closed before ${call.fields.service} answered`,
        });
      case 'aborted':
      case 'timeout':
        // A caller with no patience must not put an instance out for everyone.
        if (clock.monotonic() - call.started >= fairMs) {
          instances.missedDeadline(instance, call.started);
        }
        return fail('allowed', {
          code: 'DEADLINE_EXCEEDED',
          reason: `${call.fields.service} did not answer in time`,
        });
      case 'reply': {
        instances.answered(instance);
        const { message } = result;
        const fault = faultOf(call, entry, message);
        count(call, entry, fault ? 0 : message.data.length);
        if (fault) return fail('allowed', fault);
        return conclude(call, { decision: 'allowed', code: 'OK', instance: instance.id }, message.data);
      }
    }
  };
}
