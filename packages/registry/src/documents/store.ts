import { defaultStreamLimits, maxBatchMessages } from '@causeway/nats-server';
import { type ApiDocument, canonicalJson, type Documents, type PolicyDocument } from '@causeway/policy';
import {
  type AccountDocument,
  CausewayError,
  documentKeys,
  majorOf,
  type Service,
  type Site,
} from '@causeway/protocol';
import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { createDocumentBudget, type DocumentLimits, documentLimits, type SizedDocument } from './budget.ts';
import { createDeletions } from './deletions.ts';
import { readBucket } from './read-bucket.ts';
import { BucketConflict, forgetKeys, writeBucket } from './write-bucket.ts';

/** CONTROL's claims as they were issued last; there is none before a site was revoked. */
export interface ControlDocument {
  readonly kind: 'control';
  readonly publicKey: string;
  readonly jwt: string;
  /** Public keys that sign users, by role, where another took the place of the one it was founded with. */
  readonly signers?: Readonly<Record<string, string>>;
}

/** What stays of a site that was removed: its records are kept, and must go on to verify. */
export interface FormerSite {
  readonly kind: 'former-site';
  readonly name: string;
  readonly tenants: readonly string[];
  /** Gateways, with the keys that signed their blocks. */
  readonly gateways: Readonly<Record<string, readonly string[]>>;
}

/** What stays of a tenant that was removed: its name is not given again, its claims are void wherever it was. */
export interface FormerAccount {
  readonly kind: 'former-account';
  readonly name: string;
  readonly publicKey: string;
  /** Claims that let nobody in. */
  readonly jwt: string;
}

/** Any document of the bucket `documents`. */
export type AnyDocument =
  | ApiDocument
  | PolicyDocument
  | Service
  | Site
  | AccountDocument
  | ControlDocument
  | FormerAccount
  | FormerSite;

/** The key of a document. */
export function keyOf(document: AnyDocument): string {
  switch (document.kind) {
    case 'api':
      return documentKeys.api(document.tenant, document.service, majorOf(document.version));
    case 'policy':
      return documentKeys.policy(document.tenant, document.name);
    case 'service':
      return documentKeys.service(document.tenant, document.site, document.name);
    case 'site':
      return documentKeys.site(document.name);
    case 'account':
      return documentKeys.account(document.name);
    case 'control':
      return documentKeys.control;
    case 'former-account':
      return documentKeys.formerAccount(document.name);
    case 'former-site':
      return documentKeys.formerSite(document.name);
  }
}

/** All documents, in memory as they are in the bucket. The registry alone writes there. */
export interface DocumentStore {
  /** Sequence of the last change: the revision of everything. */
  readonly revision: number;
  get(key: string): AnyDocument | undefined;
  readonly all: Documents;
  readonly accounts: readonly AccountDocument[];
  readonly formerAccounts: readonly FormerAccount[];
  readonly formerSites: readonly FormerSite[];
  /** True where a document of this key was deleted, and none stands. */
  isDeleted(key: string): boolean;
  /**
   * Writes documents and deletes those of the keys in `deleted`, up to 1,000 together, all or nothing; resolves with
   * the new revision, or the old one where nothing changes. Rejects with CONFLICT where another writer was faster,
   * with INVALID_REQUEST where there are more, with PAYLOAD_TOO_LARGE where a tenant would have more than its share.
   */
  put(documents: readonly AnyDocument[], deleted?: readonly string[]): Promise<number>;
  /** Reads what was written past this store: by a try that was given up and arrived late, or by another registry. */
  refresh(): Promise<void>;
}

interface Entry extends SizedDocument {
  readonly document: AnyDocument;
  readonly revision: number;
}

/** What a document counts in its tenant's budget. */
function sizeOf(document: AnyDocument): SizedDocument {
  const own = document.kind === 'api' || document.kind === 'policy' || document.kind === 'service';
  return {
    tenant: own ? document.tenant : undefined,
    bytes: Buffer.byteLength(JSON.stringify(document)),
  };
}

interface Write {
  readonly key: string;
  /** Undefined deletes it. */
  readonly value: AnyDocument | undefined;
  readonly expected: number;
}

/** Tries of a write whose answer does not come. */
const tries = 3;

