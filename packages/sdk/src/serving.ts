import {
  CausewayError,
  type Clock,
  check,
  decodeJson,
  type Logger,
  type Manifest,
  majorOf,
  type Random,
  subjects,
} from '@causeway/protocol';
import { type HubClock, hasReadableHeaders, type MovableConnection, type Msg } from '@causeway/transport';
import { type Answer, answerOf, errorAnswer, thrownAnswer } from './answer.ts';
import { openContext } from './call-context.ts';
import { instanceId } from './instance-id.ts';
import type { Link } from './link.ts';
import { createRegistration } from './registration.ts';
import type { SiteGateway } from './site-gateway.ts';
import { within } from './sleep.ts';
import type { AnyHandler, Identity } from './types.ts';

/** How an API is served. */
export interface ServeOptions {
  /** Asked before each renewal of the lease; an unhealthy instance gets no calls. */
  readonly health?: () => boolean | Promise<boolean>;
  /** Milliseconds that running handlers are given when it stops; 10,000 where absent. */
  readonly drainTimeout?: number;
}

/** An API that is being served by this process. */
export interface Serving {
  readonly service: string;
  readonly major: number;
  readonly instance: string;
  /** True while the gateway holds the instance's lease. */
  readonly active: boolean;
  /** Handlers that run now. */
  readonly inFlight: number;
  readonly counts: ServingCounts;
  /** Withdraws the registration, lets running handlers finish (within `drainTimeout`, or so many ms), and unsubscribes. */
  stop(limit?: number): Promise<void>;
}

/** What became of the requests since the start. */
export interface ServingCounts {
  readonly answered: number;
  /** Dropped unanswered: not addressed to this instance, or naming a reply subject that is not a gateway's. */
  readonly foreign: number;
  /** Dropped unanswered: their deadline had passed. */
  readonly expired: number;
}

/** What serving stands on. */
export interface ServeSurroundings {
  readonly identity: Identity;
  readonly connection: MovableConnection;
  readonly gateway: SiteGateway;
  readonly hub: HubClock;
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Aborted when the connection is to be closed: a registration that still waits for a gateway then ends. */
  readonly closing: AbortSignal;
  /** Told once when an API is no longer served. */
  readonly onStopped: (serving: Serving) => void;
}

const defaultDrainMs = 10_000;

/**
 * Subscribes, registers, and resolves once the gateway has granted the first lease: from then on calls may
 * come. Rejects with a CausewayError where the manifest or the handlers do not fit, or the gateway refuses for
 * good; while no gateway answers it goes on trying.
 */
