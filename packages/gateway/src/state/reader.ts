import { readFromStart } from '@causeway/nats-server';
import { type Clock, decodeJson, type Logger } from '@causeway/protocol';
import type { NatsConnection } from 'nats';
import type { SiteState } from './site-state.ts';

/**
 * Feeds a site's part of the bucket `compiled` into its state: all that stands, then each change as it comes.
 * `caughtUp` resolves when all that stood has been applied.
 */
export function readCompiled(options: {
  connection: NatsConnection;
  site: string;
  stream: string;
  consumer: string;
  state: SiteState;
  /** Told where the stream was made anew, once the state knows. */
  onAnew: () => void;
  clock: Clock;
  logger: Logger;
}): { caughtUp: Promise<void>; close(): Promise<void> } {
  const { connection, site, stream, consumer, state, onAnew, clock, logger } = options;
  const prefix = `$KV.compiled.${site}.`;
  const reading = readFromStart({
    connection,
    stream,
    consumer,
    clock,
    log: logger,
    onAnew: () => {
      state.restart();
      onAnew();
    },
    onMessage: ({ subject, data, headers }) => {
      if (!subject.startsWith(prefix)) return;
      const key = subject.slice(prefix.length);
      const gone = headers?.has('KV-Operation') === true || headers?.has('Nats-Marker-Reason') === true;
      try {
        state.apply(key, gone ? undefined : decodeJson(data));
      } catch (err) {
        logger.error({ err, key }, 'compiled entry could not be applied');
      }
    },
  });
  return { caughtUp: reading.caughtUp, close: () => reading.stop() };
}
