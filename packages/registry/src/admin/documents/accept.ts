import {
  type ApiDocument,
  type Comparison,
  checkPolicy,
  didYouMean,
  type PolicyDocument,
} from '@causeway/policy';
import { CausewayError, check, documentKeys, type Service, type Site } from '@causeway/protocol';
import { type AcceptedManifest, acceptManifest } from '../../control/publishing.ts';
import { type DocumentStore, keyOf } from '../../documents/store.ts';
import { type Administrator, requireScope } from '../admin-desk.ts';
import { tenantOrOnly } from '../ops/tenant-of.ts';
import { addedFields, itemOf } from './items.ts';

/** Kinds that people write; those of `asRead` come from `get`, and hardly anything of them can be applied. */
const kinds = ['policy', 'api'];
const asRead = ['service', 'site'];

/** A document that was applied, as it will stand. */
export interface Accepted {
  readonly key: string;
  readonly document: ApiDocument | PolicyDocument | Service | Site;
  /** Of an API: what it changes of the one that stands under its major. */
  readonly comparison?: Comparison | undefined;
  /** The revision that it was read at, where it says so; 0 where it must not be there yet. */
  readonly read?: number;
}

function invalid(pointer: string, reason: string): CausewayError {
  return new CausewayError('INVALID_REQUEST', reason, { pointer });
}

/** First of all: without it nothing else that is wrong with a document can be said. */
function requireKind(kind: unknown, at: string): void {
  if (kinds.includes(kind as string) || asRead.includes(kind as string)) return;
  const pointer = `${at}/kind`;
  const expected = 'expected "policy" or "api"';
  if (kind === undefined) throw invalid(pointer, `${pointer} is missing; ${expected}`);
  const got = JSON.stringify(kind).slice(0, 40);
  const hint = typeof kind === 'string' ? didYouMean(kind, kinds) : '';
  throw invalid(pointer, `${pointer} is ${got}; ${expected}${hint}`);
}

function revisionOf(document: Record<string, unknown>, at: string): { read?: number } {
  const { revision } = document;
  if (revision === undefined) return {};
  if (Number.isSafeInteger(revision) && (revision as number) >= 0) return { read: revision as number };
  const pointer = `${at}/revision`;
  const got = JSON.stringify(revision).slice(0, 40);
  throw invalid(pointer, `${pointer} is ${got}; expected the number that causeway get shows, or none at all`);
}

/** The document without what `get` added to it, which only what `get` showed can have. */
function written(document: Record<string, unknown>): Record<string, unknown> {
  const { revision, ...rest } = document;
  if (revision === undefined) return document;
  const added: readonly string[] = addedFields[rest.kind as keyof typeof addedFields] ?? [];
  return Object.fromEntries(Object.entries(rest).filter(([field]) => !added.includes(field)));
}

