import { type Clock, hasReadableHeaders, type Logger } from '@causeway/protocol';
import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from 'nats';
import { type Delivery, parseDelivery } from './delivery.ts';
import { createIntake } from './intake.ts';
import { consumerReset, inboxPrefixOf } from './reset.ts';

/** One message of a stream. */
export interface StreamMessage {
  /** The subject it was stored under. */
  readonly subject: string;
  /** Undefined also where they cannot be read (`hasReadableHeaders`). */
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
  /** Sequence in the stream. */
  readonly sequence: number;
  /** When it was stored, ms since the epoch on that server's clock. */
  readonly time: number;
  /** How many more were waiting behind it when it was sent: 0 is the last for now. */
  readonly pending: number;
}

/** What to read, and what to do with it. */
export interface ReadOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** A pull consumer made for this reader alone (`readerConsumer`). */
  readonly consumer: string;
  readonly clock: Clock;
  /** Whoever owns the stream decides how much is written here; where that is another site, it has a limited rate. */
  readonly log: Logger;
  /** Called for one message at a time, in order. Where it throws, the same message comes again, after a while. */
  onMessage(message: StreamMessage): void | Promise<void>;
  /**
   * Called where the stream turns out to be another than before, made anew: everything comes again from its
   * start, and what the reader knew is void. The reader waits for it.
   */
  onAnew?: () => void | Promise<void>;
  /** First sequence to read. Default 1: all that is stored. */
  readonly from?: number;
  /** `created()` of the reading that `from` comes from; where the stream is another by now, all of it is read. */
  readonly created?: string;
  /** Prefix of the JetStream API: another domain's (`apiPrefixOf`). Default `$JS.API`. */
  readonly apiPrefix?: string;
  /** How many messages to ask for at a time. Default 256. */
  readonly batch?: number;
  /** Milliseconds between signs of life while there is nothing to read; two missed ones are a fault. Default 1 000. */
  readonly heartbeat?: number;
  /** What the subjects of the replies begin with. Default: the connection's own `inboxPrefix`. */
  readonly inboxPrefix?: string;
}

/** A reader at work. */
export interface StreamReader {
  /** Resolves once everything that was stored at the start has been handled; rejects where it was stopped before. */
  readonly caughtUp: Promise<void>;
  /** The last sequence that was handled; 0 before the first. */
  position(): number;
  /** When the consumer that is read was made: another stream has another. Undefined before the first answer. */
  created(): string | undefined;
  /** Ends it; resolves when the message in hand, if any, has been handled. */
  stop(): Promise<void>;
}

const nanosPerMilli = 1_000_000;
const expires = 30_000;
const maxDelay = 2_000;
const lost = 'a message went to a reader that is no more';
/** What is asked for at a time, in bytes of messages. */
const pullBytes = 4 * 1024 * 1024;
/** What may wait to be handled: a request's worth, and as much again of one from before a RESET. */
const roomBytes = 2 * pullBytes;

/**
 * Reads a stream from its start, and then on as messages come, for ever: through cut connections, restarts of
 * the server and streams made anew, without a loss and in order.
 *
 * Every interruption is mended the same way: a RESET to the message after the last one handled. RESET starts
 * the consumer's own sequence at 1, so a message that did not arrive shows as a gap in it, at the next message
 * or at the next heartbeat, which says what was delivered last. That this happens is ordinary: where leaf nodes
 * are enabled, the server hands messages to the pull request of a reader that went away less than 2 s ago.
 *
 * Whoever owns the stream, or only the link to it, may send whatever he likes to the reader's inbox. What he sends
 * beyond what was asked for has no room: the reader then stops listening, and begins again after a while. So its
 * memory is bounded, whatever comes.
 *
 * Needs no other rights than `$JS.API.CONSUMER.RESET.<stream>.<consumer>`,
 * `$JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>` and its own inbox.
 */
