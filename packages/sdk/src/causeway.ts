import { CausewayError, type DiscoveredApi, type Manifest, type parseApiEndpoint } from '@causeway/protocol';
import {
  backoffDelay,
  connectNats,
  createHubClock,
  createMovable,
  createReplyMux,
  createTokens,
  type MovableConnection,
  type NatsConnection,
  permissionViolation,
  type Status,
} from '@causeway/transport';
import { createCaller } from './caller.ts';
import { createClient } from './client.ts';
import { createDeprecations } from './deprecations.ts';
import { createDiscovery, type DiscoverOptions } from './discovery.ts';
import { createLink } from './link.ts';
import { followCredentials } from './new-credentials.ts';
import { createNoRouteReporter } from './no-route.ts';
import { type ConnectOptions, type Settings, settingsOf } from './options.ts';
import { type ServeOptions, type Serving, startServing } from './serving.ts';
import { createSiteGateway } from './site-gateway.ts';
import { sleep, within } from './sleep.ts';
import type {
  AnyHandler,
  CallOptions,
  Client,
  DeprecatedApi,
  Handlers,
  Identity,
  MajorOf,
  ManifestOf,
  WatchEvent,
} from './types.ts';
import { watchIterable } from './watch.ts';

/** An endpoint, as `parseApiEndpoint` of @causeway/protocol reads it from `quotes.v1.latest@edge-a`. */
export type ApiEndpoint = NonNullable<ReturnType<typeof parseApiEndpoint>>;

/** How a connection stands at this moment. */
export interface CausewayStatus {
  readonly identity: Identity;
  readonly connected: boolean;
  /** Why the server does not let this service in, where it says so. */
  readonly refusal: CausewayError | undefined;
  /** Newest revision of the fabric that this connection knows of; undefined before a gateway answered. */
  readonly revision: number | undefined;
  readonly pendingCalls: number;
  readonly serving: readonly Serving[];
  /** APIs called here of which a reply said that they are deprecated. */
  readonly deprecated: readonly DeprecatedApi[];
  /** Calls that reached nobody: still to be reported to the gateway, and never reported. */
  readonly unrouted: { readonly waiting: number; readonly dropped: number };
}

/** A service's connection to its site: it calls, serves, and sees what it may call. */
export interface Causeway {
  readonly identity: Identity;
  /**
   * The functions of an API: `service('quotes', 1).latest({ symbol })`. Typed by
   * `service<typeof manifest>('quotes', 1)`.
   */
  service<M extends ManifestOf = Manifest>(name: M['service'], major: MajorOf<M>): Client<M>;
  /** One call by name, as `parseApiEndpoint` gives it. */
  call(to: ApiEndpoint, input: unknown, options?: CallOptions): Promise<unknown>;
  /**
   * Serves an API under this service's own name. Resolves when the gateway has registered the instance, which
   * it is asked for until one answers; rejects with a CausewayError where it refuses.
   */
  serve<const M extends ManifestOf>(
    manifest: M,
    // The manifest alone says what M is: to infer it from handlers, too, takes TypeScript minutes.
    handlers: NoInfer<Handlers<M>>,
    options?: ServeOptions,
  ): Promise<Serving>;
  /**
   * The APIs that this service may call. Rejects with UNREACHABLE where no gateway answers. With `onChange`, each change
   * after this list is told, once, and none that the list has already, until the signal is aborted.
   */
  discover(options?: DiscoverOptions): Promise<readonly DiscoveredApi[]>;
  /** Calls back with each change of what this service may call, from now on; the returned function ends it. */
  watch(listener: (event: WatchEvent) => void): () => void;
  /** The same as an async iterable. */
  watch(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<WatchEvent>;
  status(): CausewayStatus;
  /** Stops serving, waits for handlers and calls under way, and closes. New calls are refused meanwhile. */
  drain(): Promise<void>;
  /** Closes now: calls under way reject, and the gateway finds out by itself that nobody serves. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const lastReportsMs = 1_000;
const drainConnectionMs = 2_000;

/**
 * Connects a service to its site's server. What the options leave out comes from CAUSEWAY_URL, CAUSEWAY_CREDS
 * and CAUSEWAY_CA. It does not need a gateway to be there yet, and once connected it reconnects for ever.
 * Rejects with an Error for bad options, REVOKED for refused credentials, and UNREACHABLE for a server that
 * cannot be reached (unless it is to wait for one).
 */
export async function connect(options: ConnectOptions = {}): Promise<Causeway> {
  const settings = settingsOf(options);
  const { identity, clock, random } = settings;
  const prefix = `_INBOX.${identity.site}.${identity.service}.${createTokens(random)()}`;
  const link = createLink(clock);
  let denied = (_subject: string) => {};
  let connection: MovableConnection | undefined;
  /** Opens one. What happens to it is news while it is the one in use. */
  const open = async (how: ConnectOptions = {}) => {
    let own: NatsConnection | undefined;
    const onStatus = (status: Status) => {
      if (connection === undefined || own === connection.current) link.onStatus(status);
      const refused = status.type === 'error' ? permissionViolation(status.error) : undefined;
      if (refused?.operation === 'publish') denied(refused.subject);
    };
    own = await firstConnection(settings, prefix, onStatus, how);
    return own;
  };
  const first = await open(options);
  await requireOwnSite(first, identity);
  connection = createMovable(first);
  const mux = createReplyMux({ connection, prefix, clock, random });
  denied = mux.deny;
  const { creds, logger } = settings;
  const stopFollowing = followCredentials({ creds, connection, link, open, clock, logger });
  return assemble(settings, { connection, mux, link, stopFollowing });
}

/**
 * A tenant's account is known at all its sites, so another site's server lets these credentials in; but no gateway
 * there would hear them, and every call would fail without a word of why.
 */
async function requireOwnSite(connection: NatsConnection, { site, service }: Identity): Promise<void> {
  const { domain } = (connection.info ?? {}) as { domain?: string };
  if (domain === undefined || domain === site) return;
  const server = connection.getServer();
  await connection.close();
  throw new CausewayError(
    'REVOKED',
    `these are the credentials of ${service} of site ${site}, and ${server} is the server of ${domain}: ` +
      `connect to the server of ${site}, or have credentials made for ${domain} with causeway service add`,
  );
}

async function firstConnection(
  settings: Settings,
  inboxPrefix: string,
  onStatus: (status: Status) => void,
  { waitOnFirstConnect = false, signal }: ConnectOptions,
): Promise<NatsConnection> {
  const { servers, creds: credentials, ca, identity, logger, clock, random } = settings;
  const name = `${identity.site}.${identity.service}`;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connectNats({ servers, credentials, ca, name, inboxPrefix, random, logger, onStatus });
    } catch (error) {
      const unreachable = error instanceof CausewayError && error.code === 'UNREACHABLE';
      if (!waitOnFirstConnect || !unreachable) throw error;
      logger.warn({ err: error }, 'cannot connect yet; trying again');
      await sleep(clock, backoffDelay(attempt, random), signal);
      signal?.throwIfAborted();
    }
  }
}

