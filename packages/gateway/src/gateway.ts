import path from 'node:path';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { createHubClock, createReplyMux, createTokens } from '@causeway/transport';
import { type Broker, openBroker } from './broker/broker.ts';
import { cloudClaims, createClaimsPusher } from './claims/claims.ts';
import { takeHinted } from './claims/hinted.ts';
import { type GatewayConfig, streamsOf } from './config.ts';
import { createConnections } from './connections.ts';
import { createControlLink } from './control/control-link.ts';
import { createPublisher } from './control/publisher.ts';
import { carryCounters } from './counters/carried.ts';
import { createAvailability } from './instances/availability.ts';
import { createQuotaPool } from './quota/pool.ts';
import { openRecorders } from './records/recorders.ts';
import { retry } from './retry.ts';
import { noServerMemory, watchServerMemory } from './server-memory.ts';
import { createCallers } from './state/callers.ts';
import { openContact } from './state/contact.ts';
import { cloudCopy, createCompiledCopy } from './state/copy.ts';
import { createInForce } from './state/in-force.ts';
import { readCompiled } from './state/reader.ts';
import { createSiteState } from './state/site-state.ts';
import type { VisibilityChange } from './state/views.ts';
import { startTenantAgent, type TenantAgent } from './tenant/agent.ts';
import { cloudLinks, createServerLinks } from './tenant/links.ts';
import { createRoster } from './tenant/roster.ts';
import { createTenantUsers } from './tenant/tenant-users.ts';
import { createBlockSigner, openOwnUser } from './users/own-user.ts';
import { openPendingKeys, ownName } from './users/pending-keys.ts';
import { createRekeying } from './users/rekeying.ts';
import { createUserRenewal } from './users/renewal.ts';
import { within } from './within.ts';

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

/** Milliseconds that the registry is given to take back what is left of quotas; what it does not hear of is lost. */
const stopQuotasMs = 500;
const quotaSweepMs = 1_000;

/** What a gateway is given from outside. */
export interface GatewayPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Starts the access agent of a site. Resolves when it has applied all that its `compiled` tables held and
 * listens to its services; the cloud need not be there. Each part is made of those before it: storage, the link to
 * the registry, what is in force, the tenants' agents, the tables; the registry hears of the gateway last.
 */
