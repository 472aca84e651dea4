import path from 'node:path';
import { ensureHub, ensureOps, streamNames } from '@causeway/nats-server';
import { type Clock, documentKeys, type Logger, type Random } from '@causeway/protocol';
import { connectNats } from '@causeway/transport';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { createAdminDesk } from './admin/admin-desk.ts';
import { applyOperation } from './admin/ops/apply.ts';
import { consoleOperation, endConsoles } from './admin/ops/console.ts';
import { deleteOperation } from './admin/ops/delete.ts';
import { explainOperation } from './admin/ops/explain.ts';
import { getOperation } from './admin/ops/get.ts';
import { issueOperation } from './admin/ops/issue.ts';
import { removeSiteOperation, revokeOperation, revokeSiteOperation } from './admin/ops/revoke.ts';
import { rotateServiceOperation } from './admin/ops/rotate-service.ts';
import { rotateSigningOperation } from './admin/ops/rotate-signing.ts';
import { rotateSiteOperation } from './admin/ops/rotate-site.ts';
import { statusOperation } from './admin/ops/status.ts';
import { addTenantOperation, removeTenantOperation } from './admin/ops/tenant.ts';
import { createAnnouncer } from './announce/announcer.ts';
import { createCollection } from './collect/collection.ts';
import { startCloudPurge } from './collect/purge-cloud.ts';
import { openCompiler } from './compile/compiler.ts';
import { createQueueNames } from './compile/queue-names.ts';
import { noteTenant, type RegistryConfig, readBootstrap, readKeyring, strikeTenant } from './config.ts';
import { createClaimsHint } from './control/claims-hint.ts';
import { createControlDesk } from './control/control-desk.ts';
import { createGateways, hasCaughtUp } from './control/gateways.ts';
import { hintGateways } from './control/hint.ts';
import { createPublishing } from './control/publishing.ts';
import { foundingChanges } from './documents/founding.ts';
import { readRestored, requireSameBucket, takeInRestored } from './documents/restored.ts';
import { openDocumentStore } from './documents/store.ts';
import { createAccountClaims } from './hub/account-claims.ts';
import { createHub } from './hub/hub.ts';
import { reissueForeign } from './hub/reissue.ts';
import { createLinkCut } from './identities/link-cut.ts';
import { createLinkRefresh } from './identities/link-refresh.ts';
import { createIdentityReceipts } from './identities/receipts.ts';
import { createRekeying } from './identities/rekeying.ts';
import { createRetirement } from './identities/retirement.ts';
import { createRevoker } from './identities/revoker.ts';
import { createSigners } from './identities/signers.ts';
import { createSigning } from './identities/signing.ts';
import { createTenantRemoval } from './identities/tenant-removal.ts';
import { createTenants } from './identities/tenants.ts';
import { createUserIssuer } from './identities/user-issuer.ts';
import { createVoiding } from './identities/voiding.ts';
import { startReconciling } from './reconcile.ts';
import { defaultWatchdogMs, startWatchdog, type Watchdog } from './watchdog/watchdog.ts';

/** A running registry. */
export interface Registry {
  /** The revision of the documents. */
  readonly revision: number;
  stop(): Promise<void>;
}

/** A site that is cut off is given so long to take in that it is, in ms. */
const lastWordMs = 500;

/** What a registry is given from outside. */
export interface RegistryPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Starts the control plane at a hub that runs. Resolves when streams and documents are in place, everything
 * is compiled, and gateways and administrators are listened to. Rejects where the hub cannot be reached.
 */
export async function startRegistry(config: RegistryConfig, ports: RegistryPorts): Promise<Registry> {
  const opened: NatsConnection[] = [];
  try {
    return await assemble(config, ports, opened);
  } catch (error) {
    // Whoever tries again shall not do so beside connections that reconnect for ever.
    await Promise.allSettled(opened.map((connection) => connection.close()));
    throw error;
  }
}

