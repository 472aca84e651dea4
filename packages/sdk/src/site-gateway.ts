import {
  CausewayError,
  type Clock,
  encodeJson,
  type LeaseReply,
  type Messages,
  parseMessage,
  subjects,
} from '@causeway/protocol';
import { type HubClock, MuxError, type ReplyMux } from '@causeway/transport';
import { gatewayFault, refusalOf } from './refusal.ts';
import type { Identity } from './types.ts';

type WithTime = {
  [N in keyof Messages]: Messages[N] extends Pick<LeaseReply, 'time'> ? N : never;
}[keyof Messages];

/** The own site's gateway, as a service talks to it on `registry.<site>.<service>.<op>`. */
export interface SiteGateway {
  /** Asks, and learns the hub's time from the reply. Rejects with a CausewayError, or the signal's reason. */
  ask<N extends WithTime>(op: string, body: object, expected: N, signal?: AbortSignal): Promise<Messages[N]>;
  /** Tells, and resolves once the gateway has it. Rejects as `ask` does. */
  tell(op: string, body: object, timeoutMs?: number): Promise<void>;
}

const defaultTimeoutMs = 2_000;

/** Talks to whichever replica of the gateway answers. */
export function createSiteGateway(options: {
  readonly identity: Identity;
  readonly mux: ReplyMux;
  readonly hub: HubClock;
  readonly clock: Clock;
}): SiteGateway {
  const { mux, hub, clock, identity } = options;
  const { site, service } = identity;

  async function send(op: string, body: object, timeoutMs: number, signal?: AbortSignal) {
    const subject = subjects.registry.build({ site, service, op });
    try {
      const reply = await mux.request(subject, encodeJson(body), {
        timeoutMs,
        ...(signal ? { signal } : {}),
      });
      const refusal = refusalOf(reply);
      if (refusal) throw refusal;
      return reply;
    } catch (error) {
      throw error instanceof MuxError ? gatewayFault(error.fault, site, subject) : error;
    }
  }

  return {
    async ask(op, body, expected, signal) {
      const sentMonotonic = clock.monotonic();
      const reply = await send(op, body, defaultTimeoutMs, signal);
      const receivedMonotonic = clock.monotonic();
      const { value, fault } = parseMessage(expected, reply.data);
      if (fault) {
        const reason = `the gateway’s ${expected}${fault.pointer} ${fault.problem}`;
        throw new CausewayError('INVALID_REPLY', reason, { pointer: fault.pointer });
      }
      hub.observe({ sentMonotonic, receivedMonotonic, hubTime: value.time });
      return value;
    },
    async tell(op, body, timeoutMs = defaultTimeoutMs) {
      await send(op, body, timeoutMs);
    },
  };
}
