import { type ApiDocument, type Comparison, canonicalJson } from '@causeway/policy';
import {
  type ApplyReply,
  type ApplyRequest,
  CausewayError,
  changedFields,
  documentKeys,
  majorOf,
} from '@causeway/protocol';
import { type AnyDocument, type DocumentSet, type DocumentStore, keyOf } from '../../documents/store.ts';
import { type Administrator, requireScope } from '../admin-desk.ts';
import type { Accepted } from './accept.ts';
import { hostingSites } from './items.ts';
import { setOf, withMembers } from './sets.ts';

type Change = ApplyReply['changes'][number];

/** What an apply comes to. */
export interface ApplyPlan {
  /** One for each document, in their order; then those that are pruned. */
  readonly changes: readonly Change[];
  /** Documents that will stand otherwise; of the sets too. */
  readonly put: readonly AnyDocument[];
  /** Keys that are deleted. */
  readonly deleted: readonly string[];
  /** Documents that are not as they were when they were read. */
  readonly stale: readonly { readonly accepted: Accepted; readonly index: number; readonly stands: number }[];
}

/** Differences of one manifest that are told. */
const mostTold = 50;

function told({ differences }: Comparison): { pointer: string; what: string }[] {
  return differences
    .slice(0, mostTold)
    .map(({ pointer, what }) => ({ pointer: pointer.slice(0, 500), what: what.slice(0, 500) }));
}

/** A document's name for people, as it stands in its key: `quotes.v1`, `edge-a.desk`. */
const nameIn = (key: string) => key.split('.').slice(2).join('.');

const sameDocument = (a: AnyDocument | undefined, b: AnyDocument) =>
  a !== undefined && canonicalJson(a) === canonicalJson(b);

function changeOf(standing: AnyDocument | undefined, { key, document, comparison }: Accepted): Change {
  const same = sameDocument(standing, document);
  const change = standing === undefined ? 'created' : same ? 'unchanged' : 'changed';
  return {
    kind: document.kind,
    ...('tenant' in document ? { tenant: document.tenant } : {}),
    name: nameIn(key),
    change,
    ...(change === 'changed' && document.kind !== 'api' ? { fields: changedFields(standing, document) } : {}),
    ...(change === 'changed' && comparison !== undefined ? { differences: told(comparison) } : {}),
  };
}

/** An API without those who host it: so that no site serves what is not there. */
export function withoutApi(
  store: Pick<DocumentStore, 'all'>,
  { tenant, service, version }: ApiDocument,
): { readonly put: AnyDocument[]; readonly key: string; readonly sites: string[] } {
  const major = majorOf(version);
  const sites = hostingSites(store, tenant, service, major);
  const put = store.all.services
    .filter((each) => each.tenant === tenant && each.name === service && each.hosts?.includes(major))
    .map(
      (each): AnyDocument => ({ ...each, hosts: (each.hosts ?? []).filter((hosted) => hosted !== major) }),
    );
  return { put, key: documentKeys.api(tenant, service, major), sites };
}

/** Throws where a document is managed by another set: each would take it from the other for ever. */
function requireOwn(store: DocumentStore, set: string, accepted: readonly Accepted[]): void {
  for (const [index, { key, document }] of accepted.entries()) {
    const other = 'tenant' in document ? setOf(store, document.tenant ?? '', key) : undefined;
    if (other === undefined || other.name === set) continue;
    const pointer = `/documents/${index}`;
    throw new CausewayError(
      'INVALID_REQUEST',
      `${pointer} (${nameIn(key)}) belongs to set ${other.name}: apply it with --set ${other.name}, or delete it there first`,
      { pointer },
    );
  }
}