function assemble(
  settings: Settings,
  base: {
    readonly connection: MovableConnection;
    readonly mux: ReturnType<typeof createReplyMux>;
    readonly link: ReturnType<typeof createLink>;
    readonly stopFollowing: () => void;
  },
): Causeway {
  const { identity, clock } = settings;
  const { connection, mux, link, stopFollowing } = base;
  const hub = createHubClock(clock);
  const gateway = createSiteGateway({ identity, mux, hub, clock });
  const servings = new Set<Serving>();
  const closing = new AbortController();
  const onStopped = (serving: Serving) => servings.delete(serving);
  const around = { ...settings, ...base, gateway, hub, closing: closing.signal, onStopped };
  const reports = createNoRouteReporter(around);
  const discovery = createDiscovery(around);
  const deprecations = createDeprecations(settings.logger);
  const caller = createCaller({ ...around, discovery, reports, deprecations });
  let ending: Promise<void> | undefined;

  async function serve(manifest: Manifest, handlers: object, options?: ServeOptions): Promise<Serving> {
    if (ending) throw new CausewayError('UNREACHABLE', 'this connection is being closed');
    const serving = await startServing(around, manifest, handlers as Record<string, AnyHandler>, options);
    servings.add(serving);
    return serving;
  }

  async function drain(): Promise<void> {
    const idle = caller.drain();
    await Promise.all([...servings].map((serving) => serving.stop()));
    await idle;
    await reports.flush(lastReportsMs);
    reports.stop();
    discovery.stop();
    mux.close();
    if (link.up && !connection.isClosed()) await within(clock, drainConnectionMs, connection.drain());
    await connection.close();
  }

  async function close(): Promise<void> {
    reports.stop();
    discovery.stop();
    mux.close();
    await connection.close();
    await Promise.all([...servings].map((serving) => serving.stop(0)));
  }

  function watch(listener: (event: WatchEvent) => void): () => void;
  function watch(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<WatchEvent>;
  function watch(how: ((event: WatchEvent) => void) | { readonly signal?: AbortSignal } = {}) {
    return typeof how === 'function' ? discovery.watch(how) : watchIterable(discovery.watch, how.signal);
  }

  const end = (how: () => Promise<void>) => {
    closing.abort();
    stopFollowing();
    ending ??= how();
    return ending;
  };
  return {
    identity,
    service: (name, major) => createClient(caller, name, major),
    call: async ({ service, major, endpoint, site }, input, options) =>
      caller.call(caller.endpoint(service, major, endpoint), input, {
        ...(site === undefined ? {} : { site }),
        ...options,
      }),
    serve: (manifest, handlers, options) => serve(manifest as unknown as Manifest, handlers, options),
    discover: discovery.discover,
    watch,
    status: () => ({
      identity,
      connected: link.up && !connection.isClosed(),
      refusal: link.refusal,
      revision: discovery.revision,
      pendingCalls: caller.pending,
      serving: [...servings],
      deprecated: deprecations.known,
      unrouted: { waiting: reports.waiting, dropped: reports.dropped },
    }),
    drain: () => end(drain),
    close: () => end(close),
    [Symbol.asyncDispose]: () => end(drain),
  };
}
