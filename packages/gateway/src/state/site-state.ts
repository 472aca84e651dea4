import {
  type CompiledKey,
  check,
  type KnownCallers,
  type Logger,
  parseCompiledKey,
  type Rekey,
  type ServedApi,
} from '@causeway/protocol';
import { type GuardedApi, guardApi } from '../guard/served-api.ts';
import { createViews, nameOf, type View, type VisibilityChange } from './views.ts';

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
  /** What services see changed within a revision: instances came or went. */
  visible(revision: number, changes: readonly VisibilityChange[]): void;
}

/** The last that the control plane said to this site: the tables in force. */
export interface SiteState {
  /** Takes in one key of `compiled`, below the site's name; `value` undefined where it was deleted. */
  apply(key: string, value: unknown): void;
  served(tenant: string, service: string, major: number): GuardedApi | undefined;
  /** All APIs of a tenant that the site serves. */
  servedBy(tenant: string): readonly GuardedApi[];
  /** What a service may discover. */
  visible(tenant: string, service: string): View;
  /** Whether this site has a healthy instance of an API; undefined where it does not serve it. */
  available(tenant: string, service: string, major: number, available: boolean | undefined): void;
  readonly revision: number;
  /** False until all that stood when the gateway started has been taken in, and as long as there never was anything. */
  readonly known: boolean;
  /** All that stood has been taken in. */
  caughtUp(): void;
  /** Keys that have a value; without the position, which is the copy's own. */
  readonly keys: ReadonlySet<string>;
  /**
   * The stream is another than before: everything comes again. What has not come again by the next revision is void
   * from then on; until then all that was known stays in force.
   */
  restart(): void;
}

/**
 * Creates an empty state. Entries that do not fit their schema are refused and logged: the last good one stays. Not so
 * an API's rules: what cannot be read may be a deny, so the API is not served here until it can.
 */
export function createSiteState(options: {
  site: string;
  listener: StateListener;
  logger: Logger;
}): SiteState {
  const { site, listener, logger } = options;
  const served = new Map<string, GuardedApi>();
  const views = createViews(site);
  let revision = 0;
  let complete = false;
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

  /** Tells at once what changed, where that is with no revision. */
  function tellNow(): void {
    const changes = views.changes();
    if (changes.length > 0) listener.visible(revision, changes);
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
          if (value === undefined) return views.see(parsed.tenant, parsed.service, undefined);
          const entry = check('VisibleApis', value);
          return entry.fault ? bad(entry.fault) : views.see(parsed.tenant, parsed.service, entry.value.apis);
        }
        case 'idle': {
          const entry = check('IdleApis', value ?? { apis: {} });
          if (entry.fault) return bad(entry.fault);
          views.idle(parsed.tenant, entry.value.apis);
          return tellNow();
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
            views.reached(revision);
            // Otherwise a service may know of this revision, or a higher one, without what changed.
            highest = revision;
          }
          return listener.revision(revision, views.changes());
        }
      }
    },
    served: (tenant, service, major) => served.get(`serve.${tenant}.${service}.v${major}`),
    servedBy: (tenant) => [...served.values()].filter(({ source }) => source.tenant === tenant),
    visible: (tenant, service) =>
      views.of(tenant, service) ?? { apis: [], name: nameOf([]), changedAt: revision },
    available(tenant, service, major, available) {
      views.own(tenant, service, major, available);
      tellNow();
    },
    get revision() {
      return revision;
    },
    get known() {
      return complete && revision > 0;
    },
    caughtUp() {
      complete = true;
    },
    keys,
    restart() {
      stale = new Set(keys);
    },
  };
  return state;
}
