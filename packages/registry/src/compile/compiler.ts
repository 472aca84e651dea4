import { streamNames } from '@causeway/nats-server';
import {
  createLiveTables,
  type LiveChange,
  type LiveDocument,
  type QueueNames,
  sameValue,
} from '@causeway/policy';
import {
  type Clock,
  type CompiledReply,
  compiledKeys,
  documentKeys,
  type KnownCallers,
  type Logger,
  parseCompiledKey,
  type ServedApi,
  type VisibleApis,
} from '@causeway/protocol';
import type { JetStreamClient } from '@nats-io/jetstream';
import { readBucket } from '../documents/read-bucket.ts';
import { type AnyDocument, type DocumentStore, keyOf } from '../documents/store.ts';
import { type BucketWrite, writeBucket } from '../documents/write-bucket.ts';
import type { UserIssuer } from '../identities/user-issuer.ts';
import { createCallerLists } from './caller-lists.ts';
import { createChanges } from './changes.ts';
import { type CompiledShare, compiledShare } from './compiled-share.ts';
import { createCompiledSizes } from './compiled-sizes.ts';
import {
  bareView,
  callerBytes,
  fitting,
  fittingCallers,
  requireFittingCallers,
  requireFittingValue,
} from './fitting.ts';
import { extrasConcerned, extrasOf } from './site-extras.ts';
import { inGroups } from './site-groups.ts';
import { createTold, type Told } from './told.ts';

/** Keeps the bucket `compiled` in line with the documents. */
export interface Compiler {
  /**
   * Compiles what changed since the last time and tells the sites concerned; does nothing where that is done. Runs one
   * after the other. What fails is not tried again by itself (`startReconciling`).
   */
  run(): Promise<void>;
  /** When a policy begins or ends next, so that it is to be run again; ms on this clock, Infinity where none does. */
  readonly until: number;
  /** The last revision that concerned a site; 0 where none did. */
  siteRevision(site: string): number;
  /** Which revisions concerned which sites. */
  readonly told: Pick<Told, 'needed' | 'behindSince' | 'newest'>;
  /** The compiled tables as they were written last: site to key to value. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** What a site was told beside its tables, by key: who serves elsewhere. */
  beside(site: string): ReadonlyMap<string, unknown>;
  /** Tells a site such entries, after what is being compiled; undefined takes one back. They make no new revision. */
  tellBeside(site: string, writes: readonly BucketWrite[]): Promise<void>;
  /** What a site must be told that has everything up to a position. */
  changesSince(site: string, position: number, ofBucket: string | undefined): Omit<CompiledReply, 'time'>;
  /** The position of the last change of a site; 0 where there was none. */
  sitePosition(site: string): number;
  /**
   * Throws PAYLOAD_TOO_LARGE where these changes would make an API's entry at a site larger than can be sent there:
   * its manifest, and one rule for each policy that concerns it; or what all sites must be told of a tenant more than its
   * share.
   */
  requireFitting(changes: readonly LiveDocument[]): void;
  /** When the bucket was made, as its server said it: names the bucket that positions belong to. */
  readonly bucket: string;
}

