import {
  CausewayError,
  type Clock,
  encodeJson,
  nameFault,
  headers as names,
  type Random,
  subjects,
} from '@causeway/protocol';
import {
  createTokens,
  type HubClock,
  headerBlock,
  headerBytes,
  type MovableConnection,
  MuxError,
  type MuxFault,
  type ReplyMux,
} from '@causeway/transport';
import { createCircuitBreaker } from './circuit-breaker.ts';
import type { Deprecations } from './deprecations.ts';
import type { Discovery } from './discovery.ts';
import type { Link } from './link.ts';
import type { NoRouteReporter } from './no-route.ts';
import { resultOf } from './refusal.ts';
import { repeatCall } from './repeat.ts';
import { tryInTurn } from './site-route.ts';
import { sleep, within } from './sleep.ts';
import type { CallOptions, Identity } from './types.ts';

/** An endpoint as a caller addresses it, with the subjects that were made for it. */
export interface Endpoint {
  readonly service: string;
  readonly major: number;
  readonly endpoint: string;
  /** Subject of a call to a site, or `any`. */
  subjectTo(site: string): string;
}

/** Makes calls. */
export interface Caller {
  endpoint(service: string, major: number, endpoint: string): Endpoint;
  /** Rejects with a CausewayError, or with the reason of an aborted signal. */
  call(to: Endpoint, input: unknown, options?: CallOptions): Promise<unknown>;
  /** Calls under way. */
  readonly pending: number;
  /** Refuses calls from now on, and resolves when none is under way. */
  drain(): Promise<void>;
}

/** Whether a call's silence is counted. However often it was sent, it is one call that nobody answered. */
interface Silence {
  counted: boolean;
}

const defaultTimeoutMs = 2_000;
/** The first call waits at most this long for the hub's time, which every deadline is told in. */
const firstDiscoveryMs = 1_000;

/** What a caller stands on. */
export interface CallerOptions {
  readonly identity: Identity;
  readonly connection: MovableConnection;
  readonly mux: ReplyMux;
  readonly hub: HubClock;
  readonly link: Link;
  readonly discovery: Discovery;
  readonly reports: NoRouteReporter;
  readonly deprecations: Deprecations;
  readonly clock: Clock;
  readonly random: Random;
}

