import {
  apiName,
  CausewayError,
  type Clock,
  createHandshake,
  type DiscoveredApi,
  type DiscoverReply,
  type Logger,
  parseMessage,
  type Random,
  subjects,
} from '@causeway/protocol';
import { backoffDelay, type PlainConnection } from '@causeway/transport';
import { changes } from './changes.ts';
import type { Link } from './link.ts';
import type { SiteGateway } from './site-gateway.ts';
import { type SitesToTry, sitesToTry } from './site-route.ts';
import { sleep } from './sleep.ts';
import type { Identity, WatchEvent } from './types.ts';

/** What this service may call, kept up to date by the gateway's notifications. */
export interface Discovery {
  /** Settles with the first attempt, whether it found a gateway or not. */
  readonly firstAttempt: Promise<void>;
  /** Newest revision known; undefined before the first reply. */
  readonly revision: number | undefined;
  /**
   * Asks the gateway what has changed, and gives the whole list. Rejects with a CausewayError. With `onChange`, each
   * change after this list is told, and none that is in it, until the signal is aborted.
   */
  discover(options?: DiscoverOptions): Promise<readonly DiscoveredApi[]>;
  /** True where the API is known to be there (at that site); undefined where that is not known now. */
  lists(service: string, major: number, site: string | undefined): boolean | undefined;
  /** How a policy has this service try the sites of an API; undefined where none does. */
  route(service: string, major: number): SitesToTry | undefined;
  /** True where the manifest, as it is known here, says that a call of the endpoint may run more than once. */
  promisesIdempotence(service: string, major: number, endpoint: string): boolean;
  /** Calls back with each change, once, in order. The returned function ends that. */
  watch(listener: (event: WatchEvent) => void): () => void;
  stop(): void;
}

/** What `discover` may be asked besides the list. */
export interface DiscoverOptions {
  readonly onChange?: (event: WatchEvent) => void;
  readonly signal?: AbortSignal;
}

/** The list as a gateway gave it last. */
interface Known {
  readonly revision: number;
  readonly view: string | undefined;
  readonly epoch: string | undefined;
  readonly apis: ReadonlyMap<string, DiscoveredApi>;
}

/** Tries, and how far apart in ms, before a list of a lower revision, or one that lags what was announced, is believed. */
const maxStale = 5;
const staleMs = 200;
/** How long to wait after a failure: a gateway that is back is to be noticed within a second. */
const retryBounds = { min: 50, max: 800 };
/** Whoever watches asks that often even where nothing is announced: a message may be lost on its way. */
const recheckMs = 10_000;

