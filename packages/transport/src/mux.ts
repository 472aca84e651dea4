import type { Clock, Random } from '@causeway/protocol';
import type { Msg, MsgHdrs } from 'nats';
import type { PlainConnection } from './movable.ts';
import { createMuxCore, MuxError, type MuxOutcome } from './mux-core.ts';

/** How one request is made. */
export interface MuxRequestOptions {
  /** Milliseconds from now. */
  readonly timeoutMs: number;
  readonly headers?: MsgHdrs;
  readonly signal?: AbortSignal;
}

/**
 * All replies of one caller over one wildcard subscription. Each request has an unguessable token of its own
 * (a counter would let whoever answered one request forge the answer to the next). The second reply to a
 * request, and one nobody waits for, are dropped. While the connection is down requests wait on until their
 * deadlines, since it reconnects; they end as `closed` only when it is closed for good.
 */
export interface ReplyMux {
  /** Replies come to `<prefix>.<token>`. */
  readonly prefix: string;
  /** Requests that wait for a reply. */
  readonly pendingCount: number;
  /**
   * Sends a request and calls back exactly once, later. `deadline` is by the monotonic clock, in
   * milliseconds. Returns the request's token. Throws, and then never calls back, what `publish` throws: for
   * a payload above the server's limit, a subject that is none, a closed connection; and a MuxError when
   * closed itself.
   */
  send(
    subject: string,
    payload: Uint8Array,
    deadline: number,
    headers: MsgHdrs | undefined,
    callback: (outcome: MuxOutcome) => void,
  ): string;
  /** Ends a request as `aborted`; false where it had ended already. */
  abort(token: string): boolean;
  /** As `send`, for a promise. Rejects with a MuxError, or with the signal's reason. */
  request(subject: string, payload: Uint8Array, options: MuxRequestOptions): Promise<Msg>;
  /** Ends as `denied` all requests on a subject that the server refused (a permission violation). */
  deny(subject: string): void;
  /**
   * Moves to another connection, and resolves when the server there knows the subscription. Requests sent
   * before go on waiting: their replies may come over either, until the old connection is closed.
   */
  rebind(connection: PlainConnection): Promise<void>;
  /** Ends all requests as `closed` and unsubscribes. The connection is its owner's to close. */
  close(): void;
}

/** What a multiplexer stands on. */
export interface ReplyMuxOptions {
  readonly connection: PlainConnection;
  /** Subject prefix of the replies, without the last dot: one that the credentials may subscribe to. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes a multiplexer and subscribes to its replies. */
export function createReplyMux(options: ReplyMuxOptions): ReplyMux {
  const { connection, prefix, clock, random } = options;
  const core = createMuxCore({ connection, pattern: `${prefix}.*`, clock, random });
  const replyPrefix = `${prefix}.`;

  const send: ReplyMux['send'] = (subject, payload, deadline, headers, callback) =>
    core.send({ subject, payload, headers, deadline, replyPrefix }, callback);

  function request(subject: string, payload: Uint8Array, opts: MuxRequestOptions): Promise<Msg> {
    const { signal, timeoutMs, headers } = opts;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => core.abort(token);
      const token = send(subject, payload, clock.monotonic() + timeoutMs, headers, (outcome) => {
        signal?.removeEventListener('abort', onAbort);
        if (typeof outcome !== 'string') resolve(outcome);
        else reject(outcome === 'aborted' && signal ? signal.reason : new MuxError(outcome, subject));
      });
      signal?.addEventListener('abort', onAbort);
    });
  }

  return {
    prefix,
    get pendingCount() {
      return core.pendingCount;
    },
    send,
    request,
    abort: core.abort,
    deny: core.deny,
    rebind: core.rebind,
    close: core.close,
  };
}
