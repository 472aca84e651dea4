import type { LimiterPool } from '@causeway/policy';
import {
  type AuditRecord,
  type CallFields,
  type Clock,
  type ErrorCode,
  isToken,
  type Logger,
  headers as names,
  type Random,
} from '@causeway/protocol';
import { type AnswerResult, type HubClock, hasReadableHeaders, headerBlock } from '@causeway/transport';
import type { Msg, MsgHdrs } from 'nats';
import { type AdmittingEntry, entryFor, type GuardEntry, type StandingOf } from '../guard/entry.ts';
import type { Instance, Instances } from '../instances/instances.ts';
import type { Route } from '../routes/routes.ts';
import { withDeprecation } from './deprecation-header.ts';
import { createHeldReplies } from './held-replies.ts';
import { payloadFault } from './payload-fault.ts';
import { decisionOf, leaseReason, limitReason, refusalOf, sizeReason } from './reasons.ts';
import { encodeRefusal, type RefusalText, serviceError } from './refusal.ts';
import { type RequestHeaders, readRequestHeaders, traceIdOf } from './request-headers.ts';

/** What the handler needs of its surroundings; one set for each tenant. */
export interface CallSurroundings {
  readonly tenant: string;
  readonly site: string;
  readonly instances: Instances;
  readonly limiters: LimiterPool;
  /** What is known of a caller; its own server knows the site's own. */
  readonly standingOf?: StandingOf;
  readonly hub: HubClock;
  /** Milliseconds since the site last heard from the registry. */
  readonly silence: () => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** True while no record could be kept. */
  readonly recordsFull: () => boolean;
  /** Keeps a record; `stored` runs once it is in the site's stream. */
  readonly record: (record: AuditRecord, group: string, stored?: () => void) => void;
  /** Publishes into a caller's inbox. */
  readonly publish: (subject: string, body: Uint8Array, headers?: MsgHdrs) => void;
  /** Asks an instance; the callback runs once. */
  readonly ask: (
    service: string,
    subject: string,
    body: Uint8Array,
    timeoutMs: number,
    headers: MsgHdrs,
    callback: (result: AnswerResult) => void,
  ) => void;
}

/** A caller that names no deadline is given this long, in ms; nobody is given more than the second. */
const defaultTimeoutMs = 30_000;
const longestTimeoutMs = 300_000;
/** A deadline that an instance missed counts against it where it had this long, in ms. */
const fairMs = 1_000;
/** Calls that may be under way for one tenant at one gateway, and bytes of their requests. */
const maxUnderWay = 10_000;
const maxUnderWayBytes = 128 * 1024 * 1024;

/** One call on its way through the gateway. */
interface Call {
  readonly entry: GuardEntry;
  readonly fields: CallFields;
  readonly id: string;
  /** When it came: ms on the hub's clock, and ms monotonic. */
  readonly at: number;
  readonly started: number;
  readonly reply: string;
  readonly request: RequestHeaders;
  readonly requestBytes: number;
}

/** What came of asking an instance; `unsent` where it was surely not asked. */
type AskResult = AnswerResult | { readonly kind: 'unsent' };

interface Outcome {
  readonly decision: AuditRecord['decision'];
  readonly code: ErrorCode | 'OK';
  readonly reason?: string | undefined;
  readonly replyBytes: number;
  readonly instance?: string | undefined;
}

/**
 * Creates the handler of calls: admission, the instance, the reply and the record, each call in constant work
 * (docs/architecture.md, "A call, step by step").
 */
