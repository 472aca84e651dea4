import { type Clock, type Random, subjects } from '@causeway/protocol';
import type { Msg, MsgHdrs } from 'nats';
import type { PlainConnection } from './movable.ts';
import { createMuxCore, type MuxFault } from './mux-core.ts';

/** What an instance answered, or why there is no answer. */
export type AnswerResult =
  | { readonly kind: 'reply'; readonly message: Msg }
  | { readonly kind: Exclude<MuxFault, 'denied'> };

/** One question to an instance of a service. */
export interface AnswerRequest {
  /** The service asked: only an answer under its own name counts. */
  readonly service: string;
  readonly subject: string;
  readonly body: Uint8Array;
  /** Milliseconds from now. */
  readonly timeoutMs: number;
  readonly headers: MsgHdrs;
}

/**
 * The gateway's multiplexer: as `ReplyMux`, but answers come to `answer.<site>.<service>.<gateway>.<token>`,
 * so that the server lets a service answer under its own name alone.
 */
export interface AnswerMux {
  readonly pendingCount: number;
  /** Sends and calls back exactly once, later. Throws, and then never calls back, what `ReplyMux.send` throws. */
  ask(request: AnswerRequest, callback: (result: AnswerResult) => void): void;
  /** As `ReplyMux.rebind`. */
  rebind(connection: PlainConnection): Promise<void>;
  /** Ends all questions as `closed` and unsubscribes. */
  close(): void;
}

/** Makes the multiplexer of one gateway replica for one tenant, and subscribes to its answers. */
export function createAnswerMux(options: {
  readonly site: string;
  readonly gateway: string;
  readonly connection: PlainConnection;
  readonly clock: Clock;
  readonly random: Random;
}): AnswerMux {
  const { site, gateway, connection, clock, random } = options;
  const pattern = subjects.answer.pattern({ site, gateway });
  const core = createMuxCore({ connection, pattern, clock, random });
  const prefixes = new Map<string, string>();

  function prefixOf(service: string): string {
    let prefix = prefixes.get(service);
    if (prefix === undefined) {
      prefix = subjects.answer.build({ site, service, gateway, token: 'x' }).slice(0, -1);
      prefixes.set(service, prefix);
    }
    return prefix;
  }

  return {
    get pendingCount() {
      return core.pendingCount;
    },
    ask({ service, subject, body, timeoutMs, headers }, callback) {
      const deadline = clock.monotonic() + timeoutMs;
      const replyPrefix = prefixOf(service);
      core.send({ subject, payload: body, headers, deadline, replyPrefix }, (outcome) => {
        if (typeof outcome !== 'string') callback({ kind: 'reply', message: outcome });
        else callback({ kind: outcome === 'denied' ? 'no-responders' : outcome });
      });
    },
    rebind: core.rebind,
    close: core.close,
  };
}
