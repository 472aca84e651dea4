import { echoManifest } from './lib/echo.ts';
import type { InForceFabric } from './lib/in-force-fabric.ts';
import { startInForceFabric } from './lib/in-force-fabric.ts';
import type { LoadResult } from './lib/load.ts';
import { describeMachine, type Machine } from './lib/machine.ts';
import { percentile } from './lib/statistics.ts';

/** How `bench in-force` is run. */
export interface InForceBenchOptions {
  readonly changes: number;
  /** Calls in flight meanwhile; 0 for none. */
  readonly inflight: number;
  /** Policies that stand beside the one that is changed. */
  readonly policies: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** Milliseconds, over all changes. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** What `bench in-force -o json` prints. */
export interface InForceBenchReport {
  readonly bench: 'in-force';
  readonly machine: Machine;
  readonly options: Pick<InForceBenchOptions, 'changes' | 'inflight' | 'policies'>;
  readonly sites: readonly string[];
  /** From `apply` until it was answered: stored, compiled, and written for each site. */
  readonly applied: Times;
  /** From `apply` until each site had said that it is in force. */
  readonly inForce: Times;
  /** The calls that were made meanwhile. */
  readonly load: Pick<LoadResult, 'ok' | 'perSecond' | 'p99' | 'failures'> | null;
  /** Resident bytes of the registry before the changes and after them. */
  readonly registry: { readonly before: number; readonly after: number };
  /** What spoils the figures, in words; the run fails where there is any. */
  readonly faults: readonly string[];
}

/** What a change is given; the goal is a second. */
const limitMs = 30_000;
const askMs = 5_000;
/** Changes before those that count, which warm up code and connections. */
const warmUp = 10;
/** A load is asked for in stretches, until the changes are done. */
const stretchMs = 1_000;

/** Runs the benchmark. Rejects where it could not be run; whatever it started is gone when it settles. */
export async function runInForceBench(options: InForceBenchOptions): Promise<InForceBenchReport> {
  const { changes, inflight, policies, signal, onProgress } = options;
  await using fabric = await startInForceFabric({ policies, signal, onProgress });
  const { sites, natsServer } = fabric;
  for (let n = 0; n < warmUp; n += 1) await change(fabric, n);
  const before = await fabric.registryMemory();
  const done = new AbortController();
  const load = inflight === 0 ? Promise.resolve([]) : keepBusy(fabric, inflight, done.signal);
  const applied: number[] = [];
  const reached: number[] = [];
  const faults: string[] = [];
  try {
    for (let n = 0; n < changes; n += 1) {
      signal.throwIfAborted();
      const sample = await change(fabric, warmUp + n);
      applied.push(sample.applied);
      reached.push(sample.inForce);
      if (sample.missing.length > 0) {
        faults.push(`change ${n + 1} was not in force at ${sample.missing.join(', ')} within ${limitMs} ms`);
      }
      if ((n + 1) % 20 === 0) onProgress(`${n + 1} of ${changes} changes`);
    }
  } finally {
    done.abort();
  }
  const stretches = await load;
  for (const { failures } of stretches) {
    for (const [what, count] of Object.entries(failures)) faults.push(`${count} calls failed with ${what}`);
  }
  return {
    bench: 'in-force',
    machine: describeMachine(natsServer),
    options: { changes, inflight, policies },
    sites,
    applied: timesOf(applied),
    inForce: timesOf(reached),
    load: stretches.length === 0 ? null : together(stretches),
    registry: { before, after: await fabric.registryMemory() },
    faults,
  };
}

/** Changes a policy of the API that all sites serve, so that it concerns each of them. */
async function change({ admin }: InForceFabric, n: number) {
  const begun = performance.now();
  const { revision } = await admin.apply([
    {
      kind: 'policy',
      name: 'bench-change',
      from: { service: 'bench-other' },
      to: { service: echoManifest.service },
      effect: 'allow',
      limits: { rate: n + 1 },
    },
  ]);
  const applied = performance.now() - begun;
  for (;;) {
    const reply = await admin.inForce({ revision, wait: askMs });
    const missing = reply.sites.filter(({ state, wanted }) => state !== 'in-force' || wanted === null);
    const inForce = performance.now() - begun;
    if (missing.length === 0 || inForce > limitMs) {
      return { applied, inForce, missing: missing.map(({ site }) => site) };
    }
  }
}

async function keepBusy(
  { caller }: InForceFabric,
  inFlight: number,
  done: AbortSignal,
): Promise<LoadResult[]> {
  const stretches: LoadResult[] = [];
  while (!done.aborted) stretches.push(await caller.ask<LoadResult>({ inFlight, ms: stretchMs }));
  return stretches;
}

function together(stretches: readonly LoadResult[]): NonNullable<InForceBenchReport['load']> {
  const failures: Record<string, number> = {};
  for (const { failures: some } of stretches) {
    for (const [what, count] of Object.entries(some)) failures[what] = (failures[what] ?? 0) + count;
  }
  const rates = stretches.map(({ perSecond }) => perSecond);
  return {
    ok: stretches.reduce((sum, { ok }) => sum + ok, 0),
    perSecond: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
    p99: Math.max(...stretches.map(({ p99 }) => p99)),
    failures,
  };
}

function timesOf(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    longest: sorted.at(-1) ?? Number.NaN,
  };
}

/** The result as text. */
export function inForceReport({ machine, options, sites, ...report }: InForceBenchReport): string {
  const { applied, inForce, load, registry, faults } = report;
  const row = (label: string, { p50, p99, longest }: Times) =>
    label.padEnd(34) + [p50, p99, longest].map((ms) => ms.toFixed(1).padStart(10)).join('');
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const lines = [
    `${options.changes} changes of a policy, one after the other, each in force at ${sites.length} sites (${sites.join(', ')}).`,
    `${options.policies} other policies stand; ${options.inflight} calls in flight from the cloud to an edge meanwhile.`,
    `${machine.cpus} x ${machine.model}, ${machine.system}, Node ${machine.node}, nats-server ${machine.natsServer}`,
    machine.at,
    '',
    `${'ms from apply'.padEnd(34)}${['p50', 'p99', 'longest'].map((title) => title.padStart(10)).join('')}`,
    row('answered: stored and compiled', applied),
    row('in force at every site', inForce),
    '',
    load
      ? `load: ${Math.round(load.perSecond)} calls/s, ${load.ok} calls, p99 at most ${(load.p99 / 1000).toFixed(1)} ms`
      : 'load: none',
    `registry: ${megabytes(registry.before)} before, ${megabytes(registry.after)} after`,
    ...faults.map((fault) => `FAULT: ${fault}`),
  ];
  return `${lines.join('\n')}\n`;
}
