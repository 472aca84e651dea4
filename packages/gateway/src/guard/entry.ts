import type { LimiterPool, PooledLimiter } from '@causeway/policy';
import { type CallFields, type ErrorCode, subjects } from '@causeway/protocol';
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
}

/** A caller that may call the endpoint, under these limits. */
export interface AdmittingEntry extends EntryBase {
  readonly admits: true;
  readonly policy: string;
  readonly limiter: PooledLimiter | undefined;
  /** True where a reply waits until the call's record is stored. */
  readonly strict: boolean;
  readonly endpoint: GuardedEndpoint;
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

/** The compiled rule for one (caller, endpoint): all that a call needs, found by one look-up of its subject. */
export type GuardEntry = AdmittingEntry | RefusingEntry;

/**
 * Works out the entry for a call's subject. Runs once for each subject, then the route keeps it. `now` is
 * monotonic milliseconds.
 */
export function compileEntry(
  api: GuardedApi,
  fields: CallFields,
  limiters: LimiterPool,
  now: number,
): GuardEntry {
  const base = {
    fields,
    inboxPrefix: `_INBOX.${fields.fromSite}.${fields.from}.`,
    caller: `${fields.fromSite}.${fields.from}`,
    counters: `${fields.fromSite}.${fields.from}.${fields.service}.v${fields.major}.${fields.endpoint}`,
  };
  const decision = api.rules.decide({ site: fields.fromSite, service: fields.from }, fields.endpoint);
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
    limiter: decision.limits.length > 0 ? limiters.limiter(base.caller, decision.limits, now) : undefined,
    strict: decision.audit === 'strict',
    endpoint,
    serveSuffix: `.v${fields.major}.${fields.endpoint}`,
  };
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

/** Drops entries, and lets go of the limiters that they hold. */
export function forgetEntries(entries: Map<string, GuardEntry>): void {
  for (const entry of entries.values()) if (entry.admits) entry.limiter?.close();
  entries.clear();
}
