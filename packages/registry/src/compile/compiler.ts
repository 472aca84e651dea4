import { streamNames } from '@causeway/nats-server';
import {
  type CallerIndex,
  callerEntries,
  compile,
  diffTables,
  indexCallers,
  nextEdge,
  type QueueNames,
} from '@causeway/policy';
import { type Clock, type CompiledReply, compiledKeys, type Logger } from '@causeway/protocol';
import type { JetStreamClient } from '@nats-io/jetstream';
import { readBucket } from '../documents/read-bucket.ts';
import type { DocumentStore } from '../documents/store.ts';
import { type BucketWrite, writeBucket } from '../documents/write-bucket.ts';
import type { UserIssuer } from '../identities/user-issuer.ts';
import { createChanges } from './changes.ts';
import { fitting } from './fitting.ts';
import { tenantEntries } from './tenant-entries.ts';

/** Keeps the bucket `compiled` in line with the documents. */
export interface Compiler {
  /**
   * Compiles what stands now and tells the sites concerned; does nothing where that is done. Runs one after the
   * other. What fails is not tried again by itself (`startReconciling`).
   */
  run(): Promise<void>;
  /** When a policy begins or ends next, so that it is to be run again; ms on this clock, Infinity where none does. */
  readonly until: number;
  /** The last revision that concerned a site; 0 where none did. */
  siteRevision(site: string): number;
  /** The compiled tables as they were written last: site to key to value. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** What a site must be told that has everything up to a position. */
  changesSince(site: string, position: number, ofBucket: string | undefined): Omit<CompiledReply, 'time'>;
  /** When the bucket was made, as its server said it: names the bucket that positions belong to. */
  readonly bucket: string;
}

/** Adds who there is at the caller sites, and that nobody else is a caller. */
function listCallers(table: Map<string, unknown>, site: string, index: CallerIndex): void {
  for (const [key, known] of callerEntries(table, site, index)) table.set(key, known);
  table.set(compiledKeys.callersListed, {});
}

/** Opens the compiler with what the bucket holds, which may be older than the documents: run it once. */
export async function openCompiler(options: {
  js: JetStreamClient;
  store: DocumentStore;
  queueNames: QueueNames;
  users: UserIssuer;
  clock: Clock;
  logger: Logger;
  /** Told when something changed for a site. */
  onChange: (site: string, revision: number) => void;
  /** Told when a revision has been compiled for every site. */
  onCompiled: () => void;
}): Promise<Compiler> {
  const { js, store, queueNames, users, clock, logger, onChange, onCompiled } = options;
  const manager = await js.jetstreamManager();
  const { created: bucket } = await manager.streams.info(streamNames.compiled);
  const changes = createChanges(bucket);
  let tables = new Map<string, Map<string, unknown>>();
  const siteRevisions = new Map<string, number>();
  /** The revision that was compiled last, for every site. */
  let compiled = -1;
  let until = Number.POSITIVE_INFINITY;
  let queue: Promise<void> = Promise.resolve();

  for (const { key, value, revision } of await readBucket(js, 'compiled')) {
    const dot = key.indexOf('.');
    const site = key.slice(0, dot);
    const rest = key.slice(dot + 1);
    changes.set(site, rest, value, revision);
    if (value === undefined) continue;
    if (rest === compiledKeys.revision) {
      siteRevisions.set(site, (value as { revision: number }).revision);
      continue;
    }
    const table = tables.get(site) ?? new Map<string, unknown>();
    table.set(rest, value);
    tables.set(site, table);
  }

  /** All that a site needs besides its tables: claims of its accounts, and its own users. */
  async function tablesAt(at: number): Promise<Map<string, Map<string, unknown>>> {
    const documents = store.all;
    const next = new Map<string, Map<string, unknown>>();
    for (const [site, table] of compile(documents, queueNames, at)) {
      const fitted = new Map<string, unknown>();
      for (const [key, value] of table) {
        const fits = fitting(value);
        if (fits !== value) logger.warn({ site, key }, 'an entry is too large for its site; it was cut down');
        fitted.set(key, fits);
      }
      next.set(site, fitted);
    }
    const callers = indexCallers(documents.services);
    for (const site of documents.sites) {
      const table = next.get(site.name) as Map<string, unknown>;
      listCallers(table, site.name, callers);
      const before = tables.get(site.name) ?? new Map<string, unknown>();
      for (const [key, value] of tenantEntries(site, store)) table.set(key, value);
      if (site.rekey) table.set(compiledKeys.rekey, site.rekey);
      for (const [key, user] of await users.usersOf(site, documents.services, before)) table.set(key, user);
    }
    return next;
  }

  async function runOnce(): Promise<void> {
    const { revision } = store;
    const at = clock.now();
    if (compiled === revision && at < until) return;
    const edge = nextEdge(store.all, at);
    const next = await tablesAt(at);
    const failed: unknown[] = [];
    for (const [site, { put, removed }] of diffTables(tables, next)) {
      const writes: BucketWrite[] = [
        ...[...put].map(([key, value]) => ({ key, value })),
        ...removed.map((key) => ({ key, value: undefined })),
        // Last: a gateway that has read it has read all that came before.
        { key: compiledKeys.revision, value: { revision } },
      ];
      let last: number;
      try {
        last = await writeBucket(
          js,
          'compiled',
          writes.map((write) => ({ ...write, key: `${site}.${write.key}` })),
        );
      } catch (err) {
        // One site that cannot be told must not keep the others from being told.
        failed.push(err);
        next.set(site, tables.get(site) ?? new Map());
        continue;
      }
      // Nobody else writes here, so that the sequences follow on each other.
      for (const [index, { key, value }] of writes.entries()) {
        changes.set(site, key, value, last - writes.length + 1 + index);
      }
      siteRevisions.set(site, revision);
      tables.set(site, next.get(site) ?? new Map());
      logger.info({ site, revision, put: put.size, removed: removed.length }, 'compiled for a site');
      onChange(site, revision);
    }
    tables = next;
    if (failed.length > 0) throw failed[0];
    compiled = revision;
    until = edge;
    onCompiled();
  }

  return {
    run() {
      const run = queue.then(runOnce);
      queue = run.catch((err: unknown) => logger.error({ err }, 'compiling failed'));
      return run;
    },
    get until() {
      return until;
    },
    siteRevision: (site) => siteRevisions.get(site) ?? 0,
    get tables() {
      return tables;
    },
    changesSince: changes.since,
    bucket,
  };
}
