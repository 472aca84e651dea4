import { apiName, subjects } from '@causeway/protocol';

/** What counters can be summed by. */
export const groupings = ['endpoint', 'service', 'caller', 'site', 'tenant'] as const;

/** One of them. */
export type Grouping = (typeof groupings)[number];

/** Sums of one group; fields that it is not made by are absent. */
export interface FlowRow {
  readonly tenant: string;
  /** The site that counted. */
  readonly site?: string;
  /** The caller, `SITE/SERVICE`. */
  readonly from?: string;
  /** `SERVICE.vMAJOR`, with the endpoint where that is told apart. */
  readonly to?: string;
  /** By metric: `calls`, `code-ok`, `code-denied` …, `request-bytes`, `reply-bytes`, `duration-us`. */
  readonly metrics: Readonly<Record<string, bigint>>;
}

/** Sums counters, by subject, into groups, in the order of their names. What is no counter of the grammar is left out. */
export function groupCounters(values: ReadonlyMap<string, bigint>, by: Grouping): FlowRow[] {
  const rows = new Map<string, FlowRow & { metrics: Record<string, bigint> }>();
  for (const [subject, value] of values) {
    const fields = subjects.flow.parse(subject);
    if (!fields) continue;
    const { tenant, site, fromSite, from, service, major, endpoint, metric } = fields;
    const api = apiName(service, Number(major));
    const place = {
      tenant,
      ...(by === 'tenant' ? {} : { site }),
      ...(by === 'endpoint' || by === 'caller' ? { from: `${fromSite}/${from}` } : {}),
      ...(by === 'endpoint' ? { to: `${api}.${endpoint}` } : by === 'service' ? { to: api } : {}),
    };
    const key = JSON.stringify(place);
    let row = rows.get(key);
    if (!row) {
      row = { ...place, metrics: {} };
      rows.set(key, row);
    }
    row.metrics[metric] = (row.metrics[metric] ?? 0n) + value;
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
