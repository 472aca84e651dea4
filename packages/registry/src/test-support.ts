import type { Service, Site } from '@causeway/protocol';
import { CausewayError } from '@causeway/protocol';
import type { Compiler } from './compile/compiler.ts';
import { type AnyDocument, type DocumentStore, keyOf } from './documents/store.ts';

/** A document store in memory, all or nothing as the real one; and the changes it took, one after the other. */
export function memoryDocuments(first: readonly AnyDocument[] = []): DocumentStore & {
  readonly puts: readonly (readonly AnyDocument[])[];
  /** The next write fails with this. */
  fail(error: CausewayError): void;
} {
  const entries = new Map<string, AnyDocument>();
  const puts: (readonly AnyDocument[])[] = [];
  const revisions = new Map<string, number>();
  const listeners: ((keys: readonly string[]) => void)[] = [];
  let revision = 0;
  let failure: CausewayError | undefined;
  const gone = new Set<string>();
  const write = (documents: readonly AnyDocument[], deleted: readonly string[] = []) => {
    for (const document of documents) entries.set(keyOf(document), document);
    for (const key of deleted) if (entries.delete(key)) gone.add(key);
    const keys = [...documents.map(keyOf), ...deleted];
    for (const key of keys) revisions.set(key, ++revision);
    for (const listener of listeners) listener(keys);
  };
  const ofKind = <K extends AnyDocument['kind']>(kind: K) =>
    [...entries.values()].filter((each): each is Extract<AnyDocument, { kind: K }> => each.kind === kind);
  write(first);
  return {
    puts,
    fail(error) {
      failure = error;
    },
    get revision() {
      return revision;
    },
    get: (key) => entries.get(key),
    revisionOf: (key) => (entries.has(key) ? revisions.get(key) : undefined),
    get sets() {
      return ofKind('set');
    },
    get acts() {
      return ofKind('acts');
    },
    isDeleted: (key) => gone.has(key) && !entries.has(key),
    get all() {
      return {
        sites: ofKind('site'),
        services: ofKind('service'),
        apis: ofKind('api'),
        policies: ofKind('policy'),
      };
    },
    get accounts() {
      return ofKind('account');
    },
    get formerAccounts() {
      return ofKind('former-account');
    },
    get formerSites() {
      return ofKind('former-site');
    },
    get invitations() {
      return ofKind('invitation');
    },
    watch: (listener) => void listeners.push(listener),
    async refresh() {},
    async put(documents, deleted = [], around = undefined) {
      const keys = [...documents.map(keyOf), ...deleted];
      const changes = keys.map((key, index) => ({ key, before: entries.get(key), after: documents[index] }));
      await Promise.resolve();
      if (failure) {
        const error = failure;
        failure = undefined;
        throw error;
      }
      const store = async (along: readonly AnyDocument[]) => {
        puts.push(documents);
        write(documents, deleted);
        write(along);
        return revision;
      };
      return around ? around(changes, store) : store([]);
    },
  };
}

/** A compiler that only counts how often it had something to do, for parts that compile through it. */
export function countingCompiler(store: DocumentStore): Compiler & { readonly runs: number } {
  let runs = 0;
  let compiled = store.revision;
  return {
    get runs() {
      return runs;
    },
    async run() {
      if (compiled === store.revision) return;
      compiled = store.revision;
      runs += 1;
    },
    changesSince: () => ({ position: 0, full: true, more: false, entries: [] }),
    bucket: 'made then',
    until: Number.POSITIVE_INFINITY,
    siteRevision: () => store.revision,
    beside: () => new Map(),
    async tellBeside() {},
    sitePosition: () => 0,
    requireFitting() {},
    told: {
      needed: () => undefined,
      behindSince: () => undefined,
      get newest() {
        return compiled;
      },
    },
    tables: new Map(),
  };
}

const key = `U${'A'.repeat(55)}`;

/** An identity of `acme`. */
export function serviceOf(name: string, site: string): Service {
  return { kind: 'service', tenant: 'acme', site, name, keys: [key] };
}

/** A site where `acme` is. */
export function siteOf(name: string): Site {
  return { kind: 'site', name, tenants: { acme: { gateway: key, leaf: key } }, gateways: { 'gw-1': [key] } };
}

/** The account of a tenant. */
export function accountOf(name: string): AnyDocument {
  return { kind: 'account', name, publicKey: `A${'A'.repeat(55)}`, jwt: 'e.y.J' };
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<CausewayError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof CausewayError) return thrown;
  throw new Error('expected a CausewayError', { cause: thrown });
}
