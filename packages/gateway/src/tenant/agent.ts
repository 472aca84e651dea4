import { createLimiterPool } from '@causeway/policy';
import {
  type AuditRecord,
  CausewayError,
  type Clock,
  compiledKeys,
  type Logger,
  type Manifest,
  type NoRouteReport,
  type Random,
} from '@causeway/protocol';
import { type AnswerMux, createAnswerMux, type HubClock } from '@causeway/transport';
import { Empty, type MsgHdrs, type NatsConnection } from 'nats';
import { createCallHandler } from '../calls/call-handler.ts';
import { createDesk } from '../desk/desk.ts';
import type { GuardedApi } from '../guard/served-api.ts';
import { createInstances, type Instances } from '../instances/instances.ts';
import type { QuotaPool } from '../quota/pool.ts';
import type { Recorder } from '../records/recorder.ts';
import { createRoutes } from '../routes/routes.ts';
import type { Callers } from '../state/callers.ts';
import type { SiteState } from '../state/site-state.ts';
import type { VisibilityChange } from '../state/views.ts';
import { within } from '../within.ts';

/** Everything a gateway does for one tenant, on a connection of that tenant's account. */
export interface TenantAgent {
  readonly tenant: string;
  readonly instances: Instances;
  /** An API that the site serves was compiled anew, or is gone. */
  served(service: string, major: number, api: GuardedApi | undefined): void;
  /** Who there is at a caller site has changed; at any of them where none is named. */
  callersChanged(fromSite?: string): void;
  /** Tells a service of the site what changed for it. */
  notify(change: VisibilityChange, revision: number): void;
  /** Resolves when the server knows all subscriptions; at once while it is away: it hears of them when it is back. */
  flush(): Promise<void>;
  /** The gateway's user was issued again: opens the second connection, then closes the first. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}

const sweepEveryMs = 1_000;
const closeLimitMs = 2_000;
const closePollMs = 20;
/** All the waiting of a gateway that stops is less than the 10 s that its supervisor gives it. */
const storeLimitMs = 1_000;

/** Starts the agent; resolves once it is connected and listens to the site's services. */
export async function startTenantAgent(options: {
  tenant: string;
  site: string;
  gateway: string;
  state: SiteState;
  callers: Callers;
  recorder: Recorder;
  hub: HubClock;
  quotas: QuotaPool;
  /** Milliseconds since the site last heard from the registry. */
  silence: () => number;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Opens a connection with the credentials as they are on disk now. */
  connect: () => Promise<NatsConnection>;
  ensurePublished: (service: string, apis: readonly Manifest[]) => Promise<void>;
  /** Names this run of the gateway. */
  epoch: string;
  /** Told whether an API that the site serves has a healthy instance; undefined where it is served no more. */
  onAvailable: (service: string, major: number, available: boolean | undefined) => void;
}): Promise<TenantAgent> {
  const { tenant, site, gateway, state, callers, recorder, hub, epoch, onAvailable, clock, random, logger } =
    options;
  let connection = await options.connect();
  const published = new Map<string, Set<number>>();

  const publish = (subject: string, body: Uint8Array | undefined, headers?: MsgHdrs) => {
    try {
      connection.publish(subject, body ?? Empty, headers ? { headers } : undefined);
    } catch (err) {
      logger.warn({ err, tenant }, 'reply not published');
    }
  };

  const mux: AnswerMux = createAnswerMux({ site, gateway, connection, clock, random });

  const instances = createInstances({
    site,
    clock,
    onChange: (service) => {
      for (const major of published.get(service) ?? []) offer(service, major);
    },
  });

  function offer(service: string, major: number): void {
    const available = instances.available(service, major);
    routes.setAvailable(service, major, available);
    onAvailable(service, major, available);
  }

  const limiters = createLimiterPool();
  const onCall = createCallHandler({
    tenant,
    site,
    instances,
    limiters,
    quotas: options.quotas,
    standingOf(from, service) {
      // Its own server knows the site's own; a registry of before lists nobody. Before there are tables nobody is known.
      const listed = state.revision === 0 || state.keys.has(compiledKeys.callersListed);
      return from === site || !listed ? 'known' : callers.standing(tenant, from, service);
    },
    hub,
    silence: options.silence,
    clock,
    random,
    logger,
    recordsFull: () => recorder.full,
    record: (record, group, stored) => recorder.add(record, group, stored),
    publish,
    ask: (service, subject, body, timeoutMs, headers, callback) =>
      mux.ask({ service, subject, body, timeoutMs, headers }, callback),
  });

  const routes = createRoutes({ site, connection, onCall, logger });

  const desk = createDesk({
    tenant,
    site,
    instances,
    state,
    hub,
    epoch,
    clock,
    logger,
    publish,
    flush: () => connection.flush(),
    ensurePublished: options.ensurePublished,
    reported: (service, calls) => {
      if (recorder.full) {
        const reason = `${site} cannot keep a record of the calls`;
        throw new CausewayError('AUDIT_UNAVAILABLE', reason, { retryAfter: 1_000 });
      }
      for (const call of calls) recorder.add(reportedRecord(service, call), `${site}.${service}`);
    },
  });

  /** A call that reached no gateway: its caller says so, and the caller's own site keeps the record. */
  function reportedRecord(service: string, call: NoRouteReport['calls'][number]): AuditRecord {
    return {
      call: call.call,
      at: call.at,
      tenant,
      from: { site, service },
      to: { service: call.service, major: call.major, endpoint: call.endpoint, requested: call.toSite },
      site,
      decision: 'reported',
      policy: null,
      code: call.code,
      requestBytes: call.requestBytes,
      replyBytes: 0,
      durationMicros: 0,
    };
  }

  /** Every replica hears its site's services; the two connections of one replica share the work. */
  function listenToServices(): void {
    connection.subscribe(`registry.${site}.>`, {
      queue: gateway,
      callback: (err, message) => {
        if (err) logger.error({ err, tenant }, 'registry subscription refused');
        else desk(message);
      },
    });
  }

  let closed = false;
  listenToServices();
  const stopSweep = clock.every(sweepEveryMs, () => {
    instances.sweep();
    limiters.sweep(clock.monotonic());
  });
  await connection.flush();

  return {
    tenant,
    instances,
    served(service, major, api) {
      if (closed) return;
      const majors = published.get(service) ?? new Set<number>();
      if (api) majors.add(major);
      else majors.delete(major);
      published.set(service, majors);
      routes.update(service, major, api);
      if (api) offer(service, major);
      else onAvailable(service, major, undefined);
    },
    callersChanged: routes.callersChanged,
    notify(change, revision) {
      const body = JSON.stringify({ service: change.api.service, major: change.api.major, revision });
      publish(`notify.${site}.${change.service}.${change.event}`, Buffer.from(body));
    },
    flush: () => connection.flush().catch(() => {}),
    async reconnect() {
      const old = connection;
      const next = await options.connect();
      try {
        await mux.rebind(next);
      } catch (error) {
        await next.close();
        throw error;
      }
      connection = next;
      routes.moveTo(next);
      listenToServices();
      // The new connection reconnects by itself from here on, with all that it is subscribed to.
      await next.flush().catch((err: unknown) => logger.warn({ err, tenant }, 'new connection interrupted'));
      await old.drain().catch((err: unknown) => logger.warn({ err, tenant }, 'old connection not drained'));
      logger.info({ tenant }, 'moved to a connection with the new permissions');
    },
    async close() {
      closed = true;
      stopSweep();
      routes.close();
      const end = clock.monotonic() + closeLimitMs;
      // What the server has handed over by now has come when it answers.
      await within(
        closeLimitMs,
        connection.flush().catch(() => {}),
        clock,
      );
      // Calls that instances work on are answered and recorded, within the limit; the rest hear that it closes.
      while (mux.pendingCount + options.quotas.waiting > 0 && clock.monotonic() < end) {
        await new Promise<void>((resolve) => clock.after(closePollMs, resolve));
      }
      mux.close();
      // Replies may wait for their records (a policy's `audit: strict`), and go out by this connection.
      await within(storeLimitMs, recorder.stored(), clock);
      // Of a tenant that was removed the server takes nothing any more, not even an orderly end.
      const drained = connection.drain().catch(() => {});
      await within(closeLimitMs, drained, clock);
      await connection.close();
    },
  };
}
