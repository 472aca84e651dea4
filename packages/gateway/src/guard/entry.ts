import type { Allowed, LimiterPool, PooledLimiter } from '@causeway/policy';
import { type CallFields, type ErrorCode, subjects } from '@causeway/protocol';
import type { QuotaGuard } from '../quota/guard.ts';
import type { QuotaPool } from '../quota/pool.ts';
import type { CallerStanding } from '../state/callers.ts';
import type { GuardedApi, GuardedEndpoint } from './served-api.ts';

/** What is the same for every call on one subject. */
interface EntryBase {
  readonly fields: CallFields;
  /** `_INBOX.<fromSite>.<from>.`: what the reply subject of this caller must begin with. */
  readonly inboxPrefix: string;
  /** `<fromSite>.<from>`, for the service. */
  readonly caller: string;
  /** Names what the call's record adds to: different for all that is counted apart. */
  readonly counters: string;
  /** The entry stands from `since` on, before `until`: ms on the hub's clock. Then policies begin or end. */
  readonly since: number;
  readonly until: number;
}

/** The most bytes of a request or a reply, and who says so, in words that a number follows. */
export interface Bound {
  readonly bytes: number;
  readonly says: string;
}

/** A caller that may call the endpoint, under these limits. */
export interface AdmittingEntry extends EntryBase {
  readonly admits: true;
  readonly policy: string;
  readonly limiter: PooledLimiter | undefined;
  readonly quotas: QuotaGuard | undefined;
  /** True where a reply waits until the call's record is stored. */
  readonly strict: boolean;
  readonly endpoint: GuardedEndpoint;
  readonly largestRequest: Bound;
  readonly largestReply: Bound;
  /** For how long, in ms, the site admits the call while it hears nothing from the registry. */
  readonly lease: number;
  /** What the caller is told of the API's deprecation, as a header; absent where there is none. */
  readonly deprecation?: string;
  /** `.v<major>.<endpoint>`, behind `serve.<site>.<service>.<instance>`. */
  readonly serveSuffix: string;
}

/** A caller that may not. */
export interface RefusingEntry extends EntryBase {
  readonly admits: false;
  readonly policy: string | null;
  /** The code the caller is told. */
  readonly told: ErrorCode;
  /** Why, as the caller may know it. */
  readonly toldReason: string;
  /** Why, as the record has it. */
  readonly reason: string;
}

/** What entries take their limiters and quotas from. */
export interface EntryMeters {
  readonly limiters: LimiterPool;
  readonly quotas: Pick<QuotaPool, 'guard'>;
}

/** The compiled rule for one (caller, endpoint): all that a call needs, found by one look-up of its subject. */
export type GuardEntry = AdmittingEntry | RefusingEntry;

/** What is known of a caller, by its site and name. */
export type StandingOf = (site: string, service: string) => CallerStanding;

const everybodyKnown: StandingOf = () => 'known';
const refusing = { admits: false, policy: null } as const;

/**
 * Works out the entry for a call's subject. Runs once for each subject, then the route keeps it for as long as it
 * stands. `monotonic` and `hub` are the two times of now, in ms.
 */
