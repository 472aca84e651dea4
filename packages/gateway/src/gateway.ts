import path from 'node:path';
import type { Clock, Logger, Random } from '@causeway/protocol';
import {
  connectNats,
  createHubClock,
  createReplyMux,
  createSigner,
  type HubClock,
  type ReplyMux,
  readCreds,
} from '@causeway/transport';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { startBroker } from './broker/broker.ts';
import { type ClaimsPusher, createClaimsPusher } from './claims/claims.ts';
import { type GatewayConfig, streamsOf } from './config.ts';
import { type ControlLink, createControlLink } from './control/control-link.ts';
import { createPublisher } from './control/publisher.ts';
import { openRecorders, type Recorders } from './records/recorders.ts';
import { retry } from './retry.ts';
import { type CompiledCopy, createCompiledCopy } from './state/copy.ts';
import { createInForce } from './state/in-force.ts';
import { readCompiled } from './state/reader.ts';
import { createSiteState, type SiteState } from './state/site-state.ts';
import { startTenantAgent, type TenantAgent } from './tenant/agent.ts';
import { createUserRenewal } from './users/renewal.ts';

/** A running gateway. */
export interface Gateway {
  readonly site: string;
  readonly name: string;
  /** The newest revision in force here. */
  readonly revision: number;
  /** Stops taking calls, stores and counts what was recorded, and leaves. */
  stop(): Promise<void>;
}

/** Milliseconds that the last records are given to be stored when a gateway stops. */
const stopFlushMs = 5_000;

/** Resolves when the work is done, or the time is over. */
async function within(ms: number, work: Promise<void>, clock: Clock): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, over]);
  cancel();
}

/** What a gateway is given from outside. */
export interface GatewayPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Starts the access agent of a site. Resolves when it has applied all that its `compiled` tables held and
 * listens to its services; the cloud need not be there.
 */