/** Opens the compiler with what the bucket holds, which may be older than the documents: run it once. */
export async function openCompiler(options: {
  js: JetStreamClient;
  store: DocumentStore;
  queueNames: QueueNames;
  users: Pick<UserIssuer, 'usersOf'>;
  clock: Clock;
  logger: Logger;
  /** Told when something changed for a site: in its tables, or in what it is told beside them. */
  onChange: (site: string, revision: number, where: 'tables' | 'beside') => void;
  /** Told when a revision has been compiled for every site, with the keys of the documents that changed since the last. */
  onCompiled: (changed: ReadonlySet<string>) => void;
}): Promise<Compiler> {
  const { js, store, queueNames, users, clock, logger, onChange, onCompiled } = options;
  const manager = await js.jetstreamManager();
  const { created: bucket } = await manager.streams.info(streamNames.compiled);
  const changes = createChanges(bucket);
  const tables = new Map<string, Map<string, unknown>>();
  const told = createTold();
  /** Keys of documents that the live tables have not taken in. */
  let changed = new Set<string>();
  /** Those that changed since the last time that all was compiled. */
  let announced = new Set<string>();
  store.watch((keys) => {
    for (const key of keys) changed.add(key);
  });
  const live = createLiveTables(store.all, queueNames, clock.now());
  /** What a site has besides its tables. */
  const extras = new Map<string, ReadonlyMap<string, unknown>>();
  const extrasDue = new Set<string>();
  const callers = createCallerLists(() => store.all.services);
  const sizes = createCompiledSizes();
  /** Documents as the live tables have them: what a key that is gone was about. */
  const taken = new Map<string, LiveDocument>();
  /** Keys of sites that may be others than the site was told. */
  const pending = new Map<string, Set<string>>();
  /** The revision that was compiled last, for every site. */
  let compiled = -1;
  let until = Number.POSITIVE_INFINITY;
  let queue: Promise<void> = Promise.resolve();
  const beside = new Map<string, Map<string, unknown>>();

  function besideOf(site: string): Map<string, unknown> {
    const entries = beside.get(site) ?? new Map<string, unknown>();
    beside.set(site, entries);
    return entries;
  }

  function markPending(site: string, keys: Iterable<string>): void {
    const all = pending.get(site) ?? new Set<string>();
    pending.set(site, all);
    for (const key of keys) all.add(key);
  }

  for (const { key, value, revision, at } of await readBucket(js, 'compiled')) {
    const dot = key.indexOf('.');
    const site = key.slice(0, dot);
    const rest = key.slice(dot + 1);
    changes.set(site, rest, value, revision);
    if (value === undefined) continue;
    if (rest === compiledKeys.revision) {
      told.site(site, (value as { revision: number }).revision, at);
      continue;
    }
    if (parseCompiledKey(rest)?.kind === 'idle') {
      besideOf(site).set(rest, value);
      continue;
    }
    const table = tables.get(site) ?? new Map<string, unknown>();
    table.set(rest, value);
    tables.set(site, table);
    sizes.set(site, rest, value);
    markPending(site, [rest]);
  }
  for (const site of live.sites) {
    const table = live.table(site);
    markPending(site, table.keys());
    for (const key of table.keys()) serves(site, key);
    extrasDue.add(site);
  }
  const { sites, services, apis, policies } = store.all;
  for (const list of [sites, services, apis, policies]) {
    for (const document of list) taken.set(keyOf(document), document);
  }

  const sitesOf = (tenant: string) =>
    store.all.sites.filter((site) => Object.hasOwn(site.tenants, tenant)).length;

  const isKnownCallers = (value: unknown): value is KnownCallers => Object.hasOwn(Object(value), 'names');

  const isLive = (document: AnyDocument): document is LiveDocument =>
    ['site', 'service', 'api', 'policy'].includes(document.kind);

  /** The callers that a site is told of follow from the routes of what it serves. */
  function serves(site: string, key: string): void {
    if (parseCompiledKey(key)?.kind !== 'serve') return;
    callers.served(site, key, live.value(site, key) as ServedApi | undefined);
  }

  /** What has become of a document since the live tables took it in; undefined where they never had one. */
  function changeOf(key: string): LiveChange | undefined {
    const document = store.get(key);
    if (document !== undefined && isLive(document)) return { document };
    const before = taken.get(key);
    return before && { document: before, removed: true };
  }

  /** Brings the live tables to what stands, as of a time. */
  function takeIn(at: number): void {
    const keys = changed;
    changed = new Set();
    const due: LiveChange[] = [];
    for (const key of keys) {
      announced.add(key);
      if (key.startsWith('service.')) callers.identityChanged();
      for (const site of extrasConcerned(key) ?? live.sites) extrasDue.add(site);
      const change = changeOf(key);
      if (!change) continue;
      due.push(change);
      if (change.removed) taken.delete(key);
      else taken.set(key, change.document);
    }
    for (const [site, touched] of live.update(due, at)) {
      markPending(site, touched);
      for (const key of touched) serves(site, key);
    }
    for (const [site, touched] of callers.refresh(live.sites)) markPending(site, touched);
  }

  /** The claims and users of a site, from the documents as they stand at this call. */
  async function renewExtrasOf(name: string): Promise<void> {
    const document = store.get(documentKeys.site(name));
    const before = tables.get(name) ?? new Map<string, unknown>();
    const known = extras.get(name) ?? new Map<string, unknown>();
    const next =
      document?.kind === 'site'
        ? await extrasOf({ site: document, store, users, services: live.servicesAt(name), before })
        : new Map<string, unknown>();
    extras.set(name, next);
    markPending(name, [...known.keys(), ...next.keys()]);
  }

  /**
   * Those of all sites whose documents changed; begun together, so that what comes meanwhile is in none of them. Gives what
   * failed, by site: it keeps no other waiting.
   */
  async function renewExtras(): Promise<Map<string, unknown>> {
    const failed = new Map<string, unknown>();
    const names = [...extrasDue];
    extrasDue.clear();
    const renewed = names.map((name) =>
      renewExtrasOf(name).catch((err: unknown) => {
        extrasDue.add(name);
        failed.set(name, err);
      }),
    );
    await Promise.all(renewed);
    return failed;
  }

  /** What a key of a site must be; undefined where it must not be there. */
  function wanted(site: string, key: string, share: CompiledShare): unknown {
    const value = live.value(site, key);
    if (value === undefined) {
      const known = callers.value(site, key);
      return extras.get(site)?.get(key) ?? (isKnownCallers(known) ? fittingCallers(known) : known);
    }
    const fits = withinShare(site, key, fitting(value), share);
    if (fits !== value) logger.warn({ site, key }, 'an entry is too large for its site; it was cut down');
    return fits;
  }

  /**
   * What services see grows by itself where policies begin, and nobody can be refused that any more. No tenant fills the
   * bucket by it that all sites are told from: first the schemas go, and then what is too much.
   */
  function withinShare(
    site: string,
    key: string,
    value: ServedApi | VisibleApis,
    share: CompiledShare,
  ): ServedApi | VisibleApis {
    if (!('apis' in value)) return value;
    const first = [value, bareView(value)].find((each) => !sizes.exceeds(site, key, each, share));
    return first ?? { apis: [] };
  }

  /** Tells a site what is other than it was told. */
  async function tell(site: string, revision: number, at: number): Promise<void> {
    const keys = pending.get(site) ?? new Set<string>();
    pending.delete(site);
    const table = tables.get(site) ?? new Map<string, unknown>();
    const writes: BucketWrite[] = [];
    const share = compiledShare(store.all.sites);
    for (const key of keys) {
      const value = wanted(site, key, share);
      if (!sameValue(value, table.get(key))) {
        writes.push({ key, value });
        // Counted at once: the next ones are to fit beside it.
        sizes.set(site, key, value);
      } else if (value !== undefined) {
        // One copy is enough: what the bucket held is let go.
        table.set(key, value);
        changes.share(site, key, value);
      }
    }
    if (writes.length === 0) return;
    // Last: a gateway that has read it has read all that came before.
    writes.push({ key: compiledKeys.revision, value: { revision } });
    let last: number;
    try {
      last = await writeBucket(
        js,
        'compiled',
        writes.map((write) => ({ ...write, key: `${site}.${write.key}` })),
      );
    } catch (err) {
      markPending(site, keys);
      throw err;
    }
    for (const [index, { key, value }] of writes.entries()) {
      changes.set(site, key, value, last - writes.length + 1 + index);
      if (key === compiledKeys.revision) continue;
      if (value === undefined) table.delete(key);
      else table.set(key, value);
    }
    if (live.sites.includes(site) || table.size > 0) tables.set(site, table);
    else tables.delete(site);
    told.site(site, revision, at);
    const removed = writes.filter(({ value }) => value === undefined).length;
    logger.info({ site, revision, put: writes.length - 1 - removed, removed }, 'compiled for a site');
    onChange(site, revision, 'tables');
  }

  async function runOnce(): Promise<void> {
    const { revision } = store;
    const at = clock.now();
    const idle = changed.size === 0 && pending.size === 0 && extrasDue.size === 0;
    if (compiled === revision && at < until && idle) return;
    takeIn(at);
    const edge = live.until;
    const behind = await renewExtras();
    const failed = [...behind.values()];
    // What it would say that it has is less than all.
    const due = new Map([...pending].filter(([site]) => !behind.has(site)));
    for (const sites of inGroups(due)) {
      // One site that cannot be told must not keep the others from being told.
      for (const outcome of await Promise.allSettled(sites.map((site) => tell(site, revision, at)))) {
        if (outcome.status === 'rejected') failed.push(outcome.reason);
      }
    }
    if (failed.length > 0) throw failed[0];
    compiled = revision;
    until = edge;
    told.compiled(revision);
    const news = announced;
    announced = new Set();
    onCompiled(news);
  }

  async function tellOnce(site: string, writes: readonly BucketWrite[]): Promise<void> {
    const keyed = writes.map((write) => ({ ...write, key: `${site}.${write.key}` }));
    const last = await writeBucket(js, 'compiled', keyed);
    const entries = besideOf(site);
    for (const [index, { key, value }] of writes.entries()) {
      changes.set(site, key, value, last - writes.length + 1 + index);
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    }
    onChange(site, told.last(site), 'beside');
  }

  return {
    beside: (site) => besideOf(site),
    tellBeside(site, writes) {
      const done = queue.then(() => tellOnce(site, writes));
      queue = done.catch(() => {});
      return done;
    },
    run() {
      const run = queue.then(runOnce);
      queue = run.catch((err: unknown) => logger.error({ err }, 'compiling failed'));
      return run;
    },
    get until() {
      return until;
    },
    siteRevision: told.last,
    told,
    tables,
    changesSince: changes.since,
    sitePosition: changes.newest,
    requireFitting(documents) {
      const added = new Map<string, number>();
      for (const document of documents) {
        if (document.kind !== 'service' || taken.has(keyOf(document))) continue;
        requireFittingCallers(store.all.services, document);
        const { tenant, name } = document;
        const more = callerBytes(name) * (sitesOf(tenant) - 1);
        added.set(tenant, (added.get(tenant) ?? 0) + more);
      }
      // Tried on top of what stands and is not taken in: a run that is under way writes what it began with, and no more.
      const standing = [...changed].flatMap((key) => changeOf(key) ?? []);
      const attempted = [...standing, ...documents.map((document) => ({ document }))];
      live.attempt(attempted, (touched) => {
        const values = [...touched].flatMap(([site, keys]) =>
          [...keys].map((key) => [site, key, live.value(site, key)] as const),
        );
        for (const [site, , value] of values) requireFittingValue(site, value);
        sizes.require(values, compiledShare(store.all.sites), added);
      });
    },
    bucket,
  };
}
