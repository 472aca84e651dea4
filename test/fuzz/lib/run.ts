import type { ChainProblem } from '@causeway/audit';
import { openConsole, type RecountReport, recount, verifyChains } from '@causeway/fabric';
import { systemClock, systemRandom } from '@causeway/transport';
import fc from 'fast-check';
import { silent } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { createAnswers } from './answers.ts';
import { createGun } from './gun.ts';
import {
  compareMemory,
  createMemoryProbe,
  type Growth,
  type MemoryProbe,
  type ProcessMemory,
} from './memory.ts';
import { type Shot, shotsOf, ways } from './shots.ts';
import { hostileTenant, type Stage, startStage } from './stage.ts';
import { listenForEscapes, logPositions, newLogErrors } from './watch.ts';

/** How much to send, and from which seed all of it is made. */
export interface FuzzOptions {
  readonly messages: number;
  readonly seed: number;
  /** Most that a process may grow by between the first tenth and the end. */
  readonly growth?: Growth;
  readonly onProgress?: (line: string) => void;
}

/** What a run did and found. */
export interface FuzzReport {
  readonly seed: number;
  readonly messages: number;
  /** Of the sending alone. */
  readonly seconds: number;
  /** Messages by the way they went. */
  readonly byWay: Readonly<Record<Shot['way'], number>>;
  /** Answers by code; `OK` for what was done, `nobody` for the broker's own 503. */
  readonly codes: Readonly<Record<string, number>>;
  readonly honestCalls: number;
  /** Of each process, after each tenth of the messages. */
  readonly memory: Readonly<Record<string, readonly ProcessMemory[]>>;
  readonly records: { readonly blocks: number; readonly calls: bigint };
  /** What should not have been. Empty where all is well. */
  readonly findings: readonly string[];
}

const batchSize = 200;
const mostOutstanding = 300;
const honestEveryMs = 500;
/**
 * The first tenth fills caches and heaps. What is in use then stays so; what is resident depends on when V8 and Go give
 * back what they no longer use.
 */
const defaultGrowth: Growth = { resident: 150, inUse: 10 };
/** A warm-up of fewer messages says nothing about growth. */
const leastWarmUp = 2_000;

