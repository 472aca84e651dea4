import type { Logger } from '@causeway/protocol';
import type { Msg, NatsConnection } from 'nats';

/**
 * Keeps a callback that throws from ending the connection. The client calls back from the loop that reads the
 * socket (nats.js 3.4): a throw ends that loop, and nothing is heard until the pings go stale. Headers are
 * decoded when they are first read, and malformed ones throw, so anyone who may send a message could do this.
 */
export function guardCallbacks(connection: NatsConnection, logger: Logger): void {
  const subscribe = connection.subscribe.bind(connection);
  connection.subscribe = (subject, options) => {
    const callback = options?.callback;
    if (!callback) return subscribe(subject, options);
    return subscribe(subject, {
      ...options,
      callback: (error, message) => {
        try {
          // Typed as void, but nothing keeps a callback from being async: its rejection would end the process.
          const result: unknown = callback(error, message);
          if (result instanceof Promise) result.catch(report);
        } catch (err) {
          report(err);
        }
      },
    });
  };
  function report(err: unknown): void {
    logger.error({ err }, 'the handling of a message threw; the message is dropped');
  }
}

/** False for a message whose headers are malformed: reading them would throw. */
export function hasReadableHeaders(message: Msg): boolean {
  try {
    // Decoded once and kept by the message.
    void message.headers;
    return true;
  } catch {
    return false;
  }
}