/** Creates what takes in applied documents; it throws with pointers into the request. */
export function createAcceptance(store: DocumentStore) {
  function tenantOf(document: Record<string, unknown>, at: string, by: Administrator): string {
    const { tenant: own, from } = document as { tenant?: unknown; from?: { tenant?: unknown } | null };
    const said = own ?? from?.tenant;
    const tenant = tenantOrOnly(typeof said === 'string' ? said : undefined, by, store);
    const pointer = `${at}/tenant`;
    if (tenant === undefined) {
      const tenants = store.accounts.map((account) => account.name);
      throw invalid(pointer, `${pointer} is missing; one of ${tenants.join(', ')}`);
    }
    requireScope(by, tenant);
    if (store.accounts.some((account) => account.name === tenant)) return tenant;
    throw invalid(pointer, `${pointer} names no tenant of this fabric: ${tenant}`);
  }

  function acceptPolicy(document: Record<string, unknown>, tenant: string, at: string): PolicyDocument {
    const parsed = checkPolicy({ ...document, tenant: document.tenant ?? tenant });
    if (!parsed.fault) return { ...parsed.value, tenant };
    const { pointer, problem } = parsed.fault;
    throw invalid(at + pointer, `policy ${at}${pointer} ${problem}`);
  }

  function acceptApi(document: Record<string, unknown>, tenant: string, at: string): AcceptedManifest {
    try {
      return acceptManifest(store, tenant, document);
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error;
      throw new CausewayError(error.code, error.reason, {
        pointer: at + (error.pointer ?? ''),
        ...(error.differences === undefined ? {} : { differences: error.differences }),
        cause: error,
      });
    }
  }

  /** What is read of services and sites must be what stands, but for labels. */
  function requireAsShown(
    document: Record<string, unknown>,
    shown: Record<string, unknown>,
    at: string,
    why: string,
  ): void {
    for (const [field, value] of Object.entries(document)) {
      if (JSON.stringify(value) === JSON.stringify(shown[field])) continue;
      const pointer = `${at}/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (!Object.hasOwn(shown, field)) {
        throw invalid(
          pointer,
          `${pointer} is not a known field${didYouMean(field, Object.keys(shown))}; ${why}`,
        );
      }
      const stands = JSON.stringify(shown[field]).slice(0, 200);
      throw invalid(
        pointer,
        `${pointer} is ${JSON.stringify(value).slice(0, 200)}, and stands as ${stands}; ${why}`,
      );
    }
  }

  function acceptService(document: Record<string, unknown>, tenant: string, at: string): Accepted {
    const { site, name, labels, ...rest } = document;
    const key = documentKeys.service(tenant, String(site), String(name));
    const standing = store.get(key);
    if (standing?.kind !== 'service') {
      const whole = `${tenant}/${String(site).slice(0, 63)}/${String(name).slice(0, 63)}`;
      const others = store.all.services
        .filter((each) => each.tenant === tenant)
        .map((each) => `${each.tenant}/${each.site}/${each.name}`);
      throw invalid(
        `${at}/name`,
        `there is no identity ${whole}${didYouMean(whole, others)}; make it with causeway service add: its key is made ` +
          `where it is used`,
      );
    }
    const { revision: _, labels: __, ...shown } = itemOf(store, standing, tenant);
    const why = 'of a service labels alone are applied';
    requireAsShown({ ...rest, tenant, site, name }, shown, at, why);
    const { labels: ___, ...bare } = standing;
    const parsed = check('Service', labels === undefined ? bare : { ...bare, labels });
    if (!parsed.fault) return { key, document: parsed.value };
    throw invalid(at + parsed.fault.pointer, `service ${at}${parsed.fault.pointer} ${parsed.fault.problem}`);
  }

  function acceptSite(document: Record<string, unknown>, by: Administrator, at: string): Accepted {
    const name = String(document.name);
    const key = documentKeys.site(name);
    const standing = store.get(key);
    const isHis =
      standing?.kind === 'site' && (by.scope === 'any' || Object.hasOwn(standing.tenants, by.scope));
    const why = 'sites are not applied: causeway up and causeway site make and remove them';
    if (!isHis) throw invalid(`${at}/name`, `there is no site ${name.slice(0, 63)}; ${why}`);
    const { revision: _, ...shown } = itemOf(store, standing, by.scope);
    requireAsShown(document, shown, at, why);
    return { key, document: standing };
  }

  /** The document as it will stand. */
  return function accept(given: Record<string, unknown>, index: number, by: Administrator): Accepted {
    const at = `/documents/${index}`;
    requireKind(given.kind, at);
    const read = revisionOf(given, at);
    const document = written(given);
    if (document.kind === 'site') return { ...acceptSite(document, by, at), ...read };
    const tenant = tenantOf(document, at, by);
    if (document.kind === 'service') return { ...acceptService(document, tenant, at), ...read };
    if (document.kind === 'policy') {
      const policy = acceptPolicy(document, tenant, at);
      return { key: keyOf(policy), document: policy, ...read };
    }
    const { api, comparison } = acceptApi(document, tenant, at);
    return { key: keyOf(api), document: api, comparison, ...read };
  };
}
