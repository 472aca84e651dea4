import {
  apiName,
  type Clock,
  createHandshake,
  type DiscoveredApi,
  type DiscoverReply,
  type Logger,
  parseMessage,
  type Random,
  subjects,
} from '@causeway/protocol';
import { backoffDelay, type MovableConnection } from '@causeway/transport';
import type { Link } from './link.ts';
import type { SiteGateway } from './site-gateway.ts';
import { sleep } from './sleep.ts';
import type { Identity, WatchEvent } from './types.ts';

/** What this service may call, kept up to date by the gateway's notifications. */
export interface Discovery {
  /** Settles with the first attempt, whether it found a gateway or not. */
  readonly firstAttempt: Promise<void>;
  /** Newest revision known; undefined before the first reply. */
  readonly revision: number | undefined;
  /** Asks the gateway what has changed, and gives the whole list. Rejects with a CausewayError. */
  discover(): Promise<readonly DiscoveredApi[]>;
  /** True where the API is known to be there (at that site); undefined where that is not known now. */
  lists(service: string, major: number, site: string | undefined): boolean | undefined;
  /** True where the manifest, as it is known here, says that a call of the endpoint may run more than once. */
  promisesIdempotence(service: string, major: number, endpoint: string): boolean;
  /** Calls back with each change, once, in order. The returned function ends that. */
  watch(listener: (event: WatchEvent) => void): () => void;
  stop(): void;
}

/** A gateway notifies before its own list has changed at most this often, before it is believed. */
const maxStale = 6;

/** Starts with a first attempt in the background, and goes on until a gateway answers. */
export function createDiscovery(options: {
  readonly identity: Identity;
  readonly connection: MovableConnection;
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
  let known: { readonly revision: number; readonly apis: ReadonlyMap<string, DiscoveredApi> } | undefined;
  let wanted = 0;
  let due = false;
  let running = false;
  // After a cut the list may be old: what it names is believed, what it lacks is not.
  let fresh = true;

  async function fetch(): Promise<readonly DiscoveredApi[]> {
    const since = known?.revision;
    const reply = await handshake.speak((protocol) => {
      const request = { protocol, ...(since === undefined ? {} : { since }) };
      return gateway.ask('discover', request, 'DiscoverReply', stopped.signal);
    });
    apply(reply);
    return [...(known?.apis.values() ?? [])];
  }

  function apply(reply: DiscoverReply): void {
    // Replies may overtake each other, and a replica may lag behind: the newest revision holds.
    if (known && reply.revision < known.revision) return;
    fresh = true;
    const before = known?.apis;
    const now = reply.unchanged
      ? (before ?? new Map())
      : new Map(reply.apis.map((api) => [apiName(api.service, api.major), api]));
    known = { revision: reply.revision, apis: now };
    if (!before || now === before) return;
    for (const event of changes(before, now, reply.revision)) {
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
      try {
        await fetch();
        failures = 0;
        stale = (known?.revision ?? 0) < wanted ? stale + 1 : 0;
        due ||= stale > 0 && stale < maxStale;
      } catch (err) {
        failures += 1;
        due = true;
        logger.debug({ err, site }, 'cannot discover yet');
      }
      if (due) await sleep(clock, backoffDelay(failures + stale, random), stopped.signal);
    }
    running = false;
  }

  function refreshSoon(): void {
    due = true;
    if (!running) void refresh();
  }

  const subscription = connection.subscribe(subjects.notify.pattern({ site, service }), {
    callback: (error, message) => {
      const fields = error ? undefined : subjects.notify.parse(message.subject);
      if (fields?.site !== site || fields.service !== service) return;
      wanted = Math.max(wanted, parseMessage('Notification', message.data).value?.revision ?? 0);
      refreshSoon();
    },
  });
  const offReconnect = link.onReconnect(() => {
    fresh = false;
    refreshSoon();
  });
  const firstAttempt = fetch().then(
    () => {},
    () => refreshSoon(),
  );

  return {
    firstAttempt,
    get revision() {
      return known?.revision;
    },
    discover: fetch,
    lists(name, major, at) {
      if (!known) return undefined;
      const api = known.apis.get(apiName(name, major));
      if (api !== undefined && (at === undefined || api.sites.includes(at))) return true;
      return fresh ? false : undefined;
    },
    promisesIdempotence(name, major, endpoint) {
      const endpoints = known?.apis.get(apiName(name, major))?.endpoints;
      return endpoints !== undefined && Object.hasOwn(endpoints, endpoint)
        ? endpoints[endpoint]?.idempotent === true
        : false;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      stopped.abort();
      offReconnect();
      listeners.clear();
      if (!connection.isClosed()) subscription.unsubscribe();
    },
  };
}

function* changes(
  before: ReadonlyMap<string, DiscoveredApi>,
  now: ReadonlyMap<string, DiscoveredApi>,
  revision: number,
): Iterable<WatchEvent> {
  for (const [name, { service, major }] of before) {
    if (!now.has(name)) yield { event: 'withdrawn', service, major, revision };
  }
  for (const [name, api] of now) {
    const { service, major } = api;
    const old = before.get(name);
    if (!old) yield { event: 'published', service, major, revision, api };
    else if (JSON.stringify(old) !== JSON.stringify(api))
      yield { event: 'changed', service, major, revision, api };
  }
}
