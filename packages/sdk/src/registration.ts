import {
  CausewayError,
  type Clock,
  createHandshake,
  type LeaseReply,
  type Logger,
  type Manifest,
  type Random,
} from '@causeway/protocol';
import { backoffDelay } from '@causeway/transport';
import type { Link } from './link.ts';
import type { SiteGateway } from './site-gateway.ts';
import { sleep, within } from './sleep.ts';

/** One instance's lease at its site's gateway. */
export interface Registration {
  /** Resolves with the first lease; rejects where the gateway refuses for good. */
  readonly registered: Promise<void>;
  /** True while the last request for the lease was granted. */
  readonly active: boolean;
  /** Gives the lease back, as far as a gateway is there to take it, and ends the renewals. */
  withdraw(): Promise<void>;
}

const withdrawMs = 1_000;
const healthMs = 1_000;
const shortestRenewalMs = 100;

/**
 * Registers, and renews at a third of the lease. While no gateway answers it tries again, by growing steps; a
 * gateway that does not know the instance (it started anew) is registered with again; after a reconnect it
 * renews at once, or registers where its credentials had been refused.
 */
export function createRegistration(options: {
  readonly gateway: SiteGateway;
  readonly manifest: Manifest;
  readonly instance: string;
  /** Asked before each renewal; false, a throw or no answer within a second count as unhealthy. */
  readonly health: (() => boolean | Promise<boolean>) | undefined;
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}): Registration {
  const { gateway, manifest, instance, link, clock, random, logger } = options;
  const stopped = new AbortController();
  const handshake = createHandshake();
  let woken = new AbortController();
  let known = false;
  let active = false;
  let settled = false;
  let succeed = () => {};
  let fail = (_error: CausewayError) => {};
  const registered = new Promise<void>((resolve, reject) => {
    succeed = resolve;
    fail = reject;
  });
  // What was sent before the cut is lost, so an attempt under way ends too.
  const offReconnect = link.onReconnect((refused) => {
    // Who was let in again may have been made anew, and then hosts nothing until it registers.
    if (refused) known = false;
    woken.abort();
  });

  async function healthy(): Promise<boolean> {
    let answer = false;
    const asked = (async () => {
      answer = options.health ? await options.health() : true;
    })();
    await within(clock, healthMs, asked);
    return answer;
  }

  async function attempt(signal: AbortSignal): Promise<LeaseReply> {
    if (!known) {
      return handshake.speak((protocol) =>
        gateway.ask('register', { protocol, instance, apis: [manifest] }, 'LeaseReply', signal),
      );
    }
    return gateway.ask('renew', { instance, healthy: await healthy() }, 'LeaseReply', signal);
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopped.signal.aborted) {
      woken = new AbortController();
      const signal = AbortSignal.any([woken.signal, stopped.signal]);
      let wait: number;
      try {
        const { lease } = await attempt(signal);
        known = true;
        active = true;
        settled = true;
        failures = 0;
        succeed();
        wait = Math.max(shortestRenewalMs, lease / 3);
      } catch (thrown) {
        active = false;
        if (signal.aborted) continue;
        const error = CausewayError.from(thrown);
        if (!settled && !error.retryable) {
          offReconnect();
          fail(error);
          return;
        }
        if (known && error.code === 'NO_INSTANCE') {
          known = false;
          continue;
        }
        if (error.retryable) logger.debug({ err: error, instance }, 'no lease yet');
        else logger.error({ err: error, instance }, 'the gateway refuses the registration');
        wait = backoffDelay(failures, random);
        failures += 1;
      }
      await sleep(clock, wait, signal);
    }
  }

  const running = run();
  return {
    registered,
    get active() {
      return active;
    },
    async withdraw() {
      stopped.abort();
      offReconnect();
      await running;
      if (!settled) fail(new CausewayError('UNREACHABLE', 'stopped before a gateway took the registration'));
      active = false;
      if (!settled || !link.up) return;
      try {
        await gateway.tell('withdraw', { instance }, withdrawMs);
      } catch (err) {
        logger.debug({ err, instance }, 'could not withdraw; the lease will lapse');
      }
    },
  };
}
