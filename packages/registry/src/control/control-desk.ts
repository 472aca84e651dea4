import {
  type BeatRequest,
  CausewayError,
  type Clock,
  documentKeys,
  isToken,
  type Logger,
  type Messages,
  parseMessage,
  type Random,
  type RekeyRequest,
  requireProtocol,
  subjects,
} from '@causeway/protocol';
import { type LogRate, rateLimitedLogger } from '@causeway/transport';
import type { Msg, NatsConnection, Subscription } from 'nats';
import type { Compiler } from '../compile/compiler.ts';
import type { DocumentStore } from '../documents/store.ts';
import type { SigningPapers } from '../joining/hub-papers.ts';
import { certificateFor } from '../joining/site-papers.ts';
import type { QuotaDesk } from '../quota/quota-desk.ts';
import { answerWith } from '../reply.ts';
import type { Gateways } from './gateways.ts';
import type { Publishing } from './publishing.ts';
import { createRequestRate, type RequestRate } from './request-rate.ts';

/** Serves `control.<site>.*`: what the sites' gateways say. */
export interface ControlDesk {
  /** Listens to a site, on a subscription of its own. */
  addSite(site: string): void;
  close(): void;
}

/** What a site that is taken over can make the registry write. */
const perSite: LogRate = { lines: 60, periodMs: 60_000 };

/**
 * Creates the desk. `heard` is told at each renewal of a site's gateway, `usersTaken` when a site has put
 * re-issued credentials in place.
 */
