import {
  type AdminClient,
  type Console,
  openConsole,
  recount,
  tailRecords,
  verifyChains,
} from '@causeway/fabric';
import type { AuditRecord } from '@causeway/protocol';
import { systemClock, systemRandom } from '@causeway/transport';
import { silent } from '../../support/silent-logger.ts';
import type { LoadedCall } from './load.ts';

/** What callers saw, held against what the cloud recorded. Of a fault that was survived each list is empty. */
export interface Balance {
  readonly calls: number;
  readonly records: number;
  /** Calls that a gateway answered, and that have no record. */
  readonly missing: readonly string[];
  /** Calls with more than one record. */
  readonly doubled: readonly string[];
  /** Calls whose record tells of another outcome than their caller saw. */
  readonly contradicted: readonly string[];
  /** Counters that are not what the records add up to. */
  readonly differences: readonly string[];
  /** What is wrong with the chains. */
  readonly problems: readonly string[];
}

/**
 * Codes that a caller may give itself, without a gateway: then there is one record at most, and its outcome is the
 * gateway's own (the call may have run, and its reply been lost).
 */
const ownCodes = new Set(['UNREACHABLE', 'DEADLINE_EXCEEDED', 'NO_ROUTE', 'REVOKED']);

/** Reads all that the cloud has of these calls. */
export async function balanceOf(
  dir: string,
  admin: AdminClient,
  calls: readonly LoadedCall[],
): Promise<Balance> {
  const ports = { clock: systemClock, random: systemRandom, logger: silent };
  const console = await openConsole(dir, admin, { tenant: 'any', from: 'beginning' }, ports);
  try {
    const records = await handled(console);
    const found = await recount(console);
    const chains = await verifyChains(console, () => {});
    const missing: string[] = [];
    const doubled: string[] = [];
    const contradicted: string[] = [];
    for (const { trace, lane, repeats, code } of calls) {
      const of = records.get(trace) ?? [];
      if (repeats) {
        // Each time it was sent is a call of its own; the one whose answer counted succeeded.
        const ids = new Set(of.map((record) => record.call));
        if (ids.size < of.length) doubled.push(`${lane} ${trace}: ${of.map((record) => record.call).join()}`);
        const told = code !== 'OK' || of.some((record) => record.code === 'OK');
        if (!told) missing.push(`${lane} ${trace}: ${code}`);
        continue;
      }
      const own = ownCodes.has(code);
      if (of.length > 1) doubled.push(`${lane} ${trace}: ${of.map((record) => record.code).join()}`);
      if (of.length === 0 && !own) missing.push(`${lane} ${trace}: ${code}`);
      if (of.length === 1 && !own && of[0]?.code !== code)
        contradicted.push(`${lane} ${trace}: ${code}, recorded ${of[0]?.code}`);
    }
    return {
      calls: calls.length,
      records: [...records.values()].reduce((sum, of) => sum + of.length, 0),
      missing,
      doubled,
      contradicted,
      differences: found.differences.map((difference) => JSON.stringify(difference, bigintText)),
      problems: chains.problems.map(({ kind, text }) => `${kind}: ${text}`),
    };
  } finally {
    await console.close();
  }
}

/** Records of gateways by trace; what callers only reported counts apart. */
async function handled(console: Console): Promise<Map<string, AuditRecord[]>> {
  const byTrace = new Map<string, AuditRecord[]>();
  const reading = tailRecords(console, {
    record(record) {
      if (record.decision === 'reported' || record.trace === undefined) return;
      const of = byTrace.get(record.trace) ?? [];
      of.push(record);
      byTrace.set(record.trace, of);
    },
    damaged: (subject, problem) => {
      throw new Error(`damaged block on ${subject}: ${problem}`);
    },
  });
  await reading.caughtUp;
  await reading.stop();
  return byTrace;
}

const bigintText = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** Everything that must be empty, for one assertion. */
export function faultsOf({ missing, doubled, contradicted, differences, problems }: Balance) {
  return { missing, doubled, contradicted, differences, problems };
}
