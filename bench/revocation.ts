import type { LoadResult } from './lib/load.ts';
import { describeMachine, type Machine } from './lib/machine.ts';
import {
  type RevocationFabric,
  type RevocationSite,
  revocationSites,
  startRevocationFabric,
} from './lib/revocation-fabric.ts';
import { percentile } from './lib/statistics.ts';

/** How `bench revocation` is run. */
export interface RevocationBenchOptions {
  readonly revocations: number;
  /** Calls in flight all the while. */
  readonly inflight: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** Milliseconds from the request: half of the revocations took as long at most, and all but one in a hundred. */
export interface Spell {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** What `bench revocation -o json` prints. */
export interface RevocationBenchReport {
  readonly bench: 'revocation';
  readonly machine: Machine;
  readonly options: Pick<RevocationBenchOptions, 'revocations' | 'inflight'>;
  /** Until a site's server had cut the revoked service's connection. */
  readonly cutAt: Readonly<Record<RevocationSite, Spell>>;
  /** Until all three had. */
  readonly cutEverywhere: Spell;
  /** Until the reply that names every site's receipt. */
  readonly receipts: Spell;
  /** Calls that went on meanwhile, and were none of theirs. */
  readonly load: Pick<LoadResult, 'ok' | 'perSecond' | 'p99'>;
  /** What spoils the figures, in words; the run fails where there is any. */
  readonly faults: readonly string[];
}

interface Sample {
  readonly cutAt: Readonly<Record<RevocationSite, number>>;
  readonly receipts: number;
}

const patienceMs = 10_000;
/** The load's phases are so long; the next begins until all is done. */
const phaseMs = 2_000;

/** Runs the benchmark. Rejects where it could not be run; whatever it started is gone when it settles. */
export async function runRevocationBench(options: RevocationBenchOptions): Promise<RevocationBenchReport> {
  const { revocations, inflight, signal, onProgress } = options;
  await using fabric = await startRevocationFabric({ signal, onProgress });
  const faults: string[] = [];
  const samples: Sample[] = [];
  const done = new AbortController();
  const loading = keepLoad(fabric, inflight, done.signal);
  try {
    for (let at = 0; at < revocations; at += 1) {
      signal.throwIfAborted();
      const site = revocationSites[at % revocationSites.length] as RevocationSite;
      samples.push(await revokeOne(fabric, site, `victim-${at}`, faults));
      if ((at + 1) % 20 === 0) onProgress(`${at + 1} of ${revocations} revoked`);
    }
  } finally {
    done.abort();
  }
  const phases = await loading;
  for (const { failures } of phases) {
    for (const [what, count] of Object.entries(failures)) faults.push(`${count} calls failed with ${what}`);
  }
  const sum = (read: (phase: LoadResult) => number) => phases.reduce((all, phase) => all + read(phase), 0);
  return {
    bench: 'revocation',
    machine: describeMachine(fabric.natsServer),
    options: { revocations, inflight },
    cutAt: Object.fromEntries(
      revocationSites.map((site) => [site, spell(samples.map(({ cutAt }) => cutAt[site]))]),
    ) as Record<RevocationSite, Spell>,
    cutEverywhere: spell(samples.map(({ cutAt }) => Math.max(...Object.values(cutAt)))),
    receipts: spell(samples.map(({ receipts }) => receipts)),
    load: {
      ok: sum(({ ok }) => ok),
      perSecond: sum(({ perSecond }) => perSecond) / phases.length,
      p99: Math.max(...phases.map(({ p99 }) => p99)),
    },
    faults,
  };
}

/** Makes calls until told to end; gives what came of each phase. */
async function keepLoad(
  { caller }: RevocationFabric,
  inFlight: number,
  end: AbortSignal,
): Promise<LoadResult[]> {
  const phases: LoadResult[] = [];
  do phases.push(await caller.ask<LoadResult>({ inFlight, ms: phaseMs }));
  while (!end.aborted);
  return phases;
}

async function revokeOne(
  fabric: RevocationFabric,
  site: RevocationSite,
  service: string,
  faults: string[],
): Promise<Sample> {
  const victim = await fabric.enter(site, service);
  const limit = AbortSignal.timeout(patienceMs);
  const never = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Error(`${service} was not cut in ${patienceMs} ms`)));
  });
  const begun = performance.now();
  const cuts = revocationSites.map(async (at) => {
    await victim.connections[at].closed();
    return [at, performance.now() - begun] as const;
  });
  const { sites = [] } = await fabric.admin.revoke({ tenant: fabric.tenant, site, service });
  const receipts = performance.now() - begun;
  for (const { site: at, inForce } of sites) {
    if (!inForce) faults.push(`${service}: no receipt of ${at}`);
  }
  const cutAt = Object.fromEntries(await Promise.race([Promise.all(cuts), never]));
  for (const at of await fabric.stillIn(victim)) faults.push(`${service}: let in again at ${at}`);
  return { cutAt: cutAt as Record<RevocationSite, number>, receipts };
}

function spell(values: readonly number[]): Spell {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    longest: sorted.at(-1) ?? Number.NaN,
  };
}

/** The result as text, within 100 columns. */
export function revocationReport(report: RevocationBenchReport): string {
  const { machine, options, cutAt, cutEverywhere, receipts, load, faults } = report;
  const row = (label: string, { p50, p99, longest }: Spell) =>
    label.padEnd(34) + [p50, p99, longest].map((ms) => ms.toFixed(1).padStart(10)).join('');
  const lines = [
    `${options.revocations} services of three sites revoked one after the other, each let in at all three servers;`,
    `meanwhile ${Math.round(load.perSecond)} calls/s from the cloud to an edge (${options.inflight} in flight).`,
    `${machine.cpus} x ${machine.model}, ${machine.system}, Node ${machine.node}, nats-server ${machine.natsServer}`,
    `${machine.at}. Milliseconds from the revoke request.`,
    '',
    ''.padEnd(34) + ['p50', 'p99', 'longest'].map((title) => title.padStart(10)).join(''),
    ...revocationSites.map((site) => row(`connection cut at ${site}`, cutAt[site])),
    row('cut everywhere', cutEverywhere),
    row('reply with every site’s receipt', receipts),
    '',
    `load: ${load.ok} calls succeeded, p99 ${(load.p99 / 1000).toFixed(1)} ms`,
    ...faults.map((fault) => `FAULT: ${fault}`),
  ];
  return `${lines.join('\n')}\n`;
}
