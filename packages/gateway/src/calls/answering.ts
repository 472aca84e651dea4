import type { AuditRecord } from '@causeway/protocol';
import type { MsgHdrs } from 'nats';
import type { Call, CallSurroundings, Outcome } from './call.ts';
import { withDeprecation } from './deprecation-header.ts';
import { createHeldReplies } from './held-replies.ts';
import { encodeRefusal, type RefusalText } from './refusal.ts';
import { traceIdOf } from './request-headers.ts';

/** Answers calls, each with its record. */
export interface Answering {
  /** True while no more replies may wait for their records. */
  readonly full: boolean;
  /** Records without an answer. */
  writeRecord(call: Call, outcome: Outcome, stored?: () => void): void;
  /** Answers and records: the answer first, or, where a policy is strict, when the record is stored. */
  conclude(call: Call, outcome: Omit<Outcome, 'replyBytes'>, body: Uint8Array, headers?: MsgHdrs): void;
  /** Answers with an error and records it. `truth` is the reason for the record, where it is another. */
  refuse(call: Call, decision: AuditRecord['decision'], text: RefusalText, truth?: string): void;
}

/** Creates the answering of one tenant's calls. */
export function createAnswering(
  around: Pick<CallSurroundings, 'tenant' | 'site' | 'clock' | 'publish' | 'record'>,
): Answering {
  const { tenant, site, clock, record } = around;
  const held = createHeldReplies(around.publish);

  function writeRecord(call: Call, outcome: Outcome, stored?: () => void): void {
    const { fields, entry, request } = call;
    record(
      {
        call: call.id,
        at: Math.round(call.at),
        tenant,
        from: { site: fields.fromSite, service: fields.from },
        to: {
          service: fields.service,
          major: fields.major,
          endpoint: fields.endpoint,
          requested: fields.toSite,
        },
        site,
        decision: outcome.decision,
        policy: entry.policy,
        code: outcome.code,
        ...(outcome.reason === undefined ? {} : { reason: outcome.reason.slice(0, 1024) }),
        requestBytes: call.requestBytes,
        replyBytes: outcome.replyBytes,
        durationMicros: Math.max(0, Math.round((clock.monotonic() - call.started) * 1000)),
        ...(outcome.instance === undefined ? {} : { instance: outcome.instance }),
        ...(request.traceparent === undefined ? {} : { trace: traceIdOf(request.traceparent) }),
      },
      entry.counters,
      stored,
    );
  }

  function conclude(
    call: Call,
    outcome: Omit<Outcome, 'replyBytes'>,
    body: Uint8Array,
    headers?: MsgHdrs,
  ): void {
    const whole = { ...outcome, replyBytes: body.length };
    const told = call.entry.admits ? withDeprecation(call.entry.deprecation, headers) : headers;
    if (call.entry.admits && call.entry.strict) {
      writeRecord(call, whole, held.hold(call.reply, body, told));
      return;
    }
    around.publish(call.reply, body, told);
    writeRecord(call, whole);
  }

  function refuse(call: Call, decision: AuditRecord['decision'], text: RefusalText, truth?: string): void {
    const { body, headers } = encodeRefusal(text);
    conclude(call, { decision, code: text.code, reason: truth ?? text.reason }, body, headers);
  }

  return {
    get full() {
      return held.full;
    },
    writeRecord,
    conclude,
    refuse,
  };
}