export async function startGateway(config: GatewayConfig, ports: GatewayPorts): Promise<Gateway> {
  const { site, gateway } = config;
  const { clock, random } = ports;
  const logger = ports.logger.child({ site, gateway });
  const stopping = new AbortController();
  const patiently = <T>(what: string, attempt: () => Promise<T>) =>
    retry(what, attempt, { clock, logger, signal: stopping.signal });

  const open = (file: string, inboxPrefix: string): Promise<NatsConnection> =>
    patiently('server of the site', () =>
      connectNats({
        servers: config.url,
        ca: config.ca,
        credentials: path.join(config.credsDir, file),
        inboxPrefix,
        name: `gateway ${site}/${gateway} ${file}`,
        random,
        logger,
      }),
    );

  const connections: NatsConnection[] = [];
  const keep = async (file: string, inboxPrefix: string): Promise<NatsConnection> => {
    const connection = await open(file, inboxPrefix);
    connections.push(connection);
    return connection;
  };

  const streams = streamsOf(config);
  const hub: HubClock = createHubClock(clock);
  let recorders: Recorders | undefined;
  let control: ControlLink | undefined;
  const agents = new Map<string, TenantAgent>();

  // The streams: at an edge this gateway makes them, as its broker; in the cloud the registry does.
  let brokerConnection: NatsConnection | undefined;
  if (!config.cloud) {
    const opened = await keep('broker.creds', `_INBOX.${site}.broker`);
    brokerConnection = opened;
    const broker = await patiently('streams of the site', () =>
      startBroker({
        connection: opened,
        site,
        gateways: [gateway],
        countedThrough: (tenant) => recorders?.countedThrough(tenant) ?? 0,
        confirmed: () => control?.confirmed,
        clock,
        logger,
      }),
    );
    stopping.signal.addEventListener('abort', () => broker.close());
  }

  const inboxPrefix = `_INBOX.${site}.gateway.${gateway}`;
  const connection = await keep('gateway.creds', inboxPrefix);
  const signer = createSigner(readCreds(path.join(config.credsDir, 'gateway.creds')).seed);
  recorders = await openRecorders({
    connection,
    site,
    gateway,
    tenants: config.tenants,
    streams,
    sign: signer.sign,
    patiently,
    clock,
    logger,
  });
  const records = recorders;

  let claims: ClaimsPusher | undefined;
  if (!config.cloud) {
    claims = await createClaimsPusher({
      connection: await keep('system.creds', '_INBOX.sys'),
      file: path.join(config.credsDir, 'claims.json'),
      clock,
      logger,
    });
  }

  const mux: ReplyMux = createReplyMux({ connection, prefix: inboxPrefix, clock, random });
  const users = createUserRenewal({ config, agents, clock, logger, signal: stopping.signal });
  let copy: CompiledCopy | undefined;

  const state: SiteState = createSiteState({
    logger,
    listener: {
      served: (tenant, service, major, api) => agents.get(tenant)?.served(service, major, api),
      account: (publicKey, jwt) => claims?.push(publicKey, jwt),
      user: (tenant, role, user) => users.renew(tenant, role, user),
      revision: (revision, changes) => {
        for (const change of changes) agents.get(change.tenant)?.notify(change, revision);
        inForce.applied(revision);
        logger.info({ revision, changes: changes.length }, 'revision applied');
      },
    },
  });
  const publisher = createPublisher({
    state,
    clock,
    control: () => control,
    inForce: () => inForce.revision,
  });
  const inForce = createInForce({
    settled: async () => {
      await users.settled();
      await claims?.settled();
      await Promise.all([...agents.values()].map((agent) => agent.flush()));
    },
    onReached: (revision) => {
      publisher.reached(revision);
      void users.settled().then((ids) => control?.receipt(revision, ids));
    },
  });

  for (const tenant of config.tenants) {
    const agent = await startTenantAgent({
      tenant,
      site,
      gateway,
      state,
      recorder: records.of(tenant),
      hub,
      clock,
      random,
      logger: logger.child({ tenant }),
      connect: () => open(`gateway-${tenant}.creds`, inboxPrefix),
      ensurePublished: (service, apis) => publisher.ensure(tenant, service, apis),
    });
    agents.set(tenant, agent);
  }

  control = createControlLink({
    site,
    gateway,
    mux,
    hub,
    clock,
    logger,
    status: () => ({
      revision: inForce.revision,
      instances: Object.fromEntries(
        [...agents].flatMap(([tenant, agent]) =>
          [...agent.instances.counts()].map(([service, count]) => [`${tenant}.${service}`, count]),
        ),
      ),
      unsentBlocks: records.waiting,
    }),
    onRevision: (revision) => {
      if (revision !== state.revision) copy?.refresh();
    },
  });
  const link = control;

  const reading = readCompiled({
    connection,
    site,
    stream: streams.compiled,
    consumer: gateway,
    state,
    clock,
    logger,
  });
  await reading.caughtUp;
  if (brokerConnection) {
    copy = createCompiledCopy({
      site,
      js: jetstream(brokerConnection),
      state,
      ask: (since) => link.compiled(since),
      clock,
      logger,
    });
    const { refresh, close } = copy;
    stopping.signal.addEventListener('abort', close);
    // The registry's hint that something changed; renewals say so too, later.
    connection.subscribe(`${inboxPrefix}.changed`, { callback: () => refresh() });
    refresh();
  }
  logger.info({ revision: state.revision, tenants: config.tenants }, 'gateway ready');

  return {
    site,
    name: gateway,
    get revision() {
      return state.revision;
    },
    async stop() {
      stopping.abort();
      link.close();
      claims?.close();
      await reading.close();
      // First no more calls, then their records, then the connection that carries them.
      await Promise.all([...agents.values()].map((agent) => agent.close()));
      // With the server gone nothing can be stored any more; what waits then is lost.
      await within(stopFlushMs, records.flush(), clock);
      records.close();
      mux.close();
      await Promise.all(connections.map((each) => each.close()));
      logger.info({}, 'gateway stopped');
    },
  };
}
