import { defaultStreamLimits, maxBatchMessages } from '@causeway/nats-server';
import { type ApiDocument, canonicalJson, type Documents, type PolicyDocument } from '@causeway/policy';
import {
  type AccountDocument,
  type AdminRecord,
  CausewayError,
  documentKeys,
  type Invitation,
  majorOf,
  type Service,
  type Site,
} from '@causeway/protocol';
import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { createDocumentBudget, type DocumentLimits, documentLimits, type SizedDocument } from './budget.ts';
import { createDeletions } from './deletions.ts';
import { createKinds } from './kinds.ts';
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

/**
 * A set of documents that are managed together, as of one folder in Git: what `apply --set` made for a tenant. What is
 * not in it is never pruned.
 */
export interface DocumentSet {
  readonly kind: 'set';
  readonly tenant: string;
  readonly name: string;
  /** Keys of its documents, in order. */
  readonly members: readonly string[];
}

/** Records of an administrator's act, stored together with what it changed, until they are in a block (ADR 16). */
export interface PendingActs {
  readonly kind: 'acts';
  /** Whose chain of records; `any` for the fabric's. */
  readonly tenant: string;
  /** Of the blocks that the act makes in this chain: which, and how many. */
  readonly part: number;
  readonly parts: number;
  /** The block's number. */
  readonly seq: number;
  readonly records: readonly PendingRecord[];
}

/** A record that does not know its revision yet: this many before the sequence of the document that it stands in. */
export type PendingRecord = Omit<AdminRecord, 'revision'> & { readonly back: number };

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
  | PendingActs
  | DocumentSet
  | FormerAccount
  | FormerSite
  | Invitation;

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
    case 'set':
      return documentKeys.set(document.tenant, document.name);
    case 'acts':
      return documentKeys.acts(document.tenant, document.part);
    case 'former-account':
      return documentKeys.formerAccount(document.name);
    case 'former-site':
      return documentKeys.formerSite(document.name);
    case 'invitation':
      return documentKeys.invitation(document.site);
  }
}

/** One document of a change, as it was and as it will be; undefined where there is none. */
export interface DocumentChange {
  readonly key: string;
  readonly before: AnyDocument | undefined;
  readonly after: AnyDocument | undefined;
}

/**
 * Puts something round a change when its turn has come: `write` stores the change and what is to be stored along with
 * it, all or nothing, and resolves with the new revision. The last sequence is that of the last document along with it.
 */
export type AroundWrite = (
  changes: readonly DocumentChange[],
  write: (along: readonly AnyDocument[]) => Promise<number>,
) => Promise<number>;

/** All documents, in memory as they are in the bucket. The registry alone writes there. */
export interface DocumentStore {
  /** Sequence of the last change: the revision of everything. */
  readonly revision: number;
  get(key: string): AnyDocument | undefined;
  /** The revision at which a document was changed last; undefined where there is none. */
  revisionOf(key: string): number | undefined;
  /** As they stand when they are read: each list is made once after a change of its kind. */
  readonly all: Documents;
  readonly accounts: readonly AccountDocument[];
  readonly formerAccounts: readonly FormerAccount[];
  readonly formerSites: readonly FormerSite[];
  readonly invitations: readonly Invitation[];
  /** True where a document of this key was deleted, and none stands. */
  isDeleted(key: string): boolean;
  /**
   * Writes documents and deletes those of the keys in `deleted`, up to 1,000 together, all or nothing; resolves with
   * the new revision, or the old one where nothing changes. Rejects with CONFLICT where another writer was faster,
   * with INVALID_REQUEST where there are more, with PAYLOAD_TOO_LARGE where a tenant would have more than its share.
   */
  put(documents: readonly AnyDocument[], deleted?: readonly string[], around?: AroundWrite): Promise<number>;
  /** Sets of documents that are applied and pruned together. */
  readonly sets: readonly DocumentSet[];
  /** Records that were stored along with changes last, of each chain. */
  readonly acts: readonly PendingActs[];
  /** Tells the keys of documents that became others, or went, each time some do. */
  watch(listener: (keys: readonly string[]) => void): void;
  /** Reads what was written past this store: by a try that was given up and arrived late, or by another registry. */
  refresh(): Promise<void>;
}

