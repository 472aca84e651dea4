import {
  type AccessChanges,
  type ApiDocument,
  accessChanges,
  type Documents,
  type PolicyDocument,
  policyWarnings,
} from '@causeway/policy';
import {
  type ApplyReply,
  type ApplyRequest,
  CausewayError,
  type Clock,
  type Service,
} from '@causeway/protocol';
import { onlyReads } from '../../acts/act-context.ts';
import type { History } from '../../acts/history.ts';
import type { Compiler } from '../../compile/compiler.ts';
import { type AnyDocument, type DocumentStore, keyOf } from '../../documents/store.ts';
import { type Administrator, operation } from '../admin-desk.ts';
import { type Accepted, createAcceptance } from '../documents/accept.ts';
import { conflict } from '../documents/conflict.ts';
import { type ApplyPlan, planApply } from '../documents/plan.ts';

/** Tries, where somebody else changes what a document that names no revision is about to change. */
const tries = 3;

type Compiled = ApiDocument | PolicyDocument | Service;

const isCompiled = (document: AnyDocument): document is Compiled =>
  document.kind === 'api' || document.kind === 'policy' || document.kind === 'service';

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The documents as they will stand. A kind is put together where it is asked for: there may be very many of it. */
function after(standing: Documents, { put, deleted }: Pick<ApplyPlan, 'put' | 'deleted'>): Documents {
  const listOf = <D extends Compiled>(kind: D['kind'], before: () => readonly D[]) =>
    lazily(() => {
      const news = put.filter(isCompiled).filter((each): each is D => each.kind === kind);
      const gone = new Set([...deleted, ...news.map(keyOf)]);
      return gone.size === 0 ? before() : [...before().filter((each) => !gone.has(keyOf(each))), ...news];
    });
  const services = listOf<Service>('service', () => standing.services);
  const apis = listOf<ApiDocument>('api', () => standing.apis);
  const policies = listOf<PolicyDocument>('policy', () => standing.policies);
  return {
    get sites() {
      return standing.sites;
    },
    get services() {
      return services();
    },
    get apis() {
      return apis();
    },
    get policies() {
      return policies();
    },
  };
}

/** Who gains and loses what by a change. */
export function accessOf(
  standing: Documents,
  change: Pick<ApplyPlan, 'put' | 'deleted'>,
  at: number,
): AccessChanges {
  const keys = [...change.put.filter(isCompiled).map(keyOf), ...change.deleted];
  const tenants = new Set(keys.map((key) => key.split('.')[1] ?? ''));
  const ofTenants = (documents: Documents): Documents => ({
    sites: documents.sites,
    services: documents.services.filter(({ tenant }) => tenants.has(tenant)),
    apis: documents.apis.filter(({ tenant }) => tenants.has(tenant)),
    policies: documents.policies.filter(({ tenant }) => tenants.has(tenant)),
  });
  return accessChanges(ofTenants(standing), ofTenants(after(standing, change)), [...tenants], at);
}

/** What is said of an apply, and the keys of all documents that it is about. */
interface Planned {
  readonly keys: readonly string[];
  readonly reply: ApplyReply;
}

/** apply: policies, manifests and labels, all or none of them. */
export function applyOperation(options: {
  store: DocumentStore;
  compiler: Compiler;
  history: History;
  clock: Clock;
}) {
  const { store, compiler, history, clock } = options;
  const accept = createAcceptance(store);
  let queue: Promise<unknown> = Promise.resolve();

  /** What is perhaps not meant so, beside all that will stand. */
  function warningsOf(accepted: readonly Accepted[], plan: ApplyPlan): Pick<ApplyReply, 'warnings'> {
    const next = after(store.all, plan);
    const warnings = accepted.flatMap(({ document }, index) =>
      document.kind === 'policy'
        ? policyWarnings(document as PolicyDocument, next, clock.now()).map(({ pointer, problem }) => ({
            pointer: `/documents/${index}${pointer}`,
            problem,
          }))
        : [],
    );
    return warnings.length === 0 ? {} : { warnings };
  }

  function acceptAll(request: ApplyRequest, by: Administrator): Accepted[] {
    const accepted = request.documents.map((document, index) => accept(document, index, by));
    const seen = new Map<string, number>();
    for (const [index, { key }] of accepted.entries()) {
      const first = seen.get(key);
      if (first !== undefined) {
        const reason = `${key} is there twice: it is /documents/${first}, too`;
        throw new CausewayError('INVALID_REQUEST', reason, { pointer: `/documents/${index}` });
      }
      seen.set(key, index);
    }
    return accepted;
  }

  /** Who was faster, for the first document that is not as it was when it was read. */
  async function requireFresh({ stale }: ApplyPlan): Promise<void> {
    const [first] = stale;
    if (!first) return;
    const { accepted, index, stands } = first;
    const { key, document, read = 0 } = accepted;
    const tenant = ('tenant' in document ? document.tenant : undefined) ?? 'any';
    const name = `${document.kind} ${key.split('.').slice(2).join('.')} of tenant ${tenant}`;
    const since = await history.since(tenant, key, read);
    throw conflict({ name, pointer: `/documents/${index}`, read, stands, since });
  }

  /** The plan, and its writing: with nothing in between, or somebody else's change would be lost. */
  async function applyNow(request: ApplyRequest, by: Administrator): Promise<Planned> {
    const accepted = acceptAll(request, by);
    const plan = planApply(store, by, request, accepted);
    if (plan.stale.length > 0) await requireFresh(plan);
    const { put, deleted, changes } = plan;
    compiler.requireFitting(put.filter(isCompiled));
    const warnings = warningsOf(accepted, plan);
    const wanted = request.access ?? request.dryRun === true;
    const access = wanted ? { access: accessOf(store.all, plan, clock.now()) } : {};
    const said = { changes: [...changes], ...warnings, ...access };
    const keys = [...accepted.map(({ key }) => key), ...deleted];
    if (request.dryRun) return { keys, reply: { revision: store.revision, ...said } };
    if (put.length + deleted.length > 0) await store.put(put, deleted);
    return { keys, reply: { revision: store.revision, ...said } };
  }

  /** Again, where a service or a gateway brought about another change of that moment. */
  async function applyInTime(request: ApplyRequest, by: Administrator): Promise<Planned> {
    for (let left = tries; ; left -= 1) {
      const { revision } = store;
      try {
        return await applyNow(request, by);
      } catch (error) {
        // It is there by now; a document that names a revision says so then.
        const again =
          error instanceof CausewayError && error.code === 'CONFLICT' && store.revision !== revision;
        if (!again || left === 1) throw error;
      }
    }
  }

  return operation({
    request: 'ApplyRequest',
    async run(request, by): Promise<ApplyReply> {
      if (request.dryRun) {
        onlyReads();
        return (await applyNow(request, by)).reply;
      }
      // One after the other: of two that name no revision the last one stands, and neither is in the other's way.
      const applied = queue.then(() => applyInTime(request, by));
      queue = applied.catch(() => {});
      const { keys, reply } = await applied;
      // Also where nothing changes: what an earlier try stored may not be in force yet.
      await compiler.run();
      // By another change since one may be gone already; then that one's revision counts.
      const revisions = keys.map((key) => store.revisionOf(key) ?? store.revision);
      return {
        ...reply,
        revision: revisions.reduce((newest, each) => Math.max(newest, each), 0),
        since: revisions.reduce((oldest, each) => Math.min(oldest, each), store.revision),
      };
    },
  });
}