export function createControlDesk(options: {
  connection: NatsConnection;
  store: DocumentStore;
  compiler: Compiler;
  publishing: Publishing;
  gateways: Gateways;
  quotas: QuotaDesk;
  heard: (site: string) => void;
  /** Told which APIs have a healthy instance at a gateway; undefined where it does not say. */
  serving: (site: string, gateway: string, serving: BeatRequest['serving']) => void;
  /** How far a site's records have been stored in the cloud. */
  confirmed: (site: string) => { sequence: number; created: string } | undefined;
  usersTaken: (site: string) => void;
  papers: Pick<SigningPapers, 'issuingCa'>;
  /** A site made new keys, or uses them. */
  rekey: (site: string, request: RekeyRequest) => Promise<void>;
  /** A site has made its keys for a tenant; resolves with the revision that has its users. */
  arrived: (
    site: string,
    gateway: string,
    keys: Pick<Messages['TenantKeys'], 'tenant' | 'keys'>,
  ) => Promise<number>;
  clock: Clock;
  random: Random;
  logger: Logger;
}): ControlDesk {
  const {
    connection,
    store,
    compiler,
    publishing,
    gateways,
    quotas,
    heard,
    usersTaken,
    papers,
    clock,
    logger,
  } = options;
  const subscriptions = new Map<string, Subscription>();
  const time = () => Math.round(clock.now());

  const documentOf = (site: string) => {
    const document = store.get(documentKeys.site(site));
    return document?.kind === 'site' ? document : undefined;
  };

  /** What a gateway says of its instances, as far as it is of identities of its site. */
  function ownOf<T>(site: string, ofServices: Readonly<Record<string, T>> = {}): Record<string, T> {
    return Object.fromEntries(
      Object.entries(ofServices).filter(([key]) => {
        const [tenant = '', service = '', ...rest] = key.split('.');
        return rest.length === 0 && store.get(documentKeys.service(tenant, site, service)) !== undefined;
      }),
    );
  }

  async function answer(
    site: string,
    gateway: string,
    op: string,
    body: Uint8Array,
    rate: RequestRate,
  ): Promise<object> {
    rate.admit(op, body.length);
    if (!Object.hasOwn(documentOf(site)?.gateways ?? {}, gateway)) {
      throw new CausewayError('DENIED', `site ${site} has no gateway ${gateway}`);
    }
    // Of its end it may still hear, and say that it has.
    const ofItsEnd = op === 'compiled' || op === 'receipt';
    if (documentOf(site)?.revoked && !ofItsEnd)
      throw new CausewayError('REVOKED', `site ${site} was revoked`);
    switch (op) {
      case 'register': {
        const request = expect('PublishRequest', body, gateway);
        requireProtocol(request.protocol, `the gateway of ${site}`, 'the registry');
        requireTenant(site, request.tenant);
        const revision = await publishing.publish(request.tenant, site, request.service, request.apis);
        return { revision, time: time() };
      }
      case 'renew': {
        const request = expect('BeatRequest', body, gateway);
        requireProtocol(request.protocol, `the gateway of ${site}`, 'the registry');
        gateways.renewed(site, { ...request, instances: ownOf(site, request.instances) });
        const { serving } = request;
        options.serving(site, gateway, serving && { ...serving, apis: ownOf(site, serving.apis) });
        heard(site);
        const confirmed = options.confirmed(site);
        return {
          revision: compiler.siteRevision(site),
          bucket: compiler.bucket,
          position: compiler.sitePosition(site),
          time: time(),
          takes: ['memory', 'serving'],
          ...(confirmed ? { confirmed } : {}),
        };
      }
      case 'compiled': {
        const request = expect('CompiledRequest', body, gateway);
        const reply = { ...compiler.changesSince(site, request.since, request.bucket), time: time() };
        rate.answered(Buffer.byteLength(JSON.stringify(reply.entries)));
        return reply;
      }
      case 'quota': {
        const { shares } = expect('QuotaRequest', body, gateway);
        return { time: time(), shares: await quotas.answer(site, shares) };
      }
      case 'tenant': {
        const { tenant, keys } = expect('TenantKeys', body, gateway);
        return { revision: await options.arrived(site, gateway, { tenant, keys }), time: time() };
      }
      case 'receipt': {
        const request = expect('Receipt', body, gateway);
        if (request.revision > store.revision) {
          // Of another registry's tables, or made up: it says nothing of what is in force here.
          throw new CausewayError(
            'INVALID_REQUEST',
            `site ${site} acknowledges revision ${request.revision}; the last is ${store.revision}`,
            { pointer: '/revision' },
          );
        }
        gateways.received(site, gateway, request.revision);
        if ((request.users?.length ?? 0) > 0) usersTaken(site);
        return { revision: compiler.siteRevision(site), time: time() };
      }
      case 'certificate': {
        const request = expect('CertificateRequest', body, gateway);
        const { hosts = [] } = documentOf(site) ?? {};
        const around = { ca: await papers.issuingCa(), clock, random: options.random };
        return { certificate: await certificateFor(request, { name: site, hosts }, around), time: time() };
      }
      case 'rekey': {
        await options.rekey(site, expect('RekeyRequest', body, gateway));
        return { revision: compiler.siteRevision(site), time: time() };
      }
      default:
        throw new CausewayError('INVALID_REQUEST', `unknown operation "${op}"`);
    }
  }

  function requireTenant(site: string, tenant: string): void {
    if (Object.hasOwn(documentOf(site)?.tenants ?? {}, tenant)) return;
    throw new CausewayError('DENIED', `tenant ${tenant} is not at site ${site}`);
  }

  function onMessage(site: string, message: Msg, rate: RequestRate, heardLog: Logger): void {
    // The subscription says which site it is; a hostile leaf can make any subject show (ADR 0004).
    const fields = subjects.control.parse(message.subject);
    const inbox = subjects.inbox.parse(message.reply ?? '');
    if (
      fields?.site !== site ||
      inbox?.site !== site ||
      inbox.caller !== 'gateway' ||
      !isToken(inbox.token)
    ) {
      heardLog.warn({ shown: message.subject }, 'control message that is not of its site; dropped');
      return;
    }
    const answered = answer(site, inbox.connection, fields.op, message.data, rate);
    void answerWith(connection, message.reply as string, answered, heardLog.child({ op: fields.op }));
  }

  return {
    addSite(site) {
      if (subscriptions.has(site)) return;
      const rate = createRequestRate(site, clock);
      const heardLog = rateLimitedLogger(logger.child({ site }), clock, perSite);
      const subscription = connection.subscribe(`control.${site}.*`, {
        callback: (err, message) => {
          if (err) logger.error({ err, site }, 'control subscription refused');
          else onMessage(site, message, rate, heardLog);
        },
      });
      subscriptions.set(site, subscription);
    },
    close() {
      for (const subscription of subscriptions.values()) subscription.unsubscribe();
    },
  };
}

/** The parsed request of that gateway, or INVALID_REQUEST with the place of the fault. */
function expect<
  N extends
    | 'PublishRequest'
    | 'BeatRequest'
    | 'CertificateRequest'
    | 'CompiledRequest'
    | 'QuotaRequest'
    | 'Receipt'
    | 'RekeyRequest'
    | 'TenantKeys',
>(name: N, body: Uint8Array, gateway: string): Messages[N] {
  const parsed = parseMessage(name, body);
  if (parsed.fault) {
    const { pointer, problem } = parsed.fault;
    throw new CausewayError('INVALID_REQUEST', `${name}${pointer} ${problem}`, { pointer });
  }
  if (parsed.value.gateway !== gateway) {
    throw new CausewayError('DENIED', `gateway ${gateway} speaks as ${parsed.value.gateway}`, {
      pointer: '/gateway',
    });
  }
  return parsed.value;
}
