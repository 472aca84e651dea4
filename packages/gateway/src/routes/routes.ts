import { type Logger, subjects } from '@causeway/protocol';
import type { Msg, NatsConnection, Subscription } from 'nats';
import { forgetEntries, type GuardEntry } from '../guard/entry.ts';
import { type GuardedApi, guardApi } from '../guard/served-api.ts';

/** One subscription for calls: one caller site, one API, by name or as anycast. */
export interface Route {
  readonly fromSite: string;
  readonly service: string;
  readonly major: number;
  readonly site: string;
  readonly anycast: boolean;
  /** The API as compiled last; the entries below belong to it. */
  readonly api: GuardedApi;
  /** Compiled entries by the subject of the call. Kept with the route, since the route vouches for the subject. */
  readonly entries: Map<string, GuardEntry>;
}

/** A gateway's interest in calls: it is the routing table between sites (ADR 0003). */
export interface Routes {
  /** Brings the subscriptions in line with an API's compiled entry; undefined withdraws it. */
  update(service: string, major: number, api: GuardedApi | undefined): void;
  /** Takes up or drops the anycast interest for an API, as instances come and go. */
  setAvailable(service: string, major: number, available: boolean): void;
  /** Who there is at a caller site has changed: what was decided on its calls is decided anew. */
  callersChanged(fromSite?: string): void;
  /** Subscribes everything on another connection too; the old one is drained by its owner. */
  moveTo(connection: NatsConnection): void;
  /** Takes no further calls. */
  close(): void;
}

interface Standing {
  readonly subject: string;
  readonly queue: string;
  route: Route;
  subscription: Subscription;
}

/**
 * Creates the table on a connection. `onCall` gets each call with what gives the route that brought it, as it is now: it is
 * another once something changes.
 */
export function createRoutes(options: {
  site: string;
  connection: NatsConnection;
  onCall: (current: () => Route, message: Msg) => void;
  logger: Logger;
}): Routes {
  const { site, onCall, logger } = options;
  let { connection } = options;
  const apis = new Map<string, { api: GuardedApi; available: boolean; standing: Map<string, Standing> }>();

  function subscribe(standing: Standing): Subscription {
    const current = () => standing.route;
    return connection.subscribe(standing.subject, {
      queue: standing.queue,
      callback: (err, message) => {
        if (err) logger.error({ err, subject: standing.subject }, 'route refused by the server');
        else onCall(current, message);
      },
    });
  }

  /**
   * Takes no more. What the server has handed over by then is still answered, by what is in force now: were it dropped,
   * its caller would wait until the deadline, for no broker tells him that nobody listens.
   */
  function leave(standing: Standing, api: GuardedApi): void {
    forgetEntries(standing.route.entries);
    const route: Route = { ...standing.route, api, entries: new Map() };
    standing.route = route;
    standing.subscription
      .drain()
      // Closed already, with its connection.
      .catch(() => {})
      .finally(() => forgetEntries(route.entries));
  }

  /** The routes an API should have now, by subject. */
  function wanted(api: GuardedApi, available: boolean): Map<string, { queue: string; route: Route }> {
    const result = new Map<string, { queue: string; route: Route }>();
    for (const [fromSite, queues] of Object.entries(api.source.routes)) {
      for (const anycast of available ? [false, true] : [false]) {
        const subject = subjects.call.pattern({
          fromSite,
          toSite: anycast ? 'any' : site,
          service: api.service,
          major: api.major,
        });
        const route: Route = {
          fromSite,
          service: api.service,
          major: api.major,
          site,
          anycast,
          api,
          entries: new Map(),
        };
        result.set(subject, { queue: anycast ? queues.any : queues.named, route });
      }
    }
    return result;
  }

  function reconcile(key: string): void {
    const state = apis.get(key);
    if (!state) return;
    const want = wanted(state.api, state.available);
    for (const [subject, standing] of state.standing) {
      const next = want.get(subject);
      if (next && next.queue === standing.queue) {
        // The subscription stays; what is decided on it changes from one call to the next.
        if (standing.route.api !== next.route.api) {
          forgetEntries(standing.route.entries);
          standing.route = next.route;
        }
        want.delete(subject);
      } else {
        leave(standing, state.api);
        state.standing.delete(subject);
      }
    }
    for (const [subject, { queue, route }] of want) {
      const standing = { subject, queue, route } as Standing;
      standing.subscription = subscribe(standing);
      state.standing.set(subject, standing);
    }
  }

  return {
    update(service, major, api) {
      const key = `${service}.v${major}`;
      const state = apis.get(key);
      if (!api) {
        if (state) {
          const closed = guardApi({ ...state.api.source, rules: [] });
          for (const standing of state.standing.values()) leave(standing, closed);
        }
        apis.delete(key);
        return;
      }
      if (state) state.api = api;
      else apis.set(key, { api, available: false, standing: new Map() });
      reconcile(key);
    },
    setAvailable(service, major, available) {
      const key = `${service}.v${major}`;
      const state = apis.get(key);
      if (!state || state.available === available) return;
      state.available = available;
      reconcile(key);
    },
    callersChanged(fromSite) {
      for (const { standing } of apis.values()) {
        for (const { route } of standing.values()) {
          if (fromSite === undefined || route.fromSite === fromSite) forgetEntries(route.entries);
        }
      }
    },
    moveTo(next) {
      connection = next;
      for (const state of apis.values()) {
        for (const standing of state.standing.values()) standing.subscription = subscribe(standing);
      }
    },
    close() {
      for (const state of apis.values()) {
        for (const standing of state.standing.values()) leave(standing, state.api);
      }
      apis.clear();
    },
  };
}