/** Starts with a first attempt in the background, and goes on until a gateway answers. */
export function createDiscovery(options: {
  readonly identity: Identity;
  readonly connection: PlainConnection;
  readonly gateway: SiteGateway;
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}): Discovery {
  const { identity, connection, gateway, link, clock, random, logger } = options;
  const { site, service } = identity;
  const listeners = new Set<(event: WatchEvent) => void>();
  const stopped = new AbortController();
  const handshake = createHandshake();
  let known: Known | undefined;
  /** Of those that have one, by name: mostly none, and a call asks first of all. */
  let routes: ReadonlyMap<string, SitesToTry> = new Map();
  /** The revision that was announced last and has not been seen yet. */
  let wanted = 0;
  let due = false;
  let running = false;
  // After a cut the list may be old: what it names is believed, what it lacks is not.
  let fresh = true;
  /** Aborted when there is reason to hope: the connection is back, or a gateway spoke. */
  let woken = new AbortController();
  /** Aborted when the connection is back: what was asked before is lost. */
  let cut = new AbortController();
  let asking: Promise<readonly DiscoveredApi[]> | undefined;
  let askingNext: Promise<readonly DiscoveredApi[]> | undefined;

  /** One after the other, so that a reply cannot overtake a later one; who comes meanwhile shares the next. */
  function fetch(): Promise<readonly DiscoveredApi[]> {
    if (!asking) {
      asking = askUntilBelieved().finally(() => {
        asking = undefined;
      });
      return asking;
    }
    const next = () => {
      askingNext = undefined;
      return fetch();
    };
    askingNext ??= asking.then(next, next);
    return askingNext;
  }

  async function askUntilBelieved(): Promise<readonly DiscoveredApi[]> {
    for (let stale = 0; ; stale += 1) {
      const reply = await ask();
      if (stale >= maxStale || believable(reply)) {
        apply(reply);
        return [...(known?.apis.values() ?? [])];
      }
      await sleep(clock, staleMs, stopped.signal);
      stopped.signal.throwIfAborted();
    }
  }

  /**
   * A replica that lags behind answers with a lower revision for a moment; a registry that was made anew does so for
   * good. What one run of a gateway says is never older than what it said before.
   */
  function believable(reply: DiscoverReply): boolean {
    if (!known || reply.unchanged || reply.revision >= known.revision) return true;
    return reply.epoch !== undefined && reply.epoch === known.epoch;
  }

  async function ask(): Promise<DiscoverReply> {
    let whole = false;
    for (;;) {
      const have = known;
      const lost = cut.signal;
      const signal = AbortSignal.any([stopped.signal, lost]);
      const named = have?.view === undefined ? sinceOf(whole ? undefined : have) : { view: have.view };
      try {
        return await handshake.speak((protocol) =>
          gateway.ask('discover', { protocol, ...named }, 'DiscoverReply', signal),
        );
      } catch (error) {
        if (stopped.signal.aborted) throw error;
        if (lost.aborted) continue;
        // A gateway of an earlier version has taken the place of the one that named its list.
        if (!(error instanceof CausewayError) || error.pointer !== '/view' || !have) {
          throw link.refusal ?? error;
        }
        known = { ...have, view: undefined, epoch: undefined };
        whole = true;
      }
    }
  }

  function apply(reply: DiscoverReply): void {
    fresh = true;
    const before = known?.apis;
    const { revision, view, epoch } = reply;
    if (reply.unchanged) {
      known = { revision, view, epoch, apis: before ?? new Map() };
      return;
    }
    const now = new Map(reply.apis.map((api) => [apiName(api.service, api.major), api]));
    known = { revision, view, epoch, apis: now };
    routes = routesOf(now);
    if (!before) return;
    for (const event of changes(before, now, revision)) {
      for (const listener of [...listeners]) listener(event);
    }
  }

  /** Asks in the background until the gateway has answered with the revision that was announced. */
  async function refresh(): Promise<void> {
    running = true;
    let failures = 0;
    let stale = 0;
    while (due && !stopped.signal.aborted) {
      due = false;
      woken = new AbortController();
      let wait = 0;
      try {
        await fetch();
        failures = 0;
        stale = (known?.revision ?? 0) < wanted ? stale + 1 : 0;
        if (stale > 0 && stale < maxStale) wait = staleMs;
        else wanted = 0;
      } catch (err) {
        const { retryAfter = 0 } = CausewayError.from(err);
        wait = Math.max(retryAfter, backoffDelay(failures, random, retryBounds));
        failures += 1;
        logger.debug({ err, site }, 'cannot discover yet');
      }
      if (wait === 0) continue;
      due = true;
      await sleep(clock, wait, AbortSignal.any([stopped.signal, woken.signal]));
    }
    running = false;
  }

  function refreshSoon(): void {
    due = true;
    woken.abort();
    if (!running) void refresh();
  }

  const subscription = connection.subscribe(subjects.notify.pattern({ site, service }), {
    callback: (error, message) => {
      const fields = error ? undefined : subjects.notify.parse(message.subject);
      if (fields?.site !== site || fields.service !== service) return;
      wanted = parseMessage('Notification', message.data).value?.revision ?? 0;
      refreshSoon();
    },
  });
  const offReconnect = link.onReconnect(() => {
    fresh = false;
    cut.abort();
    cut = new AbortController();
    refreshSoon();
  });
  const stopRechecks = clock.every(recheckMs, () => {
    if (listeners.size > 0) refreshSoon();
  });
  const firstAttempt = fetch().then(
    () => {},
    () => refreshSoon(),
  );

  function watch(listener: (event: WatchEvent) => void): () => void {
    // A function of its own: one listener may watch twice.
    const own = (event: WatchEvent) => listener(event);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  return {
    firstAttempt,
    get revision() {
      return known?.revision;
    },
    async discover({ onChange, signal } = {}) {
      const apis = await fetch();
      // The next list needs a message from outside, so that none can come between this one and the listener.
      if (onChange && !signal?.aborted) {
        const end = watch(onChange);
        signal?.addEventListener('abort', end, { once: true });
      }
      return apis;
    },
    lists(name, major, at) {
      if (!known) return undefined;
      const api = known.apis.get(apiName(name, major));
      if (api !== undefined && (at === undefined || api.sites.includes(at))) return true;
      return fresh ? false : undefined;
    },
    route: (name, major) => (routes.size === 0 ? undefined : routes.get(apiName(name, major))),
    promisesIdempotence(name, major, endpoint) {
      const endpoints = known?.apis.get(apiName(name, major))?.endpoints;
      return endpoints !== undefined && Object.hasOwn(endpoints, endpoint)
        ? endpoints[endpoint]?.idempotent === true
        : false;
    },
    watch,
    stop() {
      stopped.abort();
      stopRechecks();
      offReconnect();
      listeners.clear();
      if (!connection.isClosed()) subscription.unsubscribe();
    },
  };
}

function sinceOf(have: Known | undefined): { since?: number } {
  return have === undefined ? {} : { since: have.revision };
}

function routesOf(apis: ReadonlyMap<string, DiscoveredApi>): ReadonlyMap<string, SitesToTry> {
  const found = new Map<string, SitesToTry>();
  for (const [name, api] of apis) {
    const route = sitesToTry(api);
    if (route) found.set(name, route);
  }
  return found;
}