/** One caller for each connection: it numbers the connection's calls. */
export function createCaller(options: CallerOptions): Caller {
  const { identity, connection, mux, hub, link, discovery, reports, deprecations, clock, random } = options;
  const { site, service: from } = identity;
  const breaker = createCircuitBreaker(clock);
  const callPrefix = `${createTokens(random)().slice(0, 12)}-`;
  const idle = new Set<() => void>();
  let calls = 0;
  let pending = 0;
  let draining = false;

  /** Waits for the connection, and the first time for the hub's clock. */
  async function ready(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    await link.untilUp(deadline - clock.monotonic(), signal);
    signal?.throwIfAborted();
    if (!link.up) {
      const reason = `not connected to the server of ${site}; the call was not sent`;
      throw link.refusal ?? new CausewayError('UNREACHABLE', reason);
    }
    const wait = Math.min(firstDiscoveryMs, deadline - clock.monotonic());
    if (!hub.known) await within(clock, wait, discovery.firstAttempt, signal);
    signal?.throwIfAborted();
  }

  function send(
    to: Endpoint,
    body: Uint8Array,
    deadline: number,
    opts: CallOptions,
    signal: AbortSignal | undefined,
    silence: Silence,
  ): Promise<unknown> {
    const { traceparent } = opts;
    const subject = to.subjectTo(opts.site ?? 'any');
    const wait = breaker.wait(subject);
    if (wait > 0) return Promise.reject(silent(to, wait, body, opts));
    calls += 1;
    const call = callPrefix + calls.toString(36);
    const fields: [string, string][] = [[names.call, call]];
    // Without a gateway's reply the hub's time is not known, and this machine's own may be hours off.
    if (hub.known) {
      fields.push([names.deadline, String(Math.floor(hub.now() + deadline - clock.monotonic()))]);
    }
    if (traceparent !== undefined) fields.push([names.traceparent, traceparent]);
    const limit = connection.info?.max_payload;
    if (limit !== undefined && body.length + headerBytes(fields) > limit) {
      const reason = `the request has ${body.length} bytes; the server takes ${limit} with its headers`;
      throw new CausewayError('PAYLOAD_TOO_LARGE', reason);
    }

    return new Promise((resolve, reject) => {
      const onAbort = () => mux.abort(token);
      const token = mux.send(subject, body, deadline, headerBlock(fields), (outcome) => {
        signal?.removeEventListener('abort', onAbort);
        if (outcome === 'timeout') {
          if (!silence.counted) breaker.timedOut(subject);
          silence.counted = true;
        } else if (outcome !== 'aborted') breaker.answered(subject);
        if (typeof outcome === 'string') {
          reject(outcome === 'aborted' && signal ? signal.reason : fault(outcome, to, call, body, opts));
          return;
        }
        deprecations.note(to.service, to.major, outcome, opts.onDeprecated);
        try {
          resolve(resultOf(outcome));
        } catch (error) {
          reject(error);
        }
      });
      signal?.addEventListener('abort', onAbort);
    });
  }

  function fault(outcome: MuxFault, to: Endpoint, call: string, body: Uint8Array, opts: CallOptions) {
    switch (outcome) {
      case 'no-responders':
        return unrouted(to, call, body, opts);
      case 'timeout':
        return new CausewayError('DEADLINE_EXCEEDED', `no reply from ${nameOf(to)} before the deadline`);
      case 'denied':
        return new CausewayError('DENIED', `the server does not let ${site}.${from} publish this call`);
      default:
        // It was sent, so this must not be a code after which any call may be repeated.
        return new CausewayError(
          'DEADLINE_EXCEEDED',
          `this connection was closed before a reply came from ${nameOf(to)}`,
        );
    }
  }

  /** The last calls were not answered: this one is not sent, and recorded as one that reached nobody. */
  function silent(to: Endpoint, retryAfter: number, body: Uint8Array, opts: CallOptions): CausewayError {
    const { service, major, endpoint } = to;
    calls += 1;
    const call = callPrefix + calls.toString(36);
    const at = Math.max(0, Math.floor(hub.now()));
    const toSite = opts.site ?? 'any';
    reports.add({
      call,
      at,
      toSite,
      service,
      major,
      endpoint,
      code: 'UNREACHABLE',
      requestBytes: body.length,
    });
    const where = opts.site === undefined ? '' : ` at ${opts.site}`;
    const reason = `the last calls to ${nameOf(to)}${where} were not answered; another try in ${retryAfter} ms`;
    return new CausewayError('UNREACHABLE', reason, { retryAfter });
  }

  /** Nobody heard the call: says which kind of nobody, and has it recorded. */
  function unrouted(to: Endpoint, call: string, body: Uint8Array, opts: CallOptions): CausewayError {
    const { service, major, endpoint } = to;
    // Where nothing is discovered there is no gateway (yet, or again), and nothing can be said against the API.
    const listed = discovery.lists(service, major, opts.site) ?? true;
    const code = listed ? 'UNREACHABLE' : 'NO_ROUTE';
    const toSite = opts.site ?? 'any';
    const at = Math.max(0, Math.floor(hub.now()));
    reports.add({ call, at, toSite, service, major, endpoint, code, requestBytes: body.length });
    const where = opts.site === undefined ? '' : ` at ${opts.site}`;
    return new CausewayError(
      code,
      listed
        ? `no gateway that serves ${nameOf(to)}${where} can be reached now`
        : `there is no ${nameOf(to)}${where} for ${site}.${from}`,
    );
  }

  async function call(to: Endpoint, input: unknown, opts: CallOptions = {}): Promise<unknown> {
    const { signal, timeout = defaultTimeoutMs, retry = 0 } = opts;
    signal?.throwIfAborted();
    if (!(timeout > 0))
      throw new RangeError(`timeout must be a number of milliseconds above 0, not ${timeout}`);
    if (draining) throw new CausewayError('UNREACHABLE', 'this connection is being closed');
    const deadline = clock.monotonic() + timeout;
    const body = encodeInput(input);
    const silence = { counted: false };
    const once = async (during: AbortSignal | undefined, onSent = () => {}) => {
      try {
        if (!link.up || !hub.known) await ready(deadline, during);
        const route = opts.site === undefined ? discovery.route(to.service, to.major) : undefined;
        const answer = route
          ? tryInTurn(
              route.pick(random),
              (each) => send(to, body, deadline, { ...opts, site: each }, during, silence),
              () => link.up && !during?.aborted && clock.monotonic() < deadline,
            )
          : send(to, body, deadline, opts, during, silence);
        onSent();
        return await answer;
      } catch (thrown) {
        throw callError(thrown);
      }
    };
    if (retry <= 0) return once(signal);
    // Known from discovery; a list that cannot be had yet promises nothing.
    if (!hub.known) await ready(deadline, signal);
    const { service, major, endpoint } = to;
    const idempotent = discovery.promisesIdempotence(service, major, endpoint);
    const ended = () => connection.isClosed();
    return repeatCall({
      ...{ attempt: once, repeats: retry, deadline, idempotent, ended, signal, link, clock, random },
    });
  }

  return {
    endpoint(service, major, endpoint) {
      const made = new Map<string, string>();
      return {
        service,
        major,
        endpoint,
        subjectTo(toSite) {
          let subject = made.get(toSite);
          if (subject === undefined) {
            subject = subjects.call.build({ fromSite: site, from, toSite, service, major, endpoint });
            made.set(toSite, subject);
          }
          return subject;
        },
      };
    },
    async call(to, input, opts) {
      pending += 1;
      try {
        return await call(to, input, opts);
      } catch (error) {
        // Some of these are known without asking anybody. Who calls again at once, for ever, would keep this process
        // from doing anything else, even from hearing that what it calls is back.
        if (error instanceof CausewayError && error.code === 'UNREACHABLE') await sleep(clock, 0);
        throw error;
      } finally {
        pending -= 1;
        if (pending === 0) for (const done of idle) done();
      }
    },
    get pending() {
      return pending;
    },
    drain() {
      draining = true;
      return pending === 0 ? Promise.resolve() : new Promise((resolve) => idle.add(resolve));
    },
  };
}

