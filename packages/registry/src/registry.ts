import path from 'node:path';
import { ensureHub, ensureOps, streamNames } from '@causeway/nats-server';
import { type Clock, documentKeys, type Logger, type Random } from '@causeway/protocol';
import { connectNats, createSigner, readCreds } from '@causeway/transport';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { openActChains } from './acts/chains.ts';
import { createHistory } from './acts/history.ts';
import { createLedger } from './acts/ledger.ts';
import { recordingStore } from './acts/recording-store.ts';
import { createRefusals } from './acts/refusals.ts';
import { keepSigner } from './acts/signer-key.ts';
import { createAdminDesk } from './admin/admin-desk.ts';
import { createCallHistory } from './admin/documents/call-history.ts';
import { adminOperations } from './admin/operations.ts';
import { endConsoles } from './admin/ops/console.ts';
import { createAnnouncer } from './announce/announcer.ts';
import { createIdleSites, type IdleSites } from './announce/idle-sites.ts';
import { createServing } from './announce/serving.ts';
import { createCollection } from './collect/collection.ts';
import { startCloudPurge } from './collect/purge-cloud.ts';
import { openCompiler } from './compile/compiler.ts';
import { createQueueNames } from './compile/queue-names.ts';
import { noteTenant, type RegistryConfig, readBootstrap, readKeyring, strikeTenant } from './config.ts';
import { createClaimsHint } from './control/claims-hint.ts';
import { createControlDesk } from './control/control-desk.ts';
import { createGateways, hasCaughtUp } from './control/gateways.ts';
import { createHints, type Hints } from './control/hint.ts';
import { createPublishing } from './control/publishing.ts';
import { createStandings } from './control/standings.ts';
import { foundingChanges } from './documents/founding.ts';
import { readRestored, requireSameBucket, takeInRestored } from './documents/restored.ts';
import { keyOf, openDocumentStore } from './documents/store.ts';
import { tenantPresence } from './documents/tenant-presence.ts';
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
import { createEnrollDesk } from './joining/enroll-desk.ts';
import { createSigningPapers } from './joining/hub-papers.ts';
import { createInvitations } from './joining/invitations.ts';
import { createRedemption } from './joining/redemption.ts';
import { ledgerBucket } from './quota/bucket.ts';
import { openQuotaLedger } from './quota/ledger.ts';
import { createQuotaDesk } from './quota/quota-desk.ts';
import { startReconciling } from './reconcile.ts';
import { defaultWatchdogMs, startWatchdog, type Watchdog } from './watchdog/watchdog.ts';

/** Milliseconds between purges of windows of quotas that are over. */
const quotaPurgeMs = 30_000;

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
  const ticking: (() => void | Promise<void>)[] = [];
  try {
    return await assemble(config, ports, opened, ticking);
  } catch (error) {
    // Whoever tries again shall not do so beside timers that go on, and connections that reconnect for ever.
    await Promise.allSettled(ticking.map(async (stop) => stop()));
    await Promise.allSettled(opened.map((connection) => connection.close()));
    throw error;
  }
}