export function readFromStart(options: ReadOptions): StreamReader {
  const { connection, stream, consumer, clock } = options;
  const log = options.log.child({ stream, consumer });
  const batch = options.batch ?? 256;
  const heartbeat = options.heartbeat ?? 1_000;
  const start = options.from ?? 1;
  const inbox = createInbox(options.inboxPrefix ?? inboxPrefixOf(connection));
  const apiPrefix = options.apiPrefix ?? '$JS.API';
  const next = `${apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
  const pull = JSON.stringify({
    batch,
    max_bytes: pullBytes,
    expires: expires * nanosPerMilli,
    idle_heartbeat: heartbeat * nanosPerMilli,
  });

  let position = start - 1;
  let created: string | undefined = options.created;
  let failures = 0;
  let stopped = false;
  const queue = createIntake({ messages: 2 * batch, bytes: roomBytes });
  let subscription: Subscription | undefined;
  /** True during a round: what comes between two of them comes again. */
  let listening = false;
  /** How many messages the pull request under way still has to give; it lives on over a RESET. */
  let wanted = 0;
  let pulls = 0;
  let fault: Error | undefined;
  let wake = () => {};
  let hurry = () => {};
  let cancelWatch = () => {};
  const caughtUp = Promise.withResolvers<void>();
  // Nobody need wait for it.
  caughtUp.promise.catch(() => {});

  function interrupt(error: Error): void {
    fault ??= error;
    wake();
  }

  function watch(): void {
    cancelWatch();
    if (wanted === 0) return;
    cancelWatch = clock.after(heartbeat * 2.5 + 500, () => {
      wanted = 0;
      interrupt(new Error('the server has gone silent'));
    });
  }

  function ask(): void {
    pulls += 1;
    wanted = batch;
    connection.publish(next, pull, { reply: `${inbox}.${pulls}` });
    watch();
  }

  function listen(): void {
    listening = true;
    queue.clear();
    subscription ??= connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error) return interrupt(error);
        if (!message.subject.startsWith(inbox)) wanted = Math.max(0, wanted - 1);
        watch();
        if (!listening) return;
        if (!queue.put(message)) {
          silence();
          return interrupt(new Error('more came than was asked for'));
        }
        wake();
      },
    });
  }

  /** Hears nothing more, so that the server has nothing to send; what was under way is asked for anew. */
  function silence(): void {
    cancelWatch();
    wanted = 0;
    queue.clear();
    if (!connection.isClosed()) subscription?.unsubscribe();
    subscription = undefined;
  }

  /** What the server says instead of a message; `delivered` is how many came since the RESET. */
  function status(message: Msg, delivered: number): void {
    const headers = hasReadableHeaders(message) ? message.headers : undefined;
    const { code = 0, description = '' } = headers ?? {};
    if (code === 100) {
      if (Number(headers?.get('Nats-Last-Consumer')) !== delivered) throw new Error(lost);
      failures = 0;
      // Nothing waits, even where the last message that was pending has been purged meanwhile.
      caughtUp.resolve();
    } else if (message.subject === `${inbox}.${pulls}`) {
      // The next message would be one byte too many: it comes with the next request, if this one brought any.
      const full = code === 409 && /exceeds maxbytes/i.test(description) && wanted < batch;
      wanted = 0;
      if (code !== 404 && code !== 408 && !full) throw new Error(`the server says ${code} ${description}`);
    }
  }

  async function handle(message: Msg, delivery: Delivery): Promise<void> {
    const readable = hasReadableHeaders(message);
    if (!readable) {
      const { subject } = message;
      log.warn(
        { subject, sequence: delivery.sequence },
        'headers of a message cannot be read; it is without any',
      );
    }
    await options.onMessage({
      subject: message.subject,
      headers: readable ? message.headers : undefined,
      data: message.data,
      sequence: delivery.sequence,
      time: delivery.time,
      pending: delivery.pending,
    });
    position = delivery.sequence;
    failures = 0;
    if (delivery.pending === 0) caughtUp.resolve();
  }

  /** Sets the consumer to where this reader goes on. */
  async function rewind(): Promise<void> {
    // Where there is no such consumer (yet) nobody answers: wait for it little at first.
    const patience = Math.min(5_000, 500 * 2 ** Math.min(failures, 4));
    let reply = await consumerReset(connection, stream, consumer, position + 1, {
      timeout: patience,
      apiPrefix,
    });
    if (created !== undefined && reply.created !== created) {
      log.warn(
        { created: reply.created, before: created },
        'stream was made anew; reading it from its start',
      );
      position = 0;
      await options.onAnew?.();
      reply = await consumerReset(connection, stream, consumer, 1, {
        timeout: patience,
        apiPrefix,
      });
    }
    created = reply.created;
    // Where something has been delivered already, by itself or to a reader that went away, this says nothing.
    if (reply.pending === 0 && reply.delivered === 0) caughtUp.resolve();
  }

  /** Resolves when something happens: a message, a fault, the end. */
  function something(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  async function round(): Promise<void> {
    fault = undefined;
    listen();
    let delivered = 0;
    // A request that was on its way when the connection broke is not waited for.
    const rewound = rewind();
    let done = false;
    void rewound.then(
      () => {
        done = true;
        wake();
      },
      (error: Error) => interrupt(error),
    );
    while (!done && !fault && !stopped) await something();
    while (!stopped) {
      if (fault) throw fault;
      const message = queue.take();
      if (message === undefined) {
        if (wanted === 0) ask();
        await something();
        continue;
      }
      if (message.subject.startsWith(inbox)) {
        status(message, delivered);
        continue;
      }
      const delivery = parseDelivery(message.reply);
      // What was on its way when the RESET came is not counted: it comes again.
      if (delivery === undefined || delivery.sequence <= position) continue;
      delivered += 1;
      if (delivery.delivery !== delivered) throw new Error(lost);
      await handle(message, delivery);
    }
  }

  /** Waits before the next round; a new connection, or the end, cuts it short. */
  function pause(): Promise<void> {
    const delay = Math.min(maxDelay, 50 * 2 ** Math.min(failures, 10));
    failures += 1;
    return new Promise((resolve) => {
      const cancel = clock.after(delay, resolve);
      hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    while (!stopped && !connection.isClosed()) {
      try {
        await round();
      } catch (error) {
        if (stopped || connection.isClosed()) break;
        log.debug({ err: error, position }, 'reading a stream was interrupted');
        listening = false;
        queue.clear();
        await pause();
      }
    }
    silence();
    caughtUp.reject(new Error(`reading ${stream} was stopped`));
  }

  function end(): void {
    stopped = true;
    hurry();
    wake();
  }

  async function followConnection(): Promise<void> {
    for await (const { type } of connection.status()) {
      if (stopped) return;
      if (type === 'reconnect') {
        failures = 0;
        wanted = 0;
        interrupt(new Error('the connection was made anew'));
        hurry();
      }
    }
  }

  const running = run();
  void followConnection();
  void connection.closed().then(end);
  return {
    caughtUp: caughtUp.promise,
    position: () => position,
    created: () => created,
    async stop() {
      end();
      await running;
    },
  };
}
