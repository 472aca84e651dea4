import {
  CausewayError,
  type Clock,
  encodeJson,
  isName,
  isToken,
  type LeaseReply,
  type Logger,
  type Manifest,
  majorOf,
  type NoRouteReport,
  nameFault,
  parseMessage,
  type RegisterRequest,
  requireProtocol,
  subjects,
} from '@causeway/protocol';
import { type HubClock, type LogRate, rateLimitedLogger } from '@causeway/transport';
import type { Msg, MsgHdrs } from 'nats';
import { encodeRefusal } from '../calls/refusal.ts';
import { type Instances, leaseMs } from '../instances/instances.ts';
import type { SiteState } from '../state/site-state.ts';
import { createDeskRates } from './rates.ts';

/** What the services of one tenant can make the gateway write. */
const logged: LogRate = { lines: 120, periodMs: 60_000 };

const notKnownMs = 50;

/** What the desk needs; one for each tenant. */
export interface DeskSurroundings {
  readonly tenant: string;
  readonly site: string;
  readonly instances: Instances;
  readonly state: SiteState;
  readonly hub: HubClock;
  /** Names this run of the gateway. */
  readonly epoch: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly logger: Logger;
  readonly publish: (subject: string, body: Uint8Array, headers?: MsgHdrs) => void;
  /** Resolves once routes opened so far are known to the server. */
  readonly flush: () => Promise<void>;
  /** Makes sure that the registry has published these APIs for this site. */
  readonly ensurePublished: (service: string, apis: readonly Manifest[]) => Promise<void>;
  /** The service tells of calls of its own that reached no gateway. Throws where they cannot be recorded. */
  readonly reported: (service: string, calls: NoRouteReport['calls']) => void;
}

/** Serves `registry.<site>.<service>.<op>`: the services of this site register, renew, withdraw, discover, report. */
export function createDesk(around: DeskSurroundings): (message: Msg) => void {
  const { tenant, site, instances, state, hub, epoch } = around;
  const logger = rateLimitedLogger(around.logger, around.clock, logged);
  const rates = createDeskRates(around.clock);

  function lease(): LeaseReply {
    return { lease: leaseMs, revision: state.revision, time: Math.round(hub.now()) };
  }

  async function register(service: string, request: RegisterRequest): Promise<LeaseReply> {
    requireProtocol(request.protocol, `the service ${service}`, `the gateway of ${site}`);
    for (const [index, api] of request.apis.entries()) {
      if (api.service !== service) {
        throw new CausewayError('DENIED', `${service} may not publish an API of the name ${api.service}`, {
          pointer: `/apis/${index}/service`,
        });
      }
      if (api.tenant !== undefined && api.tenant !== tenant) {
        throw new CausewayError(
          'DENIED',
          `${service} of tenant ${tenant} may not publish for ${api.tenant}`,
          {
            pointer: `/apis/${index}/tenant`,
          },
        );
      }
    }
    await around.ensurePublished(service, request.apis);
    const majors = request.apis.map((api) => majorOf(api.version));
    instances.register(service, request.instance, majors);
    await around.flush();
    return lease();
  }

  async function answer(service: string, op: string, body: Uint8Array): Promise<object> {
    rates.admit(service);
    switch (op) {
      case 'register':
        return register(service, expect('RegisterRequest', body));
      case 'renew': {
        const request = expect('RenewRequest', body);
        if (!instances.renew(service, request.instance, request.healthy)) {
          throw new CausewayError('NO_INSTANCE', `instance ${request.instance} is not registered at ${site}`);
        }
        return lease();
      }
      case 'withdraw': {
        instances.remove(service, expect('WithdrawRequest', body).instance);
        return lease();
      }
      case 'discover': {
        const request = expect('DiscoverRequest', body);
        requireProtocol(request.protocol, `the service ${service}`, `the gateway of ${site}`);
        if (!state.known) {
          // An empty list would take everything back from who asks.
          const reason = `the gateway of ${site} has just started and does not know yet; ask again`;
          throw new CausewayError('UNREACHABLE', reason, { retryAfter: notKnownMs });
        }
        const { apis, name, changedAt } = state.visible(tenant, service);
        const { since, view } = request;
        // What lies ahead of this site's tables is of a registry that was made anew since.
        const still = since !== undefined && since <= state.revision && changedAt <= since;
        const unchanged = view === undefined ? still : view === name;
        return {
          revision: state.revision,
          time: Math.round(hub.now()),
          unchanged,
          view: name,
          epoch,
          apis: unchanged ? [] : apis,
        };
      }
      case 'noroute': {
        const { calls } = expect('NoRouteReport', body);
        requireNames(calls);
        around.reported(service, calls);
        return lease();
      }
      default:
        throw new CausewayError('INVALID_REQUEST', `unknown operation "${op}"`);
    }
  }

  return (message) => {
    const fields = subjects.registry.parse(message.subject);
    const prefix = `_INBOX.${site}.${fields?.service}.`;
    const reply = message.reply ?? '';
    const rest = reply.slice(prefix.length).split('.');
    if (
      !fields ||
      fields.site !== site ||
      !reply.startsWith(prefix) ||
      rest.length !== 2 ||
      !rest.every(isToken)
    ) {
      logger.warn(
        { tenant, subject: message.subject },
        'registry message without an inbox of its sender; dropped',
      );
      return;
    }
    answer(fields.service, fields.op, message.data).then(
      (body) => {
        const encoded = encodeJson(body);
        rates.sent(fields.service, encoded.length);
        around.publish(reply, encoded);
      },
      (thrown: unknown) => {
        const error = CausewayError.opaque(thrown, `the gateway of ${site}`);
        if (error !== thrown) logger.error({ err: thrown, tenant, op: fields.op }, 'desk failed');
        logger.info({ tenant, service: fields.service, op: fields.op, err: error.toJSON() }, 'desk refused');
        const { body, headers } = encodeRefusal(error);
        around.publish(reply, body, headers);
      },
    );
  };
}

/** A record that names what nobody can be called is none: the block that held it would not verify. */
function requireNames(calls: NoRouteReport['calls']): void {
  for (const [index, { service, toSite }] of calls.entries()) {
    const fault = nameFault('service', service) ?? (toSite === 'any' ? undefined : nameFault('site', toSite));
    if (fault === undefined) continue;
    const pointer = `/calls/${index}/${isName(service) ? 'toSite' : 'service'}`;
    throw new CausewayError('INVALID_REQUEST', `NoRouteReport${pointer}: ${fault}`, { pointer });
  }
}

/** The parsed message, or INVALID_REQUEST with the place of the fault. */
function expect<
  N extends 'RegisterRequest' | 'RenewRequest' | 'WithdrawRequest' | 'DiscoverRequest' | 'NoRouteReport',
>(name: N, body: Uint8Array) {
  const parsed = parseMessage(name, body);
  if (parsed.fault) {
    const { pointer, problem } = parsed.fault;
    throw new CausewayError('INVALID_REQUEST', `${name}${pointer} ${problem}`, { pointer });
  }
  return parsed.value;
}
