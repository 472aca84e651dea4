import { CausewayError, type Clock, type Logger, type NoRouteReport, type Random } from '@causeway/protocol';
import { backoffDelay } from '@causeway/transport';
import type { SiteGateway } from './site-gateway.ts';
import { sleep, within } from './sleep.ts';

/** One call that reached no gateway. */
export type UnroutedCall = NoRouteReport['calls'][number];

/** Reports calls that reached nobody to the own site's gateway, which keeps the record of them. */
export interface NoRouteReporter {
  add(call: UnroutedCall): void;
  readonly waiting: number;
  /** Calls that were never reported: the buffer was full, or the gateway would not have them. */
  readonly dropped: number;
  /** Resolves when nothing is left to report, or after `ms` milliseconds. */
  flush(ms: number): Promise<void>;
  stop(): void;
}

const capacity = 10_000;
const batchSize = 256;
const gatherMs = 20;

/** Gathers for 20 ms, sends batches, and keeps what no gateway has taken: now, or when one is back. */
export function createNoRouteReporter(options: {
  readonly gateway: SiteGateway;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}): NoRouteReporter {
  const { gateway, clock, random, logger } = options;
  const stopped = new AbortController();
  const buffer: UnroutedCall[] = [];
  let sending: UnroutedCall[] = [];
  let dropped = 0;
  let running: Promise<void> | undefined;

  async function report(): Promise<void> {
    await sleep(clock, gatherMs, stopped.signal);
    for (let attempt = 0; sending.length + buffer.length > 0 && !stopped.signal.aborted; ) {
      if (sending.length === 0) sending = buffer.splice(0, batchSize);
      try {
        await gateway.tell('noroute', { calls: sending });
        sending = [];
        attempt = 0;
      } catch (thrown) {
        const error = CausewayError.from(thrown);
        if (error.code === 'INVALID_REQUEST') {
          // The same batch would be refused for ever, and keep back all that come after it.
          logger.warn(
            { err: error, calls: sending.length },
            'the gateway refused a report of unrouted calls',
          );
          dropped += sending.length;
          sending = [];
          continue;
        }
        await sleep(clock, backoffDelay(attempt, random), stopped.signal);
        attempt += 1;
      }
    }
  }

  return {
    add(call) {
      if (buffer.length >= capacity) {
        buffer.shift();
        dropped += 1;
      }
      buffer.push(call);
      running ??= report().finally(() => {
        running = undefined;
      });
    },
    get waiting() {
      return buffer.length + sending.length;
    },
    get dropped() {
      return dropped;
    },
    async flush(ms) {
      if (running) await within(clock, ms, running);
    },
    stop: () => stopped.abort(),
  };
}
