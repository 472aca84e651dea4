import type { Random } from '@causeway/protocol';
import type { ConnectionOptions } from 'nats';
import { backoffDelay } from './backoff.ts';

/** How a connection comes back. */
export interface Reconnecting {
  /** For the client; for one connection alone. */
  readonly options: Required<
    Pick<
      ConnectionOptions,
      'maxReconnectAttempts' | 'ignoreAuthErrorAbort' | 'reconnectDelayHandler' | 'reconnectToServer'
    >
  >;
  /** It is connected: the next waits begin small again. */
  connected(): void;
}

/** By so little that a server which was away for a moment is not waited for as long again. */
const bounds = { min: 50, max: 2_000, growth: 1.25 };

/**
 * Reconnecting for ever, also after a refusal, since credentials may be granted again; waits grow from 50 ms to 2 s,
 * within some ten seconds; the upper half of each is jitter.
 */
export function createReconnecting(random: Random): Reconnecting {
  let attempt = 0;
  let delay = 0;
  return {
    options: {
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectDelayHandler: () => delay,
      // Called exactly once for each dial, unlike the handler of the delay: so the waits grow here.
      reconnectToServer: () => {
        delay = backoffDelay(attempt, random, bounds);
        attempt += 1;
        return null;
      },
    },
    connected() {
      attempt = 0;
    },
  };
}
