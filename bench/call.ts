import { setTimeout as delay } from 'node:timers/promises';
import { type BenchFabric, type CallCase, callCases, startBenchFabric } from './lib/bench-fabric.ts';
import { cpuOf, type ProcessName, perCall } from './lib/cpu.ts';
import type { LoadResult } from './lib/load.ts';
import { describeMachine, type Machine } from './lib/machine.ts';
import type { RecordCount } from './lib/records.ts';
import { createShuffle } from './lib/shuffle.ts';

/** How `bench call` is run. */
export interface CallBenchOptions {
  readonly rounds: number;
  /** Length of a throughput phase; the sequential phase takes half of it. */
  readonly seconds: number;
  readonly inflight: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** One case in one round. */
export interface CallSample {
  readonly case: CallCase;
  readonly round: number;
  /** Place in the round's order, from 0. */
  readonly place: number;
  readonly sequential: LoadResult;
  readonly throughput: LoadResult;
  /** CPU microseconds per call of the throughput phase, until all its work is written; absent where unreadable. */
  readonly cpu?: Readonly<Record<ProcessName, number>>;
}

/** What `bench call -o json` prints. */
export interface CallBenchReport {
  readonly bench: 'call';
  readonly machine: Machine;
  readonly options: Pick<CallBenchOptions, 'rounds' | 'seconds' | 'inflight' | 'seed'>;
  readonly samples: readonly CallSample[];
  /** The records in the cloud of all guarded calls that succeeded, warm-up included, as the caller counted them. */
  readonly records: RecordCount & { readonly calls: number };
  /** What spoils the figures, in words; the run fails where there is any. */
  readonly faults: readonly string[];
}

/**
 * After a phase the gateway still stores its last block (4 ms) and its counters (once a second). Every case waits so
 * long after its throughput phase, and the CPU of that time is its own: no case pays for the one before it.
 */
const settleMs = 1_300;
const warmUpMs = 3_000;

/** Runs the benchmark. Rejects where it could not be run; whatever it started is gone when it settles. */
export async function runCallBench(options: CallBenchOptions): Promise<CallBenchReport> {
  const { rounds, seconds, inflight, seed, signal, onProgress } = options;
  await using fabric = await startBenchFabric({ signal, onProgress });
  const shuffle = createShuffle(seed);
  for (const name of callCases) {
    onProgress(`warming up: ${name}`);
    for (const inFlight of [1, inflight]) {
      await fabric.callers[name].ask<LoadResult>({ inFlight, ms: warmUpMs / 2 });
    }
  }
  const samples: CallSample[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const order = shuffle(callCases);
    for (const [place, name] of order.entries()) {
      signal.throwIfAborted();
      const sample = await measure(fabric, name, { ms: seconds * 1000, inflight, signal });
      samples.push({ case: name, round, place, ...sample });
      const rate = Math.round(sample.throughput.perSecond);
      onProgress(`round ${round} of ${rounds}: ${name} ${rate} calls/s, ${place + 1} of ${order.length}`);
    }
  }
  onProgress('waiting for the records, and counting them anew');
  const { ok: calls } = await fabric.callers.guarded.ask<{ ok: number }>({ count: true });
  const records = { calls, ...(await fabric.countRecords(calls)) };
  return {
    bench: 'call',
    machine: describeMachine(fabric.natsServer),
    options: { rounds, seconds, inflight, seed },
    samples,
    records,
    faults: faultsOf(samples, records),
  };
}

async function measure(
  fabric: BenchFabric,
  name: CallCase,
  { ms, inflight, signal }: { ms: number; inflight: number; signal: AbortSignal },
): Promise<Pick<CallSample, 'sequential' | 'throughput' | 'cpu'>> {
  const caller = fabric.callers[name];
  const sequential = await caller.ask<LoadResult>({ inFlight: 1, ms: ms / 2 });
  await delay(settleMs, undefined, { signal });
  const processes = fabric.processesOf(name);
  const before = await cpuOf(processes);
  const throughput = await caller.ask<LoadResult>({ inFlight: inflight, ms });
  await delay(settleMs, undefined, { signal });
  const after = await cpuOf(processes);
  const cpu = before && after ? perCall(before, after, throughput.ok) : undefined;
  return { sequential, throughput, ...(cpu && { cpu }) };
}

function faultsOf(samples: readonly CallSample[], records: CallBenchReport['records']): string[] {
  const faults: string[] = [];
  for (const { case: name, round, sequential, throughput } of samples) {
    for (const [phase, { failures }] of Object.entries({ sequential, throughput })) {
      for (const [what, count] of Object.entries(failures)) {
        faults.push(`round ${round}, ${name}, ${phase}: ${count} calls failed with ${what}`);
      }
    }
  }
  if (records.records !== records.calls || records.distinct !== records.calls) {
    faults.push(
      `${records.calls} guarded calls left ${records.records} records of ${records.distinct} calls; expected one each`,
    );
  }
  if (records.counterDifferences) {
    faults.push(`${records.counterDifferences} counters differ from a recount of the records`);
  }
  return faults;
}
