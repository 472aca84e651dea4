import {
  type CompiledKey,
  check,
  type DiscoveredApi,
  type KnownCallers,
  type Logger,
  parseCompiledKey,
  type Rekey,
  type ServedApi,
} from '@causeway/protocol';
import { type GuardedApi, guardApi } from '../guard/served-api.ts';

/** A service of the site was granted an API, lost one, or sees another version of it. */
export interface VisibilityChange {
  readonly tenant: string;
  readonly service: string;
  readonly event: 'published' | 'changed' | 'withdrawn';
  readonly api: { readonly service: string; readonly major: number };
}

/** What follows from a change of the state; the gateway's parts hang themselves in here. */
export interface StateListener {
  served(tenant: string, service: string, major: number, api: GuardedApi | undefined): void;
  account(publicKey: string, jwt: string): void;
  /** A tenant is to be at the site, or is not any more; `account` is its public key. */
  tenant(tenant: string, account: string | undefined): void;
  user(tenant: string, role: 'gateway' | 'leaf', user: { id: string; jwt: string }): void;
  /** The identities of a caller site, of one shard; undefined where none of them are there. */
  callers(tenant: string, site: string, shard: string, known: KnownCallers | undefined): void;
  /** The site is asked to replace keys. */
  rekey(rekey: Rekey): void;
  revision(revision: number, changes: readonly VisibilityChange[]): void;
}

/** The last that the control plane said to this site: the tables in force. */
export interface SiteState {
  /** Takes in one key of `compiled`, below the site's name; `value` undefined where it was deleted. */
  apply(key: string, value: unknown): void;
  served(tenant: string, service: string, major: number): GuardedApi | undefined;
  /** All APIs of a tenant that the site serves. */
  servedBy(tenant: string): readonly GuardedApi[];
  /** What a service may discover, and the revision since which that has not changed; Infinity where none is known. */
  visible(
    tenant: string,
    service: string,
  ): { readonly apis: readonly DiscoveredApi[]; readonly changedAt: number };
  readonly revision: number;
  /** Keys that have a value; without the position, which is the copy's own. */
  readonly keys: ReadonlySet<string>;
  /**
   * The stream is another than before: everything comes again. What has not come again by the next revision is void
   * from then on; until then all that was known stays in force.
   */
  restart(): void;
}

/** Compares what a service could see with what it can see now. */
function visibilityChanges(
  tenant: string,
  service: string,
  before: readonly DiscoveredApi[],
  after: readonly DiscoveredApi[],
): VisibilityChange[] {
  const name = (api: DiscoveredApi) => `${api.service}.v${api.major}`;
  const old = new Map(before.map((api) => [name(api), api]));
  const changes: VisibilityChange[] = [];
  for (const api of after) {
    const was = old.get(name(api));
    old.delete(name(api));
    if (!was) changes.push({ tenant, service, event: 'published', api });
    else if (JSON.stringify(was) !== JSON.stringify(api))
      changes.push({ tenant, service, event: 'changed', api });
  }
  for (const api of old.values()) changes.push({ tenant, service, event: 'withdrawn', api });
  return changes;
}

/**
 * Creates an empty state. Entries that do not fit their schema are refused and logged: the last good one stays. Not so
 * an API's rules: what cannot be read may be a deny, so the API is not served here until it can.
 */
