import type { AuditRecord } from '@causeway/protocol';
import type { CallReport } from '../calls.ts';

/** How the replies that callers got compare with the records that the cloud holds of them. */
export interface Balance {
  /** Replies of gateways, results and refusals. */
  readonly replies: number;
  /** Replies with a record of the same caller, endpoint and outcome, each record used once. */
  readonly matched: number;
  /** Records of the demonstration's calls that no reply accounts for. */
  readonly surplus: number;
  /** Calls that ended without a reply of a gateway. */
  readonly unanswered: number;
}

/** Keeps both sides of the account. */
export interface Ledger {
  reply(report: CallReport): void;
  /** Ignores records of calls that are not the demonstration's: those without one of its traces. */
  record(record: AuditRecord): void;
  balance(): Balance;
  /** Replies by outcome. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Codes with which the caller itself gives up; a gateway may have sent nothing, or something that came too late. */
const givenUp = new Set(['UNREACHABLE', 'DEADLINE_EXCEEDED']);

/**
 * Creates an empty ledger. Both sides carry the trace id that the demonstration gave to a call; a call that led to
 * others shares it with them, so what is compared under one trace is the count of each caller, endpoint and outcome.
 */
export function createLedger(isOurs: (trace: string) => boolean): Ledger {
  const replies = new Map<string, number>();
  const records = new Map<string, number>();
  const outcomes = new Map<string, number>();
  let unanswered = 0;

  return {
    outcomes,
    reply({ trace, from, to, code }) {
      add(outcomes, code, 1);
      if (givenUp.has(code)) unanswered += 1;
      else add(replies, keyOf(trace, from, to, code), 1);
    },
    record({ trace, from, to, code, count }) {
      if (trace !== undefined && isOurs(trace)) add(records, keyOf(trace, from, to, code), count ?? 1);
    },
    balance() {
      let matched = 0;
      for (const [key, count] of replies) matched += Math.min(count, records.get(key) ?? 0);
      return { replies: total(replies), matched, surplus: total(records) - matched, unanswered };
    },
  };
}

function keyOf(trace: string, from: CallReport['from'], to: CallReport['to'], code: string): string {
  return `${trace} ${from.site}/${from.service} ${to.service}.v${to.major}.${to.endpoint} ${code}`;
}

function add(counts: Map<string, number>, key: string, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, each) => sum + each, 0);
}