export async function startGateway(config: GatewayConfig, ports: GatewayPorts): Promise<Gateway> {
  const { site, gateway, tenants } = config;
  const { clock, random } = ports;
  const logger = ports.logger.child({ site, gateway });
  const stopping = new AbortController();
  const patiently = <T>(what: string, attempt: () => Promise<T>) =>
    retry(what, attempt, { clock, logger, signal: stopping.signal });
  const connections = createConnections({ config, patiently, random, logger });
  const streams = streamsOf(config);
  const hub = createHubClock(clock);
  const epoch = createTokens(random)();

  // The streams: at an edge this gateway makes them, as its broker; in the cloud the registry does.
  let broker: Broker | undefined;
  if (!config.cloud) {
    const connection = await connections.keep('broker.creds', `_INBOX.${site}.broker`);
    broker = await patiently('streams of the site', () =>
      openBroker({ connection, site, gateways: [gateway], clock, logger }),
    );
  }

  const inboxPrefix = `_INBOX.${site}.gateway.${gateway}`;
  const connection = await connections.keep('gateway.creds', inboxPrefix);
  const signer = createBlockSigner(config);
  await patiently('counters of the site before', () => carryCounters({ connection, config, logger }));
  const records = await openRecorders({
    connection,
    site,
    gateway,
    tenants,
    streams,
    sign: signer.sign,
    patiently,
    clock,
    logger,
  });
  const system = config.cloud ? undefined : await connections.keep('system.creds', '_INBOX.sys');
  const claims = system
    ? await createClaimsPusher({
        connection: system,
        file: path.join(config.credsDir, 'claims.json'),
        clock,
        logger,
      })
    : cloudClaims;
  const serverMemory = system
    ? watchServerMemory({ connection: system, site, clock, logger })
    : noServerMemory;
  const mux = createReplyMux({ connection, prefix: inboxPrefix, clock, random });
  const control = createControlLink({ site, gateway, mux, hub, clock, logger });

  const quotas = createQuotaPool({ ask: control.shares, hub, clock });
  const contact = await openContact({ file: path.join(config.credsDir, 'heard.json'), clock, logger });
  const agents = new Map<string, TenantAgent>();
  /** Its own user has another key: that one signs from now on, and the connection comes back with it. */
  const ownRenewed = async () => {
    signer.renew();
    await connection.reconnect();
  };
  const pending = await openPendingKeys(config.credsDir, random);
  const around = { config, pending, clock, logger, signal: stopping.signal };
  const users = createUserRenewal({ ...around, agents, ownRenewed });
  const own = await openOwnUser({ config, clock, renewed: ownRenewed });
  const rekeying = createRekeying({ ...around, agents, users, own, tell: control.rekey });
  const tenantUsers = createTenantUsers(config, random);
  const roster = createRoster({
    agents,
    steps: {
      announce: async (tenant) => {
        await control.tenantKeys(tenant, await tenantUsers.keys(tenant));
        copy.refresh();
      },
      install: tenantUsers.install,
      start: startTenant,
      renew: users.renew,
      leave: endTenant,
    },
    clock,
    logger,
    signal: stopping.signal,
  });
  const links =
    system && config.serverDir !== undefined
      ? createServerLinks({ connection: system, serverDir: config.serverDir })
      : cloudLinks;
  const inForce = createInForce({
    tenants,
    async settled(tenant) {
      await roster.settled(tenant);
      await users.settled(tenant);
      await claims.settled(tenant);
      const concerned = tenant === undefined ? [...agents.keys()] : [tenant];
      await Promise.all(concerned.map((each) => agents.get(each)?.flush()));
    },
    onReached: (revision) => control.receipt(revision, users.taken()),
    clock,
  });
  const notify = (revision: number, changes: readonly VisibilityChange[]) => {
    for (const change of changes) agents.get(change.tenant)?.notify(change, revision);
  };
  const callers = createCallers();
  const state = createSiteState({
    site,
    logger,
    listener: {
      served: (tenant, service, major, api) => agents.get(tenant)?.served(service, major, api),
      account: claims.push,
      tenant: roster.wanted,
      user: (tenant, role, user) => {
        // The site's own user is of no tenant that could be coming.
        if (tenant === ownName || !roster.user(tenant, role, user)) users.renew(tenant, role, user);
      },
      callers(tenant, from, shard, known) {
        callers.set(tenant, from, shard, known);
        agents.get(tenant)?.callersChanged(from);
      },
      rekey: rekeying.asked,
      revision: (revision, changes) => {
        // From now on it is known whether callers are listed.
        if (inForce.revision === 0) for (const agent of agents.values()) agent.callersChanged();
        notify(revision, changes);
        inForce.applied(revision);
        logger.info({ revision, changes: changes.length }, 'revision applied');
      },
      visible: notify,
    },
  });
  const availability = createAvailability({
    clock,
    onChange: (tenant, service, major, available) => {
      state.available(tenant, service, major, available);
      control.renewSoon();
    },
  });
  const publisher = createPublisher({ state, control, inForce, clock });

  const startAgent = (tenant: string) =>
    startTenantAgent({
      tenant,
      site,
      gateway,
      state,
      callers,
      recorder: records.of(tenant),
      hub,
      quotas,
      silence: contact.silence,
      clock,
      random,
      logger: logger.child({ tenant }),
      connect: () => connections.open(`gateway-${tenant}.creds`, inboxPrefix),
      ensurePublished: (service, apis) => publisher.ensure(tenant, service, apis),
      epoch,
      onAvailable: (service, major, available) => availability.set(tenant, service, major, available),
    });

  /** A tenant came to the site: its account is known before anything links to it, its chain is open before it calls. */
  async function startTenant(tenant: string, account: string): Promise<void> {
    await claims.settled(tenant);
    await links.add(tenant, account);
    await records.add(tenant);
    await config.saveTenants?.([...agents.keys(), tenant]);
    const agent = await startAgent(tenant);
    agents.set(tenant, agent);
    for (const api of state.servedBy(tenant)) agent.served(api.service, api.major, api);
    inForce.add(tenant, state.revision);
    logger.info({ tenant }, 'tenant came to the site');
  }

  /** A tenant left: what it recorded is stored and counted before anything of it is forgotten. */
  async function endTenant(tenant: string): Promise<void> {
    const agent = agents.get(tenant);
    users.forget(tenant);
    await agent?.close();
    await records.remove(tenant);
    await links.remove(tenant);
    await tenantUsers.remove(tenant);
    await config.saveTenants?.([...agents.keys()].filter((each) => each !== tenant));
    inForce.remove(tenant);
    agents.delete(tenant);
    logger.info({ tenant }, 'tenant left the site');
  }

  for (const tenant of tenants) agents.set(tenant, await startAgent(tenant));

  const copy = broker
    ? createCompiledCopy({ site, manager: broker.manager, state, ask: control.compiled, clock, logger })
    : cloudCopy;
  const reading = readCompiled({
    connection,
    site,
    stream: streams.compiled,
    consumer: gateway,
    state,
    onAnew: copy.refresh,
    clock,
    logger,
  });
  await reading.caughtUp;
  state.caughtUp();
  // The registry's hint that something changed; renewals say so too, later.
  connection.subscribe(`${inboxPrefix}.changed`, { callback: copy.refresh });
  // And account claims ahead of the tables that bring them too: what is void is cut at once.
  connection.subscribe(`${inboxPrefix}.claims`, {
    callback: (err, { data }) =>
      void (err ?? takeHinted({ data, tenants: [...agents.keys()], claims, logger })),
  });
  copy.refresh();

  const stopSweep = clock.every(quotaSweepMs, quotas.sweep);
  const stopKeeping = broker?.keep({
    countedThrough: records.countedThrough,
    confirmed: () => control.confirmed,
  });
  control.start({
    status: () => ({
      revision: inForce.revision,
      memory: { rss: process.memoryUsage.rss(), age: 0 },
      serverMemory: serverMemory.current(),
      serving: availability.report(),
      instances: Object.fromEntries(
        [...agents].flatMap(([tenant, agent]) =>
          [...agent.instances.counts()].map(([service, count]) => [`${tenant}.${service}`, count]),
        ),
      ),
    }),
    onReply: (reply) => {
      // A lease begins anew with the newest tables: by older ones somebody would be admitted who was revoked since.
      if (reply.revision <= state.revision) contact.heard();
      copy.heard(reply);
    },
  });
  logger.info({ revision: state.revision, tenants: [...agents.keys()] }, 'gateway ready');

  return {
    site,
    name: gateway,
    get revision() {
      return state.revision;
    },
    async stop() {
      stopping.abort();
      stopSweep();
      stopKeeping?.();
      control.close();
      availability.close();
      copy.close();
      claims.close();
      serverMemory.close();
      await reading.close();
      // First no more calls, then their records, then the connection that carries them.
      await Promise.all([...agents.values()].map((agent) => agent.close()));
      await within(stopQuotasMs, quotas.close(), clock);
      // With the server gone nothing can be stored any more; what waits then is lost.
      await within(stopFlushMs, records.flush(), clock);
      records.close();
      mux.close();
      await connections.close();
      logger.info({}, 'gateway stopped');
    },
  };
}
