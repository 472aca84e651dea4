import { type AuditRecord, subjects } from '@causeway/protocol';
import { countOf } from './record.ts';

/** What counters of a site are about, from the subject's fields but the metric. */
type FlowPlace = Omit<Parameters<typeof subjects.flow.build>[0], 'metric'>;

/** Stands in the place of an endpoint that the caller made up. */
const noEndpoint = 'any';

/** Stands in the place of a service that the caller made up. No identity is named so. */
const noService = '-';

/**
 * What a record is counted under. What a caller can make up must not make counters, or it could make them without
 * end: the endpoint of a call to one that does not exist, or to an API that does not exist for the caller, is
 * counted as `any`; the API in a caller's own report of a call that reached nobody as `-`, version 0. Who calls from another
 * site is for that site to say, so a caller there that nothing is granted to is counted as `-` too: a site that was taken
 * over could name any number of them, and use up what there is room for of the site that refuses them.
 */
function placeOf(record: AuditRecord): FlowPlace {
  const { site, tenant, from, to } = record;
  const who = { site, tenant, fromSite: from.site, from: from.service };
  if (record.decision === 'reported') return { ...who, service: noService, major: 0, endpoint: noEndpoint };
  const unknown = record.code === 'NO_ROUTE';
  const madeUp = unknown || record.code === 'NO_SUCH_ENDPOINT';
  if (unknown && from.site !== site) who.from = noService;
  return { ...who, service: to.service, major: to.major, endpoint: madeUp ? noEndpoint : to.endpoint };
}

/** The metric that counts calls of this outcome: `code-no-route` for `NO_ROUTE`. */
export function codeMetric(code: string): string {
  return `code-${code.toLowerCase().replaceAll('_', '-')}`;
}

/**
 * A text that is equal for records counted under the same subjects but for their codes. A caller that keeps it
 * (one for each caller and endpoint, of records that are neither reported nor about what does not exist) saves
 * `add` the making of it.
 */
export function flowKey(record: AuditRecord): string {
  const { site, tenant, fromSite, from, service, major, endpoint } = placeOf(record);
  return `${site}.${tenant}.${fromSite}.${from}.${service}.v${major}.${endpoint}`;
}

/** What one record adds to the counters: subjects and amounts, zeros left out. */
export function flowKeys(record: AuditRecord): Map<string, number> {
  const sums = createFlowSums();
  sums.add(record);
  return sums.drain();
}

/** Sums of what records add to the counters, between two writes of them. */
export interface FlowSums {
  /** Adds a record; `key` is its `flowKey` where the caller has it. One look-up, no allocation. */
  add(record: AuditRecord, key?: string): void;
  /** The sums by subject, zeros left out; all are zero then. Throws a RangeError for names outside the grammar. */
  drain(): Map<string, number>;
  /** Calls added since the last drain. */
  readonly calls: number;
}

interface Cell {
  readonly subjects: Map<string, string>;
  readonly place: FlowPlace;
  calls: number;
  ok: number;
  requestBytes: number;
  replyBytes: number;
  durationMicros: number;
  readonly otherCodes: Map<string, number>;
}

/**
 * Sums as plain numbers: exact up to 2^53 between two drains, which is 9 petabytes or 285 years of duration.
 *
 * A record's `count` multiplies all it adds: the record stands for that many equal ones. A cell that nothing was
 * added to between two drains is forgotten, so memory is that of the callers and endpoints in use.
 */
export function createFlowSums(): FlowSums {
  const cells = new Map<string, Cell>();
  let calls = 0;

  function cellOf(record: AuditRecord, key: string): Cell {
    const known = cells.get(key);
    if (known) return known;
    const cell: Cell = {
      subjects: new Map(),
      place: placeOf(record),
      calls: 0,
      ok: 0,
      requestBytes: 0,
      replyBytes: 0,
      durationMicros: 0,
      otherCodes: new Map(),
    };
    cells.set(key, cell);
    return cell;
  }

  function put(sums: Map<string, number>, cell: Cell, metric: string, amount: number): void {
    if (amount === 0) return;
    let subject = cell.subjects.get(metric);
    if (subject === undefined) {
      subject = subjects.flow.build({ ...cell.place, metric });
      cell.subjects.set(metric, subject);
    }
    sums.set(subject, amount);
  }

  return {
    get calls() {
      return calls;
    },
    add(record, key = flowKey(record)) {
      const cell = cellOf(record, key);
      const count = countOf(record);
      calls += count;
      cell.calls += count;
      if (record.code === 'OK') cell.ok += count;
      else cell.otherCodes.set(record.code, (cell.otherCodes.get(record.code) ?? 0) + count);
      cell.requestBytes += record.requestBytes * count;
      cell.replyBytes += record.replyBytes * count;
      cell.durationMicros += record.durationMicros * count;
    },
    drain() {
      const sums = new Map<string, number>();
      for (const [key, cell] of cells) {
        if (cell.calls === 0) {
          cells.delete(key);
          continue;
        }
        put(sums, cell, 'calls', cell.calls);
        put(sums, cell, codeMetric('OK'), cell.ok);
        for (const [code, amount] of cell.otherCodes) put(sums, cell, codeMetric(code), amount);
        put(sums, cell, 'request-bytes', cell.requestBytes);
        put(sums, cell, 'reply-bytes', cell.replyBytes);
        put(sums, cell, 'duration-us', cell.durationMicros);
        cell.calls = 0;
        cell.ok = 0;
        cell.requestBytes = 0;
        cell.replyBytes = 0;
        cell.durationMicros = 0;
        cell.otherCodes.clear();
      }
      calls = 0;
      return sums;
    },
  };
}