async function assemble(
  config: RegistryConfig,
  ports: RegistryPorts,
  opened: NatsConnection[],
  ticking: (() => void | Promise<void>)[],
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

  const documents = await openDocumentStore(js);
  const signer = createSigner(readCreds(path.join(config.dir, 'registry.creds')).seed);
  const ledger = createLedger({
    store: documents,
    keyOf,
    chains: openActChains({ js, manager, consoleManager }),
    sign: signer.sign,
    clock,
    logger,
  });
  const store = recordingStore(documents, ledger);
  const history = createHistory({
    ledger,
    manager,
    consoles: jetstream(consoles),
    began: documents.revision,
    clock,
    logger,
  });
  if (restored) await takeInRestored({ dir: config.dir, store, created: bucket, restored });
  await store.put(foundingChanges(bootstrap, store));
  if (!restored) await takeInRestored({ dir: config.dir, store, created: bucket, restored });
  await keepSigner(store, signer.publicKey);
  // What an earlier registry had stored with a change, and had no time to put into its chain.
  await ledger.settle().catch((err: unknown) => logger.warn({ err }, 'records of acts wait for their chain'));
  await reissueForeign({ store, bootstrap, operator: keyring.operator, clock, logger });

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
  let idleSites: IdleSites | undefined;
  // Made of the compiler, which tells them: what it compiles first, gateways hear of by their renewals' replies at once.
  let hints: Hints | undefined;
  let watchdog: Watchdog | undefined;
  const compiler = await openCompiler({
    js,
    store,
    queueNames,
    users,
    clock,
    logger,
    onChange: (site, revision, where) => {
      hints?.changed(site, revision);
      watchdog?.changed(site);
      if (where === 'tables') idleSites?.sees(site);
    },
    onCompiled: (changed) => announcer.announce(changed),
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
  ticking.push(watchdog.stop);
  // What cannot be compiled is tried again (`startReconciling`); it must not keep the registry from starting.
  await compiler.run().catch(() => {});

  const serving = createServing({ clock, onChange: (site) => idleSites?.serves(site) });
  idleSites = createIdleSites({ compiler, serving, clock, logger });
  const standings = createStandings({ store, compiler, gateways, clock });
  hints = createHints({
    connection,
    // Also one that was cut off: of its end it hears by its last tables, while its link is there.
    siteOf(name) {
      const document = store.get(documentKeys.site(name));
      return document?.kind === 'site' ? document : undefined;
    },
    has: (site, revision) => (standings.of(site).revision ?? 0) >= revision,
    clock,
  });
  ticking.push(serving.close, idleSites.close, hints.close);
  for (const { name } of store.all.sites) hints.changed(name, compiler.siteRevision(name));
  const presence = tenantPresence(store);
  const quotaLedger = await openQuotaLedger({ bucket: ledgerBucket(js), clock, logger });
  const stopQuotaPurge = clock.every(quotaPurgeMs, () => {
    quotaLedger.purge().catch((err: unknown) => logger.warn({ err }, 'quotas that are over were not purged'));
  });
  const collection = createCollection({
    js: jetstream(consoles),
    manager: consoleManager,
    connect: (inboxPrefix) => connect('registry.creds', inboxPrefix),
    admits: (site, tenant) => presence.mayRecord(tenant, site),
    clock,
    logger,
  });
  const publishing = createPublishing({ store, compiler, clock });
  const links = createLinkRefresh({ hub, store, compiler, accountKey, clock, logger });

  const compile = () => compiler.run();
  const rekeying = createRekeying({ store, voiding, compile, random, logger });
  const refreshed = new Set<string>();
  const papers = createSigningPapers(config);
  const controlDesk = createControlDesk({
    connection,
    store,
    papers,
    random,
    compiler,
    publishing,
    gateways,
    quotas: createQuotaDesk({ store, ledger: quotaLedger, isPresent: presence.isPresent }),
    heard: (site) => {
      collection.heard(site);
      // A link that should have been cut when an earlier registry ended.
      if (!refreshed.has(site)) links.refresh(site);
      refreshed.add(site);
    },
    serving: serving.renewed,
    confirmed: (site) => collection.confirmed(site),
    usersTaken: (site) => links.refresh(site),
    rekey: rekeying.take,
    arrived: (site, gateway, keys) => tenants.arrived(site, gateway, keys),
    clock,
    logger,
  });
  for (const site of store.all.sites) controlDesk.addSite(site.name);

  // Who joins after a signing key was replaced is signed for by the one in its place.
  const current = { ...keyring, signer: signers.signer };
  const invitations = createInvitations({
    ...{ store, keyring: current, control: bootstrap.control, papers, clock, random },
  });
  const redemption = createRedemption({
    ...{ store, invitations, voiding, keyring: current, bootstrap, accountKey, papers, clock, random },
    joined: (site) => controlDesk.addSite(site),
  });
  const enrollDesk = createEnrollDesk({ connection, invitations, redemption, clock, random, logger });
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
  const refusals = createRefusals({ ledger, revision: () => store.revision, clock, logger });
  const retirement = createRetirement({ store, voiding, users, signers, clock, logger });
  const { controlJwt } = bootstrap;
  const signing = createSigning({ store, signers, voiding, receipts, controlJwt, compile, logger });
  const adminDesk = createAdminDesk({
    connection,
    tenants: store.accounts.map((account) => account.name),
    operations: adminOperations({
      ...{
        store,
        compiler,
        gateways,
        collection,
        hub,
        accountName,
        history,
        invitations,
        standings,
        receipts,
      },
      ...{ users, signers, voiding, revoker, retirement, signing, rekeying, tenants, removal, clock, random },
      manager: consoleManager,
      acts: () => ledger.ends,
      calls: createCallHistory(consoleManager, clock),
    }),
    refusals,
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
      enrollDesk.close();
      retirement.close();
      stopPurge();
      stopQuotaPurge();
      stopReconciling();
      serving.close();
      idleSites?.close();
      hints?.close();
      await refusals.stop();
      await watchdog?.stop();
      await collection.stop();
      await consoles.drain();
      await connection.drain();
      await system.drain();
      logger.info({}, 'registry stopped');
    },
  };
}