/** The sets as they will be, and what they lose. */
function planSets(
  store: DocumentStore,
  by: Administrator,
  request: ApplyRequest,
  accepted: readonly Accepted[],
  changes: readonly Change[],
): { sets: AnyDocument[]; put: AnyDocument[]; pruned: string[]; changes: Change[] } {
  const planned = {
    sets: [] as AnyDocument[],
    put: [] as AnyDocument[],
    pruned: [] as string[],
    changes: [] as Change[],
  };
  const { set: name, prune = false } = request;
  if (name === undefined) {
    if (!prune) return planned;
    const reason = 'prune needs the name of a set: only what a set has made is ever pruned';
    throw new CausewayError('INVALID_REQUEST', reason, { pointer: '/set' });
  }
  requireOwn(store, name, accepted);
  const tenantsOfDocuments = accepted.flatMap(({ document }) =>
    document.kind === 'api' || document.kind === 'policy' ? [document.tenant] : [],
  );
  if (request.tenant !== undefined) requireScope(by, request.tenant);
  for (const tenant of new Set([
    ...tenantsOfDocuments,
    ...(request.tenant === undefined ? [] : [request.tenant]),
  ])) {
    const standing = store.get(documentKeys.set(tenant, name));
    const set: DocumentSet = standing?.kind === 'set' ? standing : { kind: 'set', tenant, name, members: [] };
    const applied = new Set(accepted.map(({ key }) => key));
    // An API that stood before, as it is, was published by whoever serves it: the set has not made it.
    const made = accepted.filter(
      ({ document }, index) =>
        (document.kind === 'policy' || (document.kind === 'api' && changes[index]?.change !== 'unchanged')) &&
        document.tenant === tenant,
    );
    const kept = set.members.filter((key) => store.get(key) !== undefined);
    const prunes = prune && (request.tenant === undefined || request.tenant === tenant);
    const gone = prunes ? kept.filter((key) => !applied.has(key)) : [];
    for (const key of gone) planned.put.push(...requirePrunable(store, name, key, request.force === true));
    planned.pruned.push(...gone);
    planned.changes.push(
      ...gone.map(
        (key): Change => ({ kind: key.split('.')[0] ?? '', tenant, name: nameIn(key), change: 'deleted' }),
      ),
    );
    const lost = new Set(gone);
    const members = [...kept.filter((key) => !lost.has(key)), ...made.map(({ key }) => key)];
    const next = withMembers(set, members);
    if (canonicalJson(next) !== canonicalJson(set)) planned.sets.push(next);
  }
  return planned;
}

/** What else changes where a document is pruned. Throws where an API is served and that is not wanted all the same. */
function requirePrunable(store: DocumentStore, set: string, key: string, force: boolean): AnyDocument[] {
  const document = store.get(key);
  if (document?.kind !== 'api') return [];
  const { put, sites } = withoutApi(store, document);
  if (sites.length === 0 || force) return put;
  throw new CausewayError(
    'INVALID_REQUEST',
    `API ${nameIn(key)} of set ${set} is not among the documents any more, and is served at ${sites.join(', ')}; --force ` +
      `prunes it all the same`,
    { pointer: '/prune' },
  );
}

/** What is to be done, as the documents stand now. */
export function planApply(
  store: DocumentStore,
  by: Administrator,
  request: ApplyRequest,
  accepted: readonly Accepted[],
): ApplyPlan {
  const changes = accepted.map((each) => changeOf(store.get(each.key), each));
  const stale = accepted.flatMap((each, index) => {
    const stands = store.revisionOf(each.key) ?? 0;
    const isStale = each.read !== undefined && each.read !== stands && changes[index]?.change !== 'unchanged';
    return isStale ? [{ accepted: each, index, stands }] : [];
  });
  const sets = planSets(store, by, request, accepted, changes);
  // What is pruned goes first, so that a label that is applied to whoever hosted it stays.
  const put = new Map<string, AnyDocument>(sets.put.map((each) => [keyOf(each), each]));
  for (const [index, { key, document }] of accepted.entries()) {
    if (changes[index]?.change === 'unchanged') continue;
    const pruned = put.get(key);
    const isService = pruned?.kind === 'service' && document.kind === 'service';
    put.set(key, isService ? { ...document, hosts: pruned.hosts ?? [] } : document);
  }
  for (const set of sets.sets) put.set(keyOf(set), set);
  return { changes: [...changes, ...sets.changes], put: [...put.values()], deleted: sets.pruned, stale };
}
