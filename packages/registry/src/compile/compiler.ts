import { compile, diffTables, type QueueNames } from '@causeway/policy';
import { compiledKeys, type Logger } from '@causeway/protocol';
import type { JetStreamClient } from '@nats-io/jetstream';
import { readBucket } from '../documents/read-bucket.ts';
import type { DocumentStore } from '../documents/store.ts';
import { type BucketWrite, writeBucket } from '../documents/write-bucket.ts';
import type { UserIssuer } from '../identities/user-issuer.ts';

/** Keeps the bucket `compiled` in line with the documents. */
export interface Compiler {
  /** Compiles what stands now and tells the sites concerned. Runs one after the other. */
  run(): Promise<void>;
  /** The last revision that concerned a site; 0 where none did. */
  siteRevision(site: string): number;
  /** The compiled tables as they were written last: site to key to value. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
}

/** Opens the compiler with what the bucket holds, which may be older than the documents: run it once. */
export async function openCompiler(options: {
  js: JetStreamClient;
  store: DocumentStore;
  queueNames: QueueNames;
  users: UserIssuer;
  logger: Logger;
}): Promise<Compiler> {
  const { js, store, queueNames, users, logger } = options;
  let tables = new Map<string, Map<string, unknown>>();
  const siteRevisions = new Map<string, number>();
  let queue: Promise<void> = Promise.resolve();

  for (const { key, value } of await readBucket(js, 'compiled')) {
    const dot = key.indexOf('.');
    const site = key.slice(0, dot);
    const rest = key.slice(dot + 1);
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
  async function tablesNow(): Promise<Map<string, Map<string, unknown>>> {
    const documents = store.all;
    const accounts = new Map(store.accounts.map((account) => [account.name, account]));
    const next = new Map<string, Map<string, unknown>>();
    for (const [site, table] of compile(documents, queueNames))
      next.set(site, new Map<string, unknown>(table));
    for (const site of documents.sites) {
      const table = next.get(site.name) as Map<string, unknown>;
      const before = tables.get(site.name) ?? new Map<string, unknown>();
      for (const tenant of Object.keys(site.tenants)) {
        const account = accounts.get(tenant);
        if (account) table.set(compiledKeys.account(account.publicKey), { jwt: account.jwt });
      }
      for (const [key, user] of await users.usersOf(site, documents.services, before)) table.set(key, user);
    }
    return next;
  }

  async function runOnce(): Promise<void> {
    const { revision } = store;
    const next = await tablesNow();
    const changes = diffTables(tables, next);
    for (const [site, { put, removed }] of changes) {
      const writes: BucketWrite[] = [
        ...[...put].map(([key, value]) => ({ key: `${site}.${key}`, value })),
        ...removed.map((key) => ({ key: `${site}.${key}`, value: undefined })),
        // Last: a gateway that has read it has read all that came before.
        { key: `${site}.${compiledKeys.revision}`, value: { revision } },
      ];
      await writeBucket(js, 'compiled', writes);
      siteRevisions.set(site, revision);
      tables.set(site, next.get(site) ?? new Map());
      logger.info({ site, revision, put: put.size, removed: removed.length }, 'compiled for a site');
    }
    tables = next;
  }

  return {
    run() {
      const run = queue.then(runOnce);
      queue = run.catch((err: unknown) => logger.error({ err }, 'compiling failed'));
      return run;
    },
    siteRevision: (site) => siteRevisions.get(site) ?? 0,
    get tables() {
      return tables;
    },
  };
}