export function compileEntry(
  api: GuardedApi,
  fields: CallFields,
  { limiters, quotas }: EntryMeters,
  now: { readonly monotonic: number; readonly hub: number },
  standingOf: StandingOf = everybodyKnown,
): GuardEntry {
  const caller = { site: fields.fromSite, service: fields.from };
  const decision = api.rules.decide(caller, fields.endpoint, now.hub);
  const base = {
    fields,
    since: decision.since,
    until: decision.until,
    inboxPrefix: `_INBOX.${fields.fromSite}.${fields.from}.`,
    caller: `${fields.fromSite}.${fields.from}`,
    counters: `${fields.fromSite}.${fields.from}.${fields.service}.v${fields.major}.${fields.endpoint}`,
  };
  const standing = standingOf(fields.fromSite, fields.from);
  if (standing !== 'known') {
    const who = `${fields.fromSite}/${fields.from}`;
    return standing === 'revoked'
      ? {
          ...base,
          ...refusing,
          told: 'REVOKED',
          toldReason: `${who} was revoked`,
          reason: `${who} was revoked`,
        }
      : {
          ...{ ...base, ...refusing, told: 'NO_ROUTE', toldReason: noRouteReason(fields) },
          reason: `DENIED: there is no identity ${who}`,
        };
  }
  if (decision.effect === 'deny') {
    const hidden = decision.told === 'NO_ROUTE';
    return {
      ...base,
      admits: false,
      policy: decision.policy,
      told: decision.told,
      toldReason: hidden ? noRouteReason(fields) : decision.reason,
      reason: hidden ? `${decision.code}: ${decision.reason}` : decision.reason,
    };
  }
  const endpoint = api.endpoints.get(fields.endpoint);
  // The rules know the API's endpoints, and allow no other.
  if (!endpoint) throw new Error(`allowed an endpoint that does not exist: ${fields.endpoint}`);
  return {
    ...base,
    admits: true,
    policy: decision.policy,
    limiter:
      decision.limits.length > 0 ? limiters.limiter(base.caller, decision.limits, now.monotonic) : undefined,
    quotas: quotas.guard(api.tenant, caller, decision.limits),
    strict: decision.audit === 'strict',
    endpoint,
    largestRequest: smallest(decision, { bytes: endpoint.maxRequestBytes, says: `${endpoint.name} takes` }),
    largestReply: smallest(decision, {
      bytes: endpoint.maxReplyBytes,
      says: `${endpoint.name} gives at most`,
    }),
    lease: decision.lease,
    ...(api.deprecation === undefined ? {} : { deprecation: api.deprecation }),
    serveSuffix: `.v${fields.major}.${fields.endpoint}`,
  };
}

/** The endpoint's own bound, or that of a policy that sets a smaller one. */
function smallest({ limits }: Allowed, own: Bound): Bound {
  return limits.reduce<Bound>(
    (least, { policy, payload = Number.POSITIVE_INFINITY }) =>
      payload < least.bytes ? { bytes: payload, says: `policy ${policy} allows` } : least,
    own,
  );
}

/** The same words as for an API that does not exist: a refused caller must not learn that it does. */
function noRouteReason(fields: CallFields): string {
  return `no API ${fields.service} v${fields.major} that ${fields.from} may call`;
}

/**
 * The fields of a call's subject, provided it is inside the subscription it came by. A hostile leaf can make
 * a receiver see any subject, so the subscription is trusted and the subject is not (ADR 0004).
 */
export function fieldsWithin(
  route: { fromSite: string; service: string; major: number; site: string },
  subject: string,
): CallFields | undefined {
  const fields = subjects.call.parse(subject);
  if (!fields) return undefined;
  const inside =
    fields.fromSite === route.fromSite &&
    fields.service === route.service &&
    fields.major === route.major &&
    (fields.toSite === route.site || fields.toSite === 'any');
  return inside ? fields : undefined;
}

/** The entries of one route, by the subjects of calls. */
export interface EntryTable {
  readonly api: GuardedApi;
  readonly entries: Map<string, GuardEntry>;
}

/** Bound of the compiled entries that one route keeps; a caller beyond it is compiled anew each time. */
const maxEntriesPerRoute = 10_000;

/**
 * The entry for a call's subject: one look-up where it is known and still stands, else it is worked out. Undefined
 * where the subject is not inside the route's subscription.
 */
export function entryFor(
  route: EntryTable & Parameters<typeof fieldsWithin>[0],
  subject: string,
  meters: EntryMeters,
  now: { readonly monotonic: number; readonly hub: number },
  standingOf?: StandingOf,
): GuardEntry | undefined {
  const known = route.entries.get(subject);
  // A clock that was set back may be before the beginning, too.
  if (known && now.hub < known.until && now.hub >= known.since) return known;
  const fields = known?.fields ?? fieldsWithin(route, subject);
  if (!fields) return undefined;
  if (known) closeEntry(known);
  else if (route.entries.size >= maxEntriesPerRoute) forgetEntries(route.entries);
  const entry = compileEntry(route.api, fields, meters, now, standingOf);
  route.entries.set(subject, entry);
  return entry;
}

function closeEntry(entry: GuardEntry): void {
  if (!entry.admits) return;
  entry.limiter?.close();
  entry.quotas?.close();
}

/** Drops entries, and lets go of the limiters and quotas that they hold. */
export function forgetEntries(entries: Map<string, GuardEntry>): void {
  for (const entry of entries.values()) closeEntry(entry);
  entries.clear();
}