export function createCallHandler(around: CallSurroundings): (route: Route, message: Msg) => void {
  const { tenant, site, instances, limiters, hub, silence, clock, random, logger, recordsFull, record } =
    around;
  const idPrefix = Buffer.from(random.bytes(6)).toString('base64url');
  let nextId = 0;
  let underWay = 0;
  let underWayBytes = 0;
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

  /** Answers and records: the answer first, or, where a policy is strict, when the record is stored. */
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

  /** Answers with an error and records it. `truth` is the reason for the record, where it is another. */
  function refuse(call: Call, decision: AuditRecord['decision'], text: RefusalText, truth?: string): void {
    const { body, headers } = encodeRefusal(text);
    conclude(call, { decision, code: text.code, reason: truth ?? text.reason }, body, headers);
  }

  /** Checks everything that can be refused before an instance is asked. True where the call may go on. */
  function admit(call: Call, entry: AdmittingEntry, body: Uint8Array): boolean {
    const { endpoint, limiter, lease, largestRequest } = entry;
    if (silence() > lease) {
      refuse(call, 'failed', { code: 'LEASE_EXPIRED', reason: leaseReason(site, lease, entry.policy) });
      return false;
    }
    if (body.length > largestRequest.bytes) {
      const reason = sizeReason('request', body.length, largestRequest);
      refuse(call, 'failed', { code: 'PAYLOAD_TOO_LARGE', reason });
      return false;
    }
    const limited = limiter?.admit(call.started);
    if (limited) {
      refuse(call, 'limited', {
        code: limited.code,
        reason: limitReason(limited),
        retryAfter: limited.retryAfter,
      });
      return false;
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
      return false;
    }
    return true;
  }

  /** Hands an admitted call to an instance. A call that nobody took is offered once more to another. */
  function dispatch(
    call: Call,
    entry: AdmittingEntry,
    body: Uint8Array,
    deadline: number,
    retried: boolean,
  ): void {
    const instance = instances.pick(call.fields.service, call.fields.major);
    if (!instance) {
      entry.limiter?.release();
      refuse(call, 'failed', {
        code: 'NO_INSTANCE',
        reason: `no healthy instance of ${call.fields.service} v${call.fields.major} at ${site}`,
      });
      return;
    }
    const fields: [string, string][] = [
      [names.caller, entry.caller],
      [names.call, call.id],
      [names.deadline, String(Math.round(deadline))],
    ];
    if (call.request.traceparent) fields.push([names.traceparent, call.request.traceparent]);
    instance.outstanding += 1;
    underWay += 1;
    underWayBytes += body.length;
    const subject = instance.servePrefix + entry.serveSuffix;
    const settled = (result: AskResult) => {
      instance.outstanding -= 1;
      underWay -= 1;
      underWayBytes -= body.length;
      if (result.kind === 'no-responders') {
        instances.remove(instance.service, instance.id);
        if (!retried) return dispatch(call, entry, body, deadline, true);
      }
      entry.limiter?.release();
      settle(call, entry, instance, result);
    };
    try {
      around.ask(call.fields.service, subject, body, deadline - hub.now(), headerBlock(fields), settled);
    } catch (err) {
      // Thrown before anything was sent: the connection is closed for good.
      logger.warn({ err, tenant }, 'instance not asked');
      settled({ kind: 'unsent' });
    }
  }

  /** Passes on what an instance answered, or says what went wrong, and records it. */
  function settle(call: Call, entry: AdmittingEntry, instance: Instance, result: AskResult): void {
    const fail = (decision: 'allowed' | 'failed', text: RefusalText) => {
      const { body, headers } = encodeRefusal(text);
      conclude(
        call,
        { decision, code: text.code, reason: text.reason, instance: instance.id },
        body,
        headers,
      );
    };
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
        if (message.headers?.has(names.errorCode)) return fail('allowed', serviceError(message));
        if (message.data.length > entry.largestReply.bytes) {
          const reason = sizeReason('reply', message.data.length, entry.largestReply);
          return fail('allowed', { code: 'PAYLOAD_TOO_LARGE', reason });
        }
        const fault = entry.endpoint.replyFault && payloadFault(entry.endpoint.replyFault, message.data);
        if (fault) {
          const reason = `the reply${fault.pointer} of ${call.fields.service} ${fault.problem}`;
          return fail('allowed', { code: 'INVALID_REPLY', reason });
        }
        if (entry.strict && held.full) {
          // Of calls that came while there was room: their replies are as many and as large as services like.
          const reason = `${site} keeps records too slowly to hold the reply of ${call.fields.service} until its own`;
          return fail('allowed', { code: 'DEADLINE_EXCEEDED', reason });
        }
        return conclude(call, { decision: 'allowed', code: 'OK', instance: instance.id }, message.data);
      }
    }
  }

  return (route, message) => {
    const started = clock.monotonic();
    const now = hub.now();
    const entry = entryFor(
      route,
      message.subject,
      limiters,
      { monotonic: started, hub: now },
      around.standingOf,
    );
    if (!entry) {
      logger.warn(
        { tenant, fromSite: route.fromSite, service: route.service, shown: message.subject },
        'message shows a subject outside its subscription; dropped',
      );
      return;
    }
    const readable = hasReadableHeaders(message);
    const request = readRequestHeaders(readable ? message.headers : undefined);
    const reply = message.reply ?? '';
    const call: Call = {
      entry,
      fields: entry.fields,
      id: request.call ?? `${idPrefix}-${(nextId++).toString(36)}`,
      at: now,
      started,
      reply,
      request,
      requestBytes: message.data.length,
    };
    const answerable = isInboxOf(entry.inboxPrefix, reply);
    if (recordsFull() || (entry.admits && entry.strict && held.full)) {
      // Not one more record, whatever the call: this bound is the gateway's memory.
      if (!answerable) return;
      const { body, headers } = encodeRefusal({
        code: 'AUDIT_UNAVAILABLE',
        reason: `${site} cannot keep a record of the call`,
        retryAfter: 1000,
      });
      around.publish(reply, body, headers);
      return;
    }
    if (!answerable) {
      // Whoever answers publishes with his own rights: never into a subject that the caller chose (ADR 0004).
      const why = 'the reply subject is not an inbox of the caller; nothing was answered';
      // What would have been refused anyway is recorded as that: an endpoint that the caller made up is none to count.
      writeRecord(
        call,
        entry.admits
          ? { decision: 'denied', code: 'DENIED', reason: why, replyBytes: 0 }
          : {
              decision: decisionOf(entry),
              code: entry.told,
              reason: `${entry.reason}; ${why}`,
              replyBytes: 0,
            },
      );
      return;
    }
    if (!entry.admits) {
      refuse(call, decisionOf(entry), refusalOf(entry), entry.reason);
      return;
    }
    if (!readable) {
      refuse(call, 'failed', {
        code: 'INVALID_REQUEST',
        reason: 'the headers of the request cannot be read',
      });
      return;
    }
    const deadline = Math.min(request.deadline ?? now + defaultTimeoutMs, now + longestTimeoutMs);
    if (deadline + hub.slack < now) {
      refuse(call, 'failed', { code: 'DEADLINE_EXCEEDED', reason: 'the call came after its deadline' });
      return;
    }
    if (underWay >= maxUnderWay || underWayBytes + message.data.length > maxUnderWayBytes) {
      const reason = `${site} has as many calls under way as it takes`;
      refuse(call, 'failed', { code: 'OVERLOADED', reason, retryAfter: 1000 });
      return;
    }
    if (admit(call, entry, message.data)) dispatch(call, entry, message.data, deadline, false);
  };
}

/** True for `_INBOX.<fromSite>.<from>.<connection>.<token>`, the inbox of the caller in the subject. */
function isInboxOf(prefix: string, reply: string): boolean {
  if (!reply.startsWith(prefix)) return false;
  const dot = reply.indexOf('.', prefix.length);
  return dot > 0 && isToken(reply.slice(prefix.length, dot)) && isToken(reply.slice(dot + 1));
}
