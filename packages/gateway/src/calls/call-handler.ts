import { isToken, headers as names, subjects } from '@causeway/protocol';
import { hasReadableHeaders, headerBlock } from '@causeway/transport';
import type { Msg } from 'nats';
import { type AdmittingEntry, entryFor } from '../guard/entry.ts';
import type { Route } from '../routes/routes.ts';
import { createGate } from './admission.ts';
import { createAnswering } from './answering.ts';
import type { AskResult, Call, CallSurroundings } from './call.ts';
import { decisionOf, refusalOf } from './reasons.ts';
import { encodeRefusal } from './refusal.ts';
import { readRequestHeaders } from './request-headers.ts';
import { createSettling, refundAll } from './settling.ts';

/** A caller that names no deadline is given this long, in ms; nobody is given more than the second. */
const defaultTimeoutMs = 30_000;
const longestTimeoutMs = 300_000;
/** Calls that may be under way for one tenant at one gateway, and bytes of their requests. */
const maxUnderWay = 10_000;
const maxUnderWayBytes = 128 * 1024 * 1024;
/** A call waits at most this long for shares of its caller's quotas, in ms. */
const longestWaitMs = 2_000;

/**
 * Creates the handler of calls: admission, the instance, the reply and the record, each call in constant work
 * (docs/architecture.md, "A call, step by step").
 */
export function createCallHandler(around: CallSurroundings): (current: () => Route, message: Msg) => void {
  const { tenant, site, instances, limiters, quotas, hub, clock, random, logger, recordsFull } = around;
  const meters = { limiters, quotas };
  const idPrefix = Buffer.from(random.bytes(6)).toString('base64url');
  let nextId = 0;
  let underWay = 0;
  let underWayBytes = 0;
  const answering = createAnswering(around);
  const { refuse, writeRecord } = answering;
  const gate = createGate(around, answering);
  const settle = createSettling(around, answering);

  /** Refuses a call, has it wait for a share of its caller's quotas, or hands it to an instance. */
  function proceed(
    call: Call,
    entry: AdmittingEntry,
    body: Uint8Array,
    deadline: number,
    current: () => Route,
  ): void {
    const admission = gate.admit(call, entry, body);
    if (admission === 'admitted') dispatch(call, entry, body, deadline, false);
    else if (admission === 'waits') holdBack(call, entry, body, deadline, current);
  }

  function refuseLate(call: Call, reason: string): void {
    refuse(call, 'failed', { code: 'DEADLINE_EXCEEDED', reason });
  }

  function holdBack(
    call: Call,
    entry: AdmittingEntry,
    body: Uint8Array,
    deadline: number,
    current: () => Route,
  ): void {
    const longest = longestWaitMs - (clock.monotonic() - call.started);
    const wait = Math.min(longest, deadline - hub.now());
    if (!entry.quotas || wait <= 0) {
      gate.refuseWaiting(call, entry);
      return;
    }
    // What came from the connection is a view of all that was read with it, and would keep that.
    const held = new Uint8Array(body);
    underWay += 1;
    underWayBytes += held.length;
    quotas.wait(entry.quotas, wait, () => {
      underWay -= 1;
      underWayBytes -= held.length;
      if (deadline + hub.slack < hub.now()) {
        refuseLate(call, 'its deadline passed before a share of a quota came');
        return;
      }
      // By what is in force now: what was when it came may have been taken back, and said to be gone.
      const times = { monotonic: clock.monotonic(), hub: hub.now() };
      const subject = subjects.call.build(call.fields);
      const next = entryFor(current(), subject, meters, times, around.standingOf) ?? entry;
      const again: Call = { ...call, entry: next };
      if (next.admits) proceed(again, next, held, deadline, current);
      else refuse(again, decisionOf(next), refusalOf(next), next.reason);
    });
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
      refundAll(call, entry);
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

  return (current, message) => {
    const route = current();
    const started = clock.monotonic();
    const now = hub.now();
    const times = { monotonic: started, hub: now };
    const entry = entryFor(route, message.subject, meters, times, around.standingOf);
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
      reserved: 0,
      spentAt: 0,
    };
    const answerable = isInboxOf(entry.inboxPrefix, reply);
    if (recordsFull() || (entry.admits && entry.strict && answering.full)) {
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
      refuseLate(call, 'the call came after its deadline');
      return;
    }
    if (underWay >= maxUnderWay || underWayBytes + message.data.length > maxUnderWayBytes) {
      const reason = `${site} has as many calls under way as it takes`;
      refuse(call, 'failed', { code: 'OVERLOADED', reason, retryAfter: 1000 });
      return;
    }
    proceed(call, entry, message.data, deadline, current);
  };
}

/** True for `_INBOX.<fromSite>.<from>.<connection>.<token>`, the inbox of the caller in the subject. */
function isInboxOf(prefix: string, reply: string): boolean {
  if (!reply.startsWith(prefix)) return false;
  const dot = reply.indexOf('.', prefix.length);
  return dot > 0 && isToken(reply.slice(prefix.length, dot)) && isToken(reply.slice(dot + 1));
}