export function createSiteState(options: { listener: StateListener; logger: Logger }): SiteState {
  const { listener, logger } = options;
  const served = new Map<string, GuardedApi>();
  const visible = new Map<string, { apis: readonly DiscoveredApi[]; changedAt: number }>();
  let pending: VisibilityChange[] = [];
  let revision = 0;
  /** The highest revision there was; below the one in force where the registry was made anew. */
  let highest = 0;
  const keys = new Set<string>();
  /** Keys that were known when everything began to come again, and have not come yet. */
  let stale = new Set<string>();

  function applyServed(
    key: string,
    parsed: CompiledKey & { kind: 'serve' },
    value: ServedApi | undefined,
  ): void {
    const api = value && guardApi(value);
    if (api) served.set(key, api);
    else served.delete(key);
    listener.served(parsed.tenant, parsed.service, parsed.major, api);
  }

  function applyVisible(
    key: string,
    parsed: CompiledKey & { kind: 'see' },
    apis: readonly DiscoveredApi[],
  ): void {
    const before = visible.get(key)?.apis ?? [];
    const changes = visibilityChanges(parsed.tenant, parsed.service, before, apis);
    if (changes.length === 0 && visible.has(key)) return;
    pending.push(...changes);
    visible.set(key, { apis, changedAt: Number.POSITIVE_INFINITY });
  }

  const state: SiteState = {
    apply(key, value) {
      const parsed = parseCompiledKey(key);
      if (parsed?.kind === 'position') return;
      stale.delete(key);
      if (value === undefined) keys.delete(key);
      else keys.add(key);
      if (!parsed) {
        logger.warn({ key }, 'compiled key of an unknown kind; ignored');
        return;
      }
      const bad = (fault: unknown) =>
        logger.error({ key, fault }, 'compiled entry does not fit its schema; ignored');
      switch (parsed.kind) {
        case 'serve': {
          if (value === undefined) return applyServed(key, parsed, undefined);
          const entry = check('ServedApi', value);
          if (entry.fault) {
            const fault = entry.fault;
            logger.error(
              { key, fault },
              'rules of an API do not fit their schema; it is not served until they do',
            );
          }
          return applyServed(key, parsed, entry.value);
        }
        case 'see': {
          if (value === undefined) return applyVisible(key, parsed, []);
          const entry = check('VisibleApis', value);
          return entry.fault ? bad(entry.fault) : applyVisible(key, parsed, entry.value.apis);
        }
        case 'account': {
          if (value === undefined) return undefined;
          const entry = check('Account', value);
          return entry.fault ? bad(entry.fault) : listener.account(parsed.publicKey, entry.value.jwt);
        }
        case 'tenant': {
          if (value === undefined) return listener.tenant(parsed.tenant, undefined);
          const entry = check('TenantMark', value);
          return entry.fault ? bad(entry.fault) : listener.tenant(parsed.tenant, entry.value.account);
        }
        case 'user': {
          if (value === undefined) return undefined;
          const entry = check('User', value);
          return entry.fault ? bad(entry.fault) : listener.user(parsed.tenant, parsed.role, entry.value);
        }
        case 'callers-listed':
          // That it is among the keys says all.
          return undefined;
        case 'callers': {
          const entry = value === undefined ? undefined : check('KnownCallers', value);
          const { tenant, site, shard } = parsed;
          if (entry?.fault) bad(entry.fault);
          // Of what cannot be read nobody is known.
          return listener.callers(tenant, site, shard, entry?.value);
        }
        case 'rekey': {
          const entry = check('Rekey', value ?? {});
          return entry.fault ? bad(entry.fault) : listener.rekey(entry.value);
        }
        case 'revision': {
          const entry = check('RevisionMark', value);
          if (entry.fault) return bad(entry.fault);
          for (const gone of stale) state.apply(gone, undefined);
          revision = entry.value.revision;
          if (revision > highest) {
            for (const item of visible.values()) {
              if (item.changedAt === Number.POSITIVE_INFINITY) item.changedAt = revision;
            }
            // Otherwise a service may know of this revision, or a higher one, without what changed.
            highest = revision;
          }
          const changes = pending;
          pending = [];
          return listener.revision(revision, changes);
        }
      }
    },
    served: (tenant, service, major) => served.get(`serve.${tenant}.${service}.v${major}`),
    servedBy: (tenant) => [...served.values()].filter(({ source }) => source.tenant === tenant),
    visible: (tenant, service) =>
      visible.get(`see.${tenant}.${service}`) ?? { apis: [], changedAt: revision },
    get revision() {
      return revision;
    },
    keys,
    restart() {
      stale = new Set(keys);
    },
  };
  return state;
}