async function assemble(
  config: RegistryConfig,
  ports: RegistryPorts,
  opened: NatsConnection[],
): Promise<Registry> {
  const { clock, random, logger } = ports;
  const bootstrap = await readBootstrap(config);
  const keyring = await readKeyring(config);
  const connect = async (file: string, inboxPrefix: string): Promise<NatsConnection> => {
    const connected = await connectNats({
      servers: config.url,
      ca: config.ca,
      credentials: path.join(config.dir, file),
      inboxPrefix,
      name: `registry ${file}`,
      random,
      logger,
    });
    opened.push(connected);
    return connected;
  };
  const connection = await connect('registry.creds', '_INBOX.cloud.registry');
  const system = await connect('system.creds', '_INBOX.sys');

  const consoles = await connect('ops.creds', '_INBOX.cloud.registry');

  const manager = await jetstreamManager(connection);
  const js = jetstream(connection);
  const restored = await readRestored(config.dir);
  await ensureHub(manager, restored ? { documentsFrom: restored.from } : {});
  const { created: bucket } = await manager.streams.info(streamNames.documents);
  if (!restored) await requireSameBucket(config.dir, bucket);
  const consoleManager = await jetstreamManager(consoles);
  await ensureOps(consoleManager);

  const store = await openDocumentStore(js);
  if (restored) await takeInRestored({ dir: config.dir, store, created: bucket, restored });
  await store.put(foundingChanges(bootstrap, store));
  if (!restored) await takeInRestored({ dir: config.dir, store, created: bucket, restored });
  await reissueForeign({ store, operator: keyring.operator, clock, logger });

  const accountKey = (name: string): string => {
    if (name === 'CONTROL') return bootstrap.control;
    if (name === 'OPS') return bootstrap.ops;
    const account = store.accounts.find((each) => each.name === name);
    if (!account) throw new Error(`there is no account ${name}`);
    return account.publicKey;
  };
  const accountName = (key: string): string => {
    if (key === bootstrap.control) return 'CONTROL';
    return store.accounts.find((account) => account.publicKey === key)?.name ?? key;
  };

  const hub = createHub(system, logger);
  // Claims that a registry stored but could not push before it ended. Without them in force it must not start.
  const claims = createAccountClaims({ store, hub, logger });
  await claims.push();

  const signers = createSigners({ dir: config.dir, keyring, store, random });
  const users = createUserIssuer({ keyring: signers, accountKey, clock, random });
  const announcer = createAnnouncer({ connection: consoles, store });
  const queueNames = createQueueNames(keyring.queueSecret);
  let watchdog: Watchdog | undefined;
  const compiler = await openCompiler({
    js,
    store,
    queueNames,
    users,
    clock,
    logger,
    onChange: (site, revision) => {
      hintGateways(connection, store, site, revision);
      watchdog?.changed(site);
    },
    onCompiled: () => announcer.announce(),
  });
  const gateways = createGateways(clock);
  const hint = createClaimsHint({ connection, store });
  const voiding = createVoiding({ store, compiler, keyring, claims, hint, bootstrap, clock });
  // Before anything is compiled: what sites were given by an earlier registry is what they listen for.
  watchdog = startWatchdog({
    hub,
    store,
    compiler,
    accountKey,
    settled: (site) => hasCaughtUp(gateways.of(site), compiler.siteRevision(site)),
    cutOff: createLinkCut({ store, voiding }),
    intervalMs: config.watchdogMs ?? defaultWatchdogMs,
    clock,
    logger,
  });
  // What cannot be compiled is tried again (`startReconciling`); it must not keep the registry from starting.
  await compiler.run().catch(() => {});

  const collection = createCollection({
    js: jetstream(consoles),
    manager: consoleManager,
    connect: (inboxPrefix) => connect('registry.creds', inboxPrefix),
    admits(site, tenant) {
      const document = store.get(documentKeys.site(site));
      if (document?.kind !== 'site') return false;
      // Of one that was removed the last records may be on their way.
      return Object.hasOwn(document.tenants, tenant) || document.formerTenants?.includes(tenant) === true;
    },
    clock,
    logger,
  });
  const publishing = createPublishing({ store, compiler, clock });
  const links = createLinkRefresh({ hub, store, compiler, accountKey, clock, logger });

  const compile = () => compiler.run();
  const rekeying = createRekeying({ store, voiding, compile, random, logger });
  const refreshed = new Set<string>();
  const controlDesk = createControlDesk({
    connection,
    store,
    compiler,
    publishing,
    gateways,
    heard: (site) => {
      collection.heard(site);
      // A link that should have been cut when an earlier registry ended.
      if (!refreshed.has(site)) links.refresh(site);
      refreshed.add(site);
    },
    confirmed: (site) => collection.confirmed(site),
    usersTaken: (site) => links.refresh(site),
    rekey: rekeying.take,
    arrived: (site, gateway, keys) => tenants.arrived(site, gateway, keys),
    clock,
    logger,
  });
  for (const site of store.all.sites) controlDesk.addSite(site.name);

  const receipts = createIdentityReceipts({ store, compiler, gateways, clock });
  const tenants = createTenants({
    store,
    voiding,
    keyring,
    note: (account) => noteTenant(config, account),
    founded: (tenant) => adminDesk.addTenant(tenant),
    clock,
    random,
  });
  const removal = createTenantRemoval({
    store,
    voiding,
    keyring,
    strike: (tenant, site) => strikeTenant(config, tenant, site),
    async removed(tenant) {
      adminDesk.removeTenant(tenant);
      await endConsoles(consoleManager, tenant);
    },
    clock,
  });
  const revoker = createRevoker({
    store,
    voiding,
    lastWord: (site) => receipts.collect([site], lastWordMs),
    cutOff(site) {
      collection
        .ended(site)
        .catch((err: unknown) => logger.warn({ err, site }, 'collecting from the site did not end cleanly'));
    },
  });
  const retirement = createRetirement({ store, voiding, users, signers, clock, logger });
  const { controlJwt } = bootstrap;
  const signing = createSigning({ store, signers, voiding, receipts, controlJwt, compile, logger });
  const adminDesk = createAdminDesk({
    connection,
    tenants: store.accounts.map((account) => account.name),
    operations: {
      apply: applyOperation({ store, compiler, clock }),
      get: getOperation({ store, compiler, gateways }),
      explain: explainOperation({ store, clock }),
      issue: issueOperation({ store, compiler, users, signers, voiding, receipts }),
      console: consoleOperation({ store, users, manager: consoleManager, clock, random }),
      'rotate-signing': rotateSigningOperation({ store, signing }),
      'rotate-site': rotateSiteOperation({ store, rekeying }),
      'rotate-service': rotateServiceOperation({ store, compiler, retirement }),
      status: statusOperation({ store, compiler, gateways, hub, collection, accountName }),
      delete: deleteOperation({ store, compiler, revoker }),
      revoke: revokeOperation({ revoker, store, receipts }),
      'revoke-site': revokeSiteOperation({ revoker, store, receipts }),
      'remove-site': removeSiteOperation({ revoker }),
      'add-tenant': addTenantOperation({ tenants }),
      'remove-tenant': removeTenantOperation({ removal }),
    },
    clock,
    logger,
  });
  const stopPurge = startCloudPurge({
    manager,
    confirmed: () => collection.confirmed('cloud'),
    clock,
    logger,
  });
  const stopReconciling = startReconciling({ store, compiler, claims, clock, logger });
  await connection.flush();
  logger.info({ revision: store.revision, sites: store.all.sites.length }, 'registry ready');

  return {
    get revision() {
      return store.revision;
    },
    async stop() {
      controlDesk.close();
      adminDesk.close();
      retirement.close();
      stopPurge();
      stopReconciling();
      await watchdog?.stop();
      await collection.stop();
      await consoles.drain();
      await connection.drain();
      await system.drain();
      logger.info({}, 'registry stopped');
    },
  };
}
