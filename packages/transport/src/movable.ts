import type { NatsConnection, Subscription, SubscriptionOptions } from 'nats';

/** What multiplexers, and whoever may be moved to another connection, need of one. */
export interface PlainConnection extends Pick<NatsConnection, 'publish' | 'flush' | 'isClosed' | 'closed'> {
  subscribe(subject: string, options: SubscriptionOptions): Pick<Subscription, 'unsubscribe'>;
}

/**
 * A connection whose place another can take, with all its subscriptions, while messages come and go. A subscription
 * that must hear each message once names a queue group of its own: for a moment both connections are in it.
 */
export interface MovableConnection
  extends PlainConnection,
    Pick<NatsConnection, 'drain' | 'close' | 'getServer'> {
  readonly info: NatsConnection['info'];
  /** The connection that stands behind it now. */
  readonly current: NatsConnection;
  /**
   * Subscribes everything on `next`, goes on there, and lets the old one finish. Rejects where `next` fails before it
   * knows the subscriptions: then nothing has moved, and it is closed.
   */
  moveTo(next: NatsConnection): Promise<void>;
}

interface Standing {
  readonly subject: string;
  readonly options: SubscriptionOptions;
  on: Map<NatsConnection, Subscription>;
}

/** Makes a connection movable. From then on it is its to close. */
export function createMovable(first: NatsConnection): MovableConnection {
  let current = first;
  const standing = new Set<Standing>();
  const over = Promise.withResolvers<Error | undefined>();

  function follow(connection: NatsConnection): void {
    void connection.closed().then((reason) => {
      if (connection === current) over.resolve(reason ?? undefined);
    });
  }
  follow(first);

  return {
    publish: (...message) => current.publish(...message),
    subscribe(subject, options) {
      const entry: Standing = { subject, options, on: new Map() };
      entry.on.set(current, current.subscribe(subject, options));
      standing.add(entry);
      return {
        unsubscribe() {
          standing.delete(entry);
          for (const [connection, subscription] of entry.on) {
            if (!connection.isClosed()) subscription.unsubscribe();
          }
        },
      };
    },
    flush: () => current.flush(),
    drain: () => current.drain(),
    close: () => current.close(),
    closed: () => over.promise,
    isClosed: () => current.isClosed(),
    getServer: () => current.getServer(),
    get info() {
      return current.info;
    },
    get current() {
      return current;
    },
    async moveTo(next) {
      const old = current;
      try {
        for (const { subject, options, on } of standing) on.set(next, next.subscribe(subject, options));
        await next.flush();
        if (old.isClosed()) throw new Error('the connection was closed meanwhile');
      } catch (error) {
        for (const { on } of standing) on.delete(next);
        await next.close();
        throw error;
      }
      // Those made meanwhile are on the old one alone.
      for (const { subject, options, on } of standing) {
        if (!on.has(next)) on.set(next, next.subscribe(subject, options));
      }
      current = next;
      follow(next);
      await next.flush();
      for (const { on } of standing) on.delete(old);
      // What the server handed over to it by then is still heard.
      await old.drain();
    },
  };
}