/** Opens the store and reads all of it. */
export async function openDocumentStore(
  js: JetStreamClient,
  limits: DocumentLimits = documentLimits(defaultStreamLimits.documentsBytes),
): Promise<DocumentStore> {
  const entries = new Map<string, Entry>();
  const deletions = createDeletions((marks) => forgetKeys(js, 'documents', marks));
  const budget = createDocumentBudget(limits);
  let revision = 0;
  let snapshot: Documents | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  function set(key: string, document: AnyDocument | undefined, changed: number): void {
    if (document === undefined) {
      budget.replace(entries.get(key), undefined);
      entries.delete(key);
      deletions.add(key, changed);
      return;
    }
    deletions.remove(key);
    const next = { document, revision: changed, ...sizeOf(document) };
    budget.replace(entries.get(key), next);
    entries.set(key, next);
  }

  async function load(): Promise<void> {
    // Read first: what stands in memory must stay where the bucket cannot be read.
    const found = await readBucket(js, 'documents');
    for (const entry of entries.values()) budget.replace(entry, undefined);
    entries.clear();
    deletions.clear();
    for (const { key, value, revision: changed } of found) {
      revision = Math.max(revision, changed);
      set(key, value as AnyDocument | undefined, changed);
    }
    snapshot = undefined;
  }
  await load();

  const documentsOf = <K extends AnyDocument['kind']>(kind: K) =>
    [...entries.values()]
      .map((entry) => entry.document)
      .filter((document): document is Extract<AnyDocument, { kind: K }> => document.kind === kind);

  async function refresh(): Promise<void> {
    const stream = await js.streams.get('KV_documents');
    if ((await stream.info()).state.last_seq > revision) await load();
  }

  return {
    get revision() {
      return revision;
    },
    refresh() {
      const refreshed = queue.then(refresh);
      queue = refreshed.catch(() => {});
      return refreshed;
    },
    get: (key) => entries.get(key)?.document,
    isDeleted: (key) => deletions.revision(key) !== undefined,
    get all() {
      snapshot ??= {
        sites: documentsOf('site'),
        services: documentsOf('service'),
        apis: documentsOf('api'),
        policies: documentsOf('policy'),
      };
      return snapshot;
    },
    get accounts() {
      return documentsOf('account');
    },
    get formerAccounts() {
      return documentsOf('former-account');
    },
    get formerSites() {
      return documentsOf('former-site');
    },
    put(documents, deleted = []) {
      // What is expected is what stands when the caller asks; the writing itself takes its turn.
      const expected = (key: string) => entries.get(key)?.revision ?? deletions.revision(key) ?? 0;
      const writes: Write[] = documents.map((document) => {
        const key = keyOf(document);
        return { key, value: document, expected: expected(key) };
      });
      for (const key of deleted) {
        if (entries.has(key)) writes.push({ key, value: undefined, expected: expected(key) });
      }
      if (writes.length === 0) return Promise.resolve(revision);
      if (writes.length > maxBatchMessages) {
        const reason = `${writes.length} documents cannot be written at once; ${maxBatchMessages} can`;
        return Promise.reject(new CausewayError('INVALID_REQUEST', reason));
      }
      try {
        budget.require(
          writes.map(({ key, value }) => ({ before: entries.get(key), after: value && sizeOf(value) })),
        );
      } catch (error) {
        return Promise.reject(error);
      }
      const written = queue.then(() => write(writes));
      queue = written.catch(() => {});
      return written;
    },
  };

  /** Whether what was to be written is what stands: by an earlier try whose answer was lost, or by somebody else. */
  function stands({ key, value }: Write): boolean {
    const entry = entries.get(key);
    if (entry === undefined || value === undefined) return entry === undefined && value === undefined;
    return canonicalJson(entry.document) === canonicalJson(value);
  }

  /** Writes; safe to try again where no answer came, for each write names what it expects to find. */
  async function write(writes: readonly Write[], left = tries): Promise<number> {
    let last: number;
    try {
      last = await writeBucket(js, 'documents', writes);
    } catch (error) {
      // Where that fails too, what is expected is old, and refuses the next write.
      const loaded = await load().then(
        () => true,
        () => false,
      );
      if (loaded && writes.every(stands)) return revision;
      if (error instanceof BucketConflict) {
        throw new CausewayError('CONFLICT', 'someone else changed a document in between; try again', {
          cause: error,
        });
      }
      if (error instanceof JetStreamApiError || left === 1) throw error;
      return write(writes, left - 1);
    }
    for (const [index, { key, value }] of writes.entries()) {
      set(key, value, last - writes.length + 1 + index);
    }
    revision = Math.max(revision, last);
    snapshot = undefined;
    return revision;
  }
}