/** Brings up a fabric, sends, and looks at what came of it. Rejects only where that itself cannot be done. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { onProgress = () => {} } = options;
  onProgress(`seed ${options.seed}: starting a fabric`);
  const probe = await createMemoryProbe();
  try {
    const stage = await startStage();
    try {
      return await fuzz(stage, probe, options);
    } finally {
      await stage.close();
    }
  } finally {
    await probe.close();
  }
}

async function fuzz(stage: Stage, probe: MemoryProbe, options: FuzzOptions): Promise<FuzzReport> {
  const { messages, seed, growth = defaultGrowth, onProgress = () => {} } = options;
  const { fabric } = stage;
  const escapes = await listenForEscapes(stage);
  const answers = createAnswers();
  const gun = await createGun(stage, answers);
  const logs = await logPositions(fabric);
  const processes = fabric.fabric.processes;
  const honest = startHonestCalls(stage);
  const shots = shotsOf({ tenant: hostileTenant, siteService: 'bsvc', key: stage.key });
  const byWay = Object.fromEntries(Object.keys(ways).map((way) => [way, 0])) as Record<Shot['way'], number>;
  const findings: string[] = [];
  const tenth = Math.max(leastWarmUp, messages / 10);
  const looks: ReadonlyMap<string, ProcessMemory>[] = [];
  let sent = 0;
  const start = systemClock.monotonic();
  let told = start;

  try {
    for (let batch = 0; sent < messages; batch += 1) {
      for (const shot of fc.sample(shots, { numRuns: batchSize, seed: (seed + batch) | 0 })) {
        if (sent >= messages) break;
        const count = gun.fire(shot);
        byWay[shot.way] += count;
        sent += count;
        await answers.below(mostOutstanding);
      }
      await gun.settle();
      if (sent >= tenth * (looks.length + 1) && sent < messages) looks.push(await probe.look(fabric));
      if (systemClock.monotonic() - told > 10_000) {
        told = systemClock.monotonic();
        onProgress(`${sent} of ${messages} messages, ${Math.round((sent / (told - start)) * 1000)} a second`);
      }
    }
  } catch (error) {
    findings.push(`after ${sent} messages: ${(error as Error).message}`);
  }
  const seconds = (systemClock.monotonic() - start) / 1000;
  onProgress(`${sent} messages in ${seconds.toFixed(1)} s; waiting for the last answers`);
  await answers.below(1);
  gun.close();
  findings.push(...answers.faults, ...(await honest.stop()));
  findings.push(
    ...(await escapes()).map(({ account, site, subject }) => `heard in ${account} at ${site}: ${subject}`),
  );
  looks.push(await probe.look(fabric));
  const memory = compareMemory(looks, growth, findings);

  for (const [name, pid] of Object.entries(processes)) {
    if (fabric.fabric.processes[name] !== pid) findings.push(`${name} ended and was started again`);
  }
  onProgress('honest calls, records and counters');
  await until('honest calls go through', () => stage.honestCalls().then(() => true)).catch((error: Error) =>
    findings.push(error.message),
  );
  const records = await verifyRecords(stage, findings);
  findings.push(...(await newLogErrors(fabric, logs)));
  return {
    seed,
    messages: sent,
    seconds,
    byWay,
    codes: Object.fromEntries([...answers.codes].sort(([, a], [, b]) => b - a)),
    honestCalls: honest.count,
    memory,
    records,
    findings,
  };
}

/** Honest callers of another tenant, all the while: nothing of what is sent may disturb them. */
function startHonestCalls(stage: Stage): { readonly count: number; stop(): Promise<string[]> } {
  const failures: string[] = [];
  let count = 0;
  let running: Promise<void> = Promise.resolve();
  const cancel = systemClock.every(honestEveryMs, () => {
    running = running.then(async () => {
      count += 3;
      await stage
        .honestCalls()
        .catch((error: Error) => failures.push(`an honest call failed: ${error.message}`));
    });
  });
  return {
    get count() {
      return count;
    },
    async stop() {
      cancel();
      await running;
      return failures.slice(0, 10);
    },
  };
}

/** Chains verify and counters are a recount, but for what edge-b's owner made up: that shows, and as his. */
async function verifyRecords(stage: Stage, findings: string[]): Promise<FuzzReport['records']> {
  const { fabric } = stage;
  const ports = { clock: systemClock, random: systemRandom, logger: silent };
  let found: { problems: string[]; report: RecountReport } | undefined;
  const look = async () => {
    const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'any', from: 'beginning' }, ports);
    try {
      const { problems } = await verifyChains(console, () => {});
      const report = await recount(console);
      const faults = [
        ...problems.filter((problem) => !isForgedAtEdgeB(problem)).map((problem) => JSON.stringify(problem)),
        ...report.differences
          .filter(({ subject }) => !subject.startsWith('flow.edge-b.'))
          .map((difference) =>
            JSON.stringify(difference, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
          ),
      ];
      found = { problems: faults, report };
      return faults.length === 0;
    } finally {
      await console.close();
    }
  };
  // What was recorded last is counted within a second or two, and collected soon after.
  await until('chains verify and counters equal a recount', look, { timeout: 60_000, every: 1_000 }).catch(
    (error: Error) => findings.push(error.message, ...(found?.problems.slice(0, 20) ?? [])),
  );
  return { blocks: found?.report.blocks ?? 0, calls: found?.report.calls ?? 0n };
}

/** True for what the owner of edge-b made up: its own gateway's chain is as honest as any. */
function isForgedAtEdgeB({ chain, text }: ChainProblem): boolean {
  return chain ? chain.source === 'edge-b' && chain.gateway !== 'gw-1' : text.includes('from.edge-b.');
}