interface Entry extends SizedDocument {
  readonly document: AnyDocument;
  readonly revision: number;
}

/** What a document counts in its tenant's budget. */
function sizeOf(document: AnyDocument): SizedDocument {
  const own =
    document.kind === 'api' ||
    document.kind === 'policy' ||
    document.kind === 'service' ||
    document.kind === 'set';
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

function tooMany(documents: number): CausewayError {
  const reason = `the change writes ${documents} documents, its records included; ${maxBatchMessages} can be written at once: send fewer in one request`;
  return new CausewayError('INVALID_REQUEST', reason);
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
  const kinds = createKinds<AnyDocument>(entries);
  const listeners: ((keys: readonly string[]) => void)[] = [];
  let queue: Promise<unknown> = Promise.resolve();

  function set(key: string, document: AnyDocument | undefined, changed: number): void {
    if (document === undefined) {
      budget.replace(entries.get(key), undefined);
      kinds.changed(key);
      entries.delete(key);
      deletions.add(key, changed);
      return;
    }
    deletions.remove(key);
    kinds.changed(key);
    const next = { document, revision: changed, ...sizeOf(document) };
    budget.replace(entries.get(key), next);
    entries.set(key, next);
  }

  async function load(): Promise<void> {
    // Read first: what stands in memory must stay where the bucket cannot be read.
    const found = await readBucket(js, 'documents');
    const before = new Map([...entries].map(([key, entry]) => [key, entry.revision]));
    for (const entry of entries.values()) budget.replace(entry, undefined);
    entries.clear();
    deletions.clear();
    for (const { key, value, revision: changed } of found) {
      revision = Math.max(revision, changed);
      set(key, value as AnyDocument | undefined, changed);
    }
    const changed = [...entries].filter(([key, entry]) => before.get(key) !== entry.revision);
    const gone = [...before.keys()].filter((key) => !entries.has(key));
    for (const key of gone) kinds.changed(key);
    tell([...changed.map(([key]) => key), ...gone]);
  }

  function tell(keys: readonly string[]): void {
    for (const listener of listeners) listener(keys);
  }
  await load();

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
    revisionOf: (key) => entries.get(key)?.revision,
    watch: (listener) => void listeners.push(listener),
    all: {
      get sites() {
        return kinds.of('site');
      },
      get services() {
        return kinds.of('service');
      },
      get apis() {
        return kinds.of('api');
      },
      get policies() {
        return kinds.of('policy');
      },
    },
    get accounts() {
      return kinds.of('account');
    },
    get sets() {
      return kinds.of('set');
    },
    get acts() {
      return kinds.of('acts');
    },
    get formerAccounts() {
      return kinds.of('former-account');
    },
    get formerSites() {
      return kinds.of('former-site');
    },
    get invitations() {
      return kinds.of('invitation');
    },
    put(documents, deleted = [], around = undefined) {
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
        return Promise.reject(tooMany(writes.length));
      }
      try {
        budget.require(
          writes.map(({ key, value }) => ({ before: entries.get(key), after: value && sizeOf(value) })),
        );
      } catch (error) {
        return Promise.reject(error);
      }
      const changes = writes.map(({ key, value }) => ({
        key,
        before: entries.get(key)?.document,
        after: value,
      }));
      const alongWith = (along: readonly AnyDocument[]) => {
        const more = along.map(
          (value): Write => ({ key: keyOf(value), value, expected: expected(keyOf(value)) }),
        );
        if (writes.length + more.length > maxBatchMessages) return Promise.reject(tooMany(writes.length));
        return write([...writes, ...more]);
      };
      const written = queue.then(() => (around ? around(changes, alongWith) : write(writes)));
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
    tell(writes.map(({ key }) => key));
    return revision;
  }
}
