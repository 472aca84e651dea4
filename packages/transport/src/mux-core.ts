import { type Clock, hasReadableHeaders, type Random } from '@causeway/protocol';
import type { Msg, MsgHdrs, Subscription } from 'nats';
import type { PlainConnection } from './movable.ts';
import { createDeadlineSweep, type Expiring } from './sweep.ts';
import { createTokens } from './tokens.ts';

/**
 * Why a request has no reply: nobody listens (the server's own 503), its deadline passed, its sender gave it
 * up, the server refused the subject for want of permission, or the multiplexer or its connection was closed.
 */
export type MuxFault = 'no-responders' | 'timeout' | 'aborted' | 'denied' | 'closed';

/** A reply, or why there is none. */
export type MuxOutcome = Msg | MuxFault;

/** Rejection of a request that got no reply. */
export class MuxError extends Error {
  override readonly name = 'MuxError';
  readonly fault: MuxFault;
  readonly subject: string;

  constructor(fault: MuxFault, subject: string) {
    super(`${fault} on ${subject}`);
    this.fault = fault;
    this.subject = subject;
  }
}

/** One request to send. */
export interface MuxRequest {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** By the monotonic clock, in milliseconds. */
  readonly deadline: number;
  /** Prefix of the reply's subject, with its last dot. */
  readonly replyPrefix: string;
}

/** What the reply and the answer multiplexer have in common. */
export interface MuxCore {
  readonly pendingCount: number;
  send(request: MuxRequest, callback: (outcome: MuxOutcome) => void): string;
  abort(token: string): boolean;
  deny(subject: string): void;
  rebind(connection: PlainConnection): Promise<void>;
  close(): void;
}

interface Pending extends Expiring {
  readonly token: string;
  readonly subject: string;
  readonly reply: string;
  readonly callback: (outcome: MuxOutcome) => void;
}

/** Listens on `pattern`, whose last token is each request's own. */
export function createMuxCore(options: {
  readonly connection: PlainConnection;
  readonly pattern: string;
  readonly clock: Clock;
  readonly random: Random;
}): MuxCore {
  const { pattern } = options;
  const nextToken = createTokens(options.random);
  const pending = new Map<string, Pending>();
  const sweep = createDeadlineSweep<Pending>(options.clock, (entry) => settle(entry, 'timeout'));
  const subscriptions = new Map<PlainConnection, Pick<Subscription, 'unsubscribe'>>();
  let connection = options.connection;
  let closed = false;

  function settle(entry: Pending, outcome: MuxOutcome): void {
    pending.delete(entry.token);
    sweep.remove(entry);
    try {
      entry.callback(outcome);
    } catch (error) {
      // One bad callback must not keep the others from being called, nor end the connection's reader.
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }

  function onReply(error: Error | null, message: Msg): void {
    if (error) return;
    const { subject } = message;
    const entry = pending.get(subject.slice(subject.lastIndexOf('.') + 1));
    // The whole subject counts, not the token alone: it says who may have answered.
    if (entry?.reply !== subject) return;
    if (!hasReadableHeaders(message)) return;
    const refused = message.data.length === 0 && message.headers?.code === 503;
    settle(entry, refused ? 'no-responders' : message);
  }

  function bind(to: PlainConnection): void {
    subscriptions.set(to, to.subscribe(pattern, { callback: onReply }));
    void to.closed().then(() => {
      subscriptions.delete(to);
      if (to === connection) endAll('closed');
    });
  }

  function endAll(fault: MuxFault, subject?: string): void {
    for (const entry of [...pending.values()]) {
      if (subject === undefined || entry.subject === subject) settle(entry, fault);
    }
  }

  bind(connection);
  return {
    get pendingCount() {
      return pending.size;
    },
    send({ subject, payload, headers, deadline, replyPrefix }, callback) {
      if (closed) throw new MuxError('closed', subject);
      const token = nextToken();
      const reply = replyPrefix + token;
      connection.publish(subject, payload, headers ? { reply, headers } : { reply });
      const entry: Pending = {
        token,
        subject,
        reply,
        callback,
        deadline,
        previous: undefined,
        next: undefined,
        bucket: -1,
      };
      pending.set(token, entry);
      sweep.add(entry);
      return token;
    },
    abort(token) {
      const entry = pending.get(token);
      if (entry) settle(entry, 'aborted');
      return entry !== undefined;
    },
    deny: (subject) => endAll('denied', subject),
    async rebind(to) {
      if (closed) throw new MuxError('closed', pattern);
      if (!subscriptions.has(to)) bind(to);
      await to.flush();
      if (!closed) connection = to;
    },
    close() {
      if (closed) return;
      closed = true;
      endAll('closed');
      sweep.clear();
      for (const [on, subscription] of subscriptions) if (!on.isClosed()) subscription.unsubscribe();
      subscriptions.clear();
    },
  };
}