export async function startServing(
  around: ServeSurroundings,
  manifest: Manifest,
  handlers: Readonly<Record<string, AnyHandler>>,
  options: ServeOptions = {},
): Promise<Serving> {
  const { identity, connection, hub, clock, logger } = around;
  const { site, service } = identity;
  checkFit(manifest, handlers, service);
  const major = majorOf(manifest.version);
  const instance = instanceId(around.random);
  const prefix = `serve.${site}.${service}.${instance}.`;
  const bySubject = new Map<string, readonly [endpoint: string, handler: AnyHandler]>();
  for (const [endpoint, handler] of Object.entries(handlers)) {
    bySubject.set(subjects.serve.build({ site, service, instance, major, endpoint }), [endpoint, handler]);
  }
  const counts = { answered: 0, foreign: 0, expired: 0 };
  const idle = new Set<() => void>();
  let inFlight = 0;

  /** Subscription and reply both name the one who may be heard and answered: nothing else is believed. */
  function isOurs(message: Msg): boolean {
    const answer = subjects.answer.parse(message.reply ?? '');
    const addressed = message.subject.startsWith(prefix) && answer?.site === site;
    return addressed && answer.service === service && hasReadableHeaders(message);
  }

  function reply(to: string, { body, headers }: Answer): void {
    try {
      connection.publish(to, body, headers ? { headers } : {});
      counts.answered += 1;
    } catch (err) {
      logger.warn({ err, instance }, 'an answer could not be sent');
    }
  }

  function onRequest(error: Error | null, message: Msg): void {
    if (error) {
      logger.error({ err: error, instance }, 'the server ended the subscription for calls');
      return;
    }
    if (!isOurs(message)) {
      counts.foreign += 1;
      logger.warn(
        { subject: message.subject, reply: message.reply },
        'dropped a request that no gateway sends',
      );
      return;
    }
    void serveOne(message, message.reply as string);
  }

  async function serveOne(message: Msg, to: string): Promise<void> {
    const [endpoint, handler] = bySubject.get(message.subject) ?? [];
    if (endpoint === undefined || handler === undefined) {
      const asked = message.subject.slice(prefix.length);
      reply(to, errorAnswer('NO_SUCH_ENDPOINT', `this instance of ${service} does not serve ${asked}`));
      return;
    }
    const { context, deadline, close } = openContext(endpoint, message.headers, hub, clock);
    if (deadline + hub.slack < hub.now()) {
      counts.expired += 1;
      return;
    }
    let input: unknown;
    try {
      input = decodeJson(message.data);
    } catch (err) {
      reply(to, errorAnswer('INVALID_REQUEST', `the request is not JSON: ${(err as Error).message}`, ''));
      return;
    }
    inFlight += 1;
    let answer: Answer;
    try {
      answer = answerOf(
        await handler(input, context),
        connection.info?.max_payload ?? Number.POSITIVE_INFINITY,
      );
    } catch (thrown) {
      answer = thrownAnswer(thrown);
      logger.warn({ err: thrown, endpoint, call: context.call }, 'a handler threw');
    }
    close();
    reply(to, answer);
    inFlight -= 1;
    if (inFlight === 0) for (const done of idle) done();
  }

  const subscription = connection.subscribe(`${prefix}>`, { queue: instance, callback: onRequest });
  const { health } = options;
  const registration = createRegistration({ ...around, manifest, instance, health });
  const giveUp = () => void registration.withdraw();
  around.closing.addEventListener('abort', giveUp);
  try {
    await registration.registered;
  } catch (error) {
    if (!connection.isClosed()) subscription.unsubscribe();
    throw error;
  } finally {
    around.closing.removeEventListener('abort', giveUp);
  }
  logger.info({ service, major, instance }, 'serving');

  let stopping: Promise<void> | undefined;
  async function stop(limit: number): Promise<void> {
    await registration.withdraw();
    // What the gateway sent before it knew is in this connection's buffers; a round trip brings it in.
    if (around.link.up && !connection.isClosed()) await within(clock, 1_000, connection.flush());
    const finished = inFlight === 0 ? Promise.resolve() : new Promise<void>((resolve) => idle.add(resolve));
    await within(clock, limit, finished);
    if (inFlight > 0) logger.warn({ instance, inFlight }, 'handlers did not finish in time');
    if (!connection.isClosed()) subscription.unsubscribe();
    around.onStopped(serving);
  }

  const serving: Serving = {
    service,
    major,
    instance,
    get active() {
      return registration.active;
    },
    get inFlight() {
      return inFlight;
    },
    get counts() {
      return { ...counts };
    },
    stop: (limit = options.drainTimeout ?? defaultDrainMs) => {
      stopping ??= stop(limit);
      return stopping;
    },
  };
  return serving;
}

function checkFit(manifest: Manifest, handlers: Readonly<Record<string, AnyHandler>>, service: string): void {
  const { fault } = check('Manifest', manifest);
  if (fault) {
    const { pointer, problem } = fault;
    throw new CausewayError('INVALID_REQUEST', `the manifest${pointer} ${problem}`, { pointer });
  }
  if (manifest.service !== service) {
    const reason = `these credentials are for ${service}, and cannot serve an API named ${manifest.service}`;
    throw new CausewayError('INVALID_REQUEST', reason, { pointer: '/service' });
  }
  for (const endpoint of Object.keys(manifest.endpoints)) {
    if (typeof handlers[endpoint] === 'function') continue;
    throw new CausewayError('INVALID_REQUEST', `the endpoint ${endpoint} has no handler`);
  }
  for (const endpoint of Object.keys(handlers)) {
    if (Object.hasOwn(manifest.endpoints, endpoint)) continue;
    throw new CausewayError('INVALID_REQUEST', `the handler ${endpoint} has no endpoint in the manifest`);
  }
}
