import { hasModestHeaders, type Logger } from '@causeway/protocol';
import type { Msg, NatsConnection } from 'nats';

/**
 * Keeps what others send from ending or stopping the connection. The client calls back from the loop that reads the
 * socket (nats.js 3.4): a throw ends that loop, and nothing is heard until the pings go stale. Headers are decoded
 * when they are first read: malformed ones throw, and very many stop the process, so anyone who may send a message
 * could do either. Here a callback that throws loses its message, no more, and headers that would take long to read
 * throw at once instead, as malformed ones do.
 *
 * The client's own `request` listens past this guard, unless it is told `noMux`: for requests whose answers come from
 * another site there are the multiplexers and `noMux`.
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
          if (!error && !hasModestHeaders(message)) seal(message);
          // Typed as void, but nothing keeps a callback from being async: its rejection would end the process.
          const result: unknown = callback(error, message);
          if (result instanceof Promise) result.catch(report);
        } catch (err) {
          report(err);
        }
      },
    });
  };
  let dropped = 0;
  /** Whoever sends decides how often: of the first, the second, the fourth, the eighth … it is told. */
  function report(err: unknown): void {
    dropped += 1;
    if (!Number.isInteger(Math.log2(dropped))) return;
    logger.error({ err, dropped }, 'the handling of a message threw; the message is dropped');
  }
}

/** From now on reading the headers throws. */
function seal(message: Msg): void {
  Object.defineProperty(message, 'headers', {
    get() {
      throw new RangeError(`the headers of a message on ${message.subject} are too many to be read`);
    },
  });
}
