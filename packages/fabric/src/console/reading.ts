import { type Delivery, parseDelivery, type StreamMessage } from '@causeway/nats-server';
import type { Clock, ConsoleReply } from '@causeway/protocol';
import { backoffDelay, hasReadableHeaders, type Msg, type NatsConnection } from '@causeway/transport';
import type { ClientPorts } from '../admin/client.ts';

/** A reading under way. */
export interface ConsoleReading {
  /**
   * Resolves when everything that was stored at its start has been read, and what comes is heard; rejects where
   * nothing can be read, or where it was stopped before.
   */
  readonly caughtUp: Promise<void>;
  /** Ends it: nothing more is called back. Resolves within a second, also while the hub or the registry is away. */
  stop(): Promise<void>;
}

/** What the registry made for a console: an ops user, whose inbox the messages come to. */
export interface Grant {
  readonly reply: ConsoleReply;
  readonly inbox: string;
  readonly connection: NatsConnection;
}

/** What is read, and where what it takes comes from. */
export interface ReadingOptions {
  readonly kind: 'audit' | 'flow';
  /** Read before anything is opened; nobody else may listen on it. */
  readonly first: Grant | undefined;
  /** Sequence in AUDIT behind which to begin; where absent, as the first grant says. */
  readonly start: number | undefined;
  /** A grant of its own for each attempt, since what was delivered once does not come again. */
  open(after: number | undefined): Promise<Grant>;
  release(grant: Grant): Promise<void>;
  onMessage(message: StreamMessage): void;
  readonly ports: ClientPorts;
}

const stopLimitMs = 1_000;
/** Heartbeats that may be missing before the consumer counts as gone. */
const patience = 2.5;
/** How long an attempt may take to open, longer each time; the first takes as long as it takes. */
const openLimits = { min: 1_000, max: 15_000 };
const retries = { min: 200, max: 5_000 };

/** Waits for something, but no longer than an end may take. */
export async function briefly(clock: Clock, ending: Promise<unknown>): Promise<void> {
  let cancel = () => {};
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(stopLimitMs, resolve);
  });
  await Promise.race([ending.catch(() => {}), limit]);
  cancel();
}

/**
 * Reads from a console's inbox until it is stopped. Once something has been heard, or there was nothing to hear, it
 * tries again after each fault, with one warning for each outage. Records go on behind the last that was heard, so
 * none is missed and none comes twice; counters come all again, as they stand.
 */
export function startReading(options: ReadingOptions): ConsoleReading {
  const { kind, open, release, onMessage, ports } = options;
  const { clock, logger, random } = ports;
  const caughtUp = Promise.withResolvers<void>();
  // Nobody need wait for it.
  caughtUp.promise.catch(() => {});
  let first = options.first;
  let position = options.start;
  let begun = false;
  let failures = 0;
  let stopped = false;
  let interrupt = () => {};

  function reached(): void {
    begun = true;
    caughtUp.resolve();
  }

  function works(): void {
    if (failures > 0) logger.info({ kind, position }, 'console goes on');
    failures = 0;
  }

  /** Waits for something or for the end, which gives undefined. */
  function unlessStopped<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      interrupt = () => resolve(undefined);
      if (stopped) interrupt();
      work.then(resolve, reject);
    });
  }

  /** Undefined where it was stopped. A request that went out as the hub's server ended is lost: ask again soon. */
  async function opened(): Promise<Grant | undefined> {
    if (first) return first;
    const opening = open(kind === 'audit' ? position : undefined);
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      if (!begun) return;
      const limit = Math.min(openLimits.max, openLimits.min * 2 ** Math.min(failures, 10));
      cancel = clock.after(limit, () => reject(new Error(`no answer to a console within ${limit} ms`)));
    });
    let grant: Grant | undefined;
    try {
      grant = await unlessStopped(Promise.race([opening, late]));
    } finally {
      cancel();
      if (!grant) void opening.then(release).catch(() => {});
    }
    return grant;
  }

  function take(message: Msg, { sequence, time, pending }: Delivery): void {
    position = sequence;
    begun = true;
    try {
      const { subject, data } = message;
      const headers = hasReadableHeaders(message) ? message.headers : undefined;
      onMessage({ subject, headers, data, sequence, time, pending });
    } finally {
      if (pending === 0) reached();
    }
  }

  /** Hears what comes until it is stopped; rejects where something has been missed, or might be. */
  function follow({ reply, inbox, connection }: Grant): Promise<void> {
    const subject = `${inbox}.${kind}`;
    return new Promise<void>((resolve, reject) => {
      let over = false;
      let delivered = 0;
      let heard = true;
      let cancelWatch = () => {};
      const end = (fault?: Error) => {
        over = true;
        cancelWatch();
        if (fault) reject(fault);
        else resolve();
      };
      interrupt = end;
      if (stopped) return end();
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (over) return;
          if (error) return end(new Error(`the hub refuses to deliver on ${subject}`, { cause: error }));
          heard = true;
          const delivery = parseDelivery(message.reply);
          if (delivery) delivered += 1;
          if ((delivery?.delivery ?? deliveredBefore(message)) !== delivered)
            return end(new Error(`a message on ${subject} was lost on its way`));
          works();
          if (delivery) take(message, delivery);
        },
      });
      // A subscription that is refused is so before this is answered.
      connection.flush().then(
        () => {
          if (over) return;
          works();
          if (reply.pending[kind] === 0) reached();
        },
        () => {},
      );
      if (reply.heartbeat !== undefined) {
        cancelWatch = clock.every(reply.heartbeat * patience, () => {
          if (!heard) end(new Error(`nothing comes on ${subject}, not even a heartbeat`));
          heard = false;
        });
      }
      void (async () => {
        for await (const { type } of connection.status())
          if (type === 'disconnect') end(new Error('the connection to the hub broke'));
        end(new Error('the connection to the hub was closed'));
      })();
    });
  }

  /** One grant from its opening to its end. */
  async function attempt(): Promise<void> {
    const grant = await opened();
    first = undefined;
    if (!grant) return;
    if (kind === 'audit') position ??= grant.reply.start;
    try {
      await follow(grant);
    } finally {
      await briefly(clock, release(grant));
    }
  }

  async function pause(): Promise<void> {
    let cancel = () => {};
    const waiting = new Promise<void>((resolve) => {
      cancel = clock.after(backoffDelay(failures, random, retries), resolve);
    });
    await unlessStopped(waiting);
    cancel();
  }

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        await attempt();
      } catch (error) {
        if (stopped) return;
        if (!begun) throw error;
        const fields = { err: error, kind, position };
        if (failures === 0) logger.warn(fields, 'console interrupted; trying again');
        else logger.debug(fields, 'console still interrupted');
        await pause();
        failures += 1;
      }
    }
  }

  const running = run().catch((error: unknown) => {
    logger.warn({ err: error, kind }, 'console cannot read');
    caughtUp.reject(error);
  });

  return {
    caughtUp: caughtUp.promise,
    async stop() {
      stopped = true;
      interrupt();
      caughtUp.reject(new Error(`reading ${kind} was stopped`));
      await briefly(clock, running);
    },
  };
}

/** What a heartbeat says of how many were delivered before it; undefined for what is none. */
function deliveredBefore(message: Msg): number | undefined {
  if (!hasReadableHeaders(message) || message.headers?.code !== 100) return undefined;
  return Number(message.headers.get('Nats-Last-Consumer'));
}