function nameOf({ service, major, endpoint }: Endpoint): string {
  return `${service}.v${major}.${endpoint}`;
}

function encodeInput(input: unknown): Uint8Array {
  try {
    const value = input === undefined ? null : input;
    if (JSON.stringify(value) === undefined) throw new TypeError(`a ${typeof input} has no JSON form`);
    return encodeJson(value);
  } catch (cause) {
    throw new CausewayError('INVALID_REQUEST', `the input is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** What the layers below throw, as the caller's error. An aborted signal's reason stays what it is. */
function callError(thrown: unknown): unknown {
  if (thrown instanceof MuxError) return new CausewayError('UNREACHABLE', 'the connection is closed');
  // The grammar of subjects and the block of headers throw these for names and values that are none.
  if (thrown instanceof RangeError)
    return new CausewayError('INVALID_REQUEST', thrown.message, { cause: thrown });
  if (thrown instanceof Error && thrown.name === 'ClosedConnectionError') {
    return new CausewayError('UNREACHABLE', 'the connection is closed', { cause: thrown });
  }
  return thrown;
}

/** Throws INVALID_REQUEST for a name that no service can have. */
export function checkServiceName(service: string): void {
  const fault = nameFault('service', service);
  if (fault !== undefined) throw new CausewayError('INVALID_REQUEST', fault);
}
