import {
  type ApiDocument,
  type Comparison,
  canonicalJson,
  checkPolicy,
  didYouMean,
  type PolicyDocument,
  policyWarnings,
} from '@causeway/policy';
import { type ApplyReply, CausewayError, type Clock } from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import { withApis } from '../../compile/fitting.ts';
import { acceptManifest } from '../../control/publishing.ts';
import { type DocumentStore, keyOf } from '../../documents/store.ts';
import { type Administrator, operation, requireScope } from '../admin-desk.ts';
import { tenantOrOnly } from './tenant-of.ts';

const kinds = ['policy', 'api'];

/** First of all: without it nothing else that is wrong with a document can be said. */
function requireKind(kind: unknown, at: string): void {
  if (kinds.includes(kind as string)) return;
  const pointer = `${at}/kind`;
  const expected = 'expected "policy" or "api"';
  if (kind === undefined) {
    throw new CausewayError('INVALID_REQUEST', `${pointer} is missing; ${expected}`, { pointer });
  }
  const got = JSON.stringify(kind).slice(0, 40);
  const hint = typeof kind === 'string' ? didYouMean(kind, kinds) : '';
  throw new CausewayError('INVALID_REQUEST', `${pointer} is ${got}; ${expected}${hint}`, { pointer });
}

/** Differences of one manifest that are told. */
const mostTold = 50;

function told({ differences }: Comparison): { pointer: string; what: string }[] {
  return differences
    .slice(0, mostTold)
    .map(({ pointer, what }) => ({ pointer: pointer.slice(0, 500), what: what.slice(0, 500) }));
}

/** apply: policies and manifests, all or none of them. */
export function applyOperation(options: { store: DocumentStore; compiler: Compiler; clock: Clock }) {
  const { store, compiler, clock } = options;

  /** The tenants that there are, for those who name none. */
  function tenantOf(document: Record<string, unknown>, index: number, by: Administrator): string {
    const { tenant: own, from } = document as { tenant?: unknown; from?: { tenant?: unknown } | null };
    const said = own ?? from?.tenant;
    const named = typeof said === 'string' ? said : undefined;
    const tenant = tenantOrOnly(named, by, store);
    if (tenant !== undefined) return tenant;
    const tenants = store.accounts.map((account) => account.name);
    throw new CausewayError(
      'INVALID_REQUEST',
      `/documents/${index}/tenant is missing; one of ${tenants.join(', ')}`,
      { pointer: `/documents/${index}/tenant` },
    );
  }

  /** The document as it will stand. Throws with a pointer into the request. */
  function accept(
    document: Record<string, unknown>,
    index: number,
    by: Administrator,
  ): { document: ApiDocument | PolicyDocument; comparison?: Comparison | undefined } {
    const at = `/documents/${index}`;
    requireKind(document.kind, at);
    const tenant = tenantOf(document, index, by);
    requireScope(by, tenant);
    if (!store.accounts.some((account) => account.name === tenant)) {
      throw new CausewayError('INVALID_REQUEST', `${at}/tenant names no tenant of this fabric: ${tenant}`, {
        pointer: `${at}/tenant`,
      });
    }
    if (document.kind === 'policy') {
      const parsed = checkPolicy({ ...document, tenant: document.tenant ?? tenant });
      if (parsed.fault) {
        const { pointer, problem } = parsed.fault;
        throw new CausewayError('INVALID_REQUEST', `policy ${at}${pointer} ${problem}`, {
          pointer: at + pointer,
        });
      }
      const policy: PolicyDocument = { ...parsed.value, tenant };
      return { document: policy };
    }
    try {
      const { api, comparison } = acceptManifest(store, tenant, document);
      return { document: api, comparison };
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error;
      throw new CausewayError(error.code, error.reason, {
        pointer: at + (error.pointer ?? ''),
        ...(error.differences === undefined ? {} : { differences: error.differences }),
        cause: error,
      });
    }
  }

  /** What is perhaps not meant so, beside all that will stand. */
  function warningsOf(documents: readonly (ApiDocument | PolicyDocument)[]): Pick<ApplyReply, 'warnings'> {
    const { sites, services, apis } = store.all;
    const after = { sites, services, apis: withApis(apis, documents) };
    const warnings = documents.flatMap((document, index) =>
      document.kind === 'policy'
        ? policyWarnings(document, after, clock.now()).map(({ pointer, problem }) => ({
            pointer: `/documents/${index}${pointer}`,
            problem,
          }))
        : [],
    );
    return warnings.length === 0 ? {} : { warnings };
  }

  return operation({
    request: 'ApplyRequest',
    async run(request, by): Promise<ApplyReply> {
      const accepted = request.documents.map((document, index) => accept(document, index, by));
      const documents = accepted.map(({ document }) => document);
      const keys = documents.map(keyOf);
      const repeated = keys.findIndex((key, index) => keys.indexOf(key) !== index);
      if (repeated >= 0) {
        throw new CausewayError('INVALID_REQUEST', `${keys[repeated]} is there twice`, {
          pointer: `/documents/${repeated}`,
        });
      }
      const changes = documents.map((document, index): ApplyReply['changes'][number] => {
        const standing = store.get(keys[index] as string);
        const comparison = accepted[index]?.comparison;
        const same = standing !== undefined && canonicalJson(standing) === canonicalJson(document);
        return {
          kind: document.kind,
          ...('tenant' in document ? { tenant: document.tenant } : {}),
          name: (keys[index] as string).split('.').slice(2).join('.'),
          change: standing === undefined ? 'created' : same ? 'unchanged' : 'changed',
          ...(same || comparison === undefined ? {} : { differences: told(comparison) }),
        };
      });
      const toWrite = documents.filter((_, index) => changes[index]?.change !== 'unchanged');
      compiler.requireFitting(toWrite);
      const warnings = warningsOf(documents);
      if (request.dryRun) return { revision: store.revision, changes, ...warnings };
      if (toWrite.length > 0) await store.put(toWrite);
      // Also where nothing changes: what an earlier try stored may not be in force yet.
      await compiler.run();
      // By another change since one may be gone already; then that one's revision counts.
      const revisions = keys.map((key) => store.revisionOf(key) ?? store.revision);
      return {
        revision: revisions.reduce((newest, each) => Math.max(newest, each), 0),
        since: revisions.reduce((oldest, each) => Math.min(oldest, each), store.revision),
        changes,
        ...warnings,
      };
    },
  });
}
