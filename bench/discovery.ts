import { setTimeout as delay } from 'node:timers/promises';
import type { AdminClient } from '@causeway/fabric';
import { type Causeway, connect, type DiscoveredApi, type Serving } from '@causeway/sdk';
import { startBaseFabric } from './lib/base-fabric.ts';
import { describeMachine, type Machine } from './lib/machine.ts';
import { percentile } from './lib/statistics.ts';

/** How `bench discovery` is run. */
export interface DiscoveryBenchOptions {
  /** Changes of each kind. */
  readonly changes: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** What is measured: from what somebody does until a service at another site is told of it. */
export const discoveryCases = ['publish', 'policy', 'instance stops', 'instance starts'] as const;
export type DiscoveryCase = (typeof discoveryCases)[number];

/** What `bench discovery -o json` prints; times in milliseconds. */
export interface DiscoveryBenchReport {
  readonly bench: 'discovery';
  readonly machine: Machine;
  readonly options: Pick<DiscoveryBenchOptions, 'changes'>;
  readonly cases: readonly {
    readonly case: DiscoveryCase;
    readonly p50: number;
    readonly p99: number;
    readonly most: number;
    readonly samples: readonly number[];
  }[];
  /** What spoils the figures, in words; the run fails where there is any. */
  readonly faults: readonly string[];
}

const patienceMs = 10_000;
/** Changes come at any moment of what else goes on: renewals, rounds of who serves. */
const longestPauseMs = 1_000;

const manifest = (version: string) => ({
  kind: 'api' as const,
  service: 'bench-service',
  version,
  endpoints: { one: { request: {}, reply: {} }, two: { request: {}, reply: {} } },
});
const policy = (endpoints: readonly string[]) => ({
  kind: 'policy',
  name: 'bench',
  from: { service: 'bench-watcher' },
  to: { service: 'bench-service', endpoints },
  effect: 'allow',
});

/** Runs the benchmark. Rejects where it could not be run; whatever it started is gone when it settles. */
export async function runDiscoveryBench(options: DiscoveryBenchOptions): Promise<DiscoveryBenchReport> {
  const { changes, signal, onProgress } = options;
  await using fabric = await startFabric(signal, onProgress);
  const { admin, watcher, service } = fabric;
  let seen: DiscoveredApi | undefined;
  let told = () => {};
  await watcher.discover({
    onChange: ({ api }) => {
      seen = api;
      told();
    },
  });
  const faults: string[] = [];

  /** Does something, and resolves with the milliseconds until the watcher was told. */
  async function measure(what: string, act: () => Promise<unknown>, shows: () => boolean): Promise<number> {
    const begun = performance.now();
    const heard = Promise.withResolvers<number>();
    told = () => {
      if (shows()) heard.resolve(performance.now() - begun);
    };
    const acted = act();
    const late = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const onLate = () => heard.reject(new Error(`${what} was not told within ${patienceMs} ms`));
    late.addEventListener('abort', onLate, { once: true });
    try {
      await acted;
      return await heard.promise;
    } finally {
      late.removeEventListener('abort', onLate);
      told = () => {};
    }
  }

  let version = 0;
  let both = true;
  let serving: Serving | undefined;
  const start = async () => {
    serving = await service.serve(
      manifest(`1.0.${version}`) as never,
      { one: () => 0, two: () => 0 } as never,
    );
  };
  await admin.apply([manifest('1.0.0'), policy(['one', 'two'])]);
  await measure('the first instance', start, () => seen?.sites.length === 1 && seen.idle === undefined);

  const acts: Readonly<Record<DiscoveryCase, () => Promise<number>>> = {
    publish: () => {
      version += 1;
      const next = `1.0.${version}`;
      return measure(
        `version ${next}`,
        () => admin.apply([manifest(next)]),
        () => seen?.version === next,
      );
    },
    policy: () => {
      both = !both;
      const count = both ? 2 : 1;
      return measure(
        'a policy',
        () => admin.apply([policy(both ? ['one', 'two'] : ['one'])]),
        () => Object.keys(seen?.endpoints ?? {}).length === count,
      );
    },
    'instance stops': () =>
      measure(
        'a stop',
        async () => serving?.stop(),
        () => seen?.idle?.length === 1,
      ),
    'instance starts': () => measure('a start', start, () => seen?.idle === undefined),
  };
  const samples = new Map<DiscoveryCase, number[]>(discoveryCases.map((name) => [name, []]));
  for (let round = 1; round <= changes; round += 1) {
    for (const name of discoveryCases) {
      signal.throwIfAborted();
      await delay(Math.random() * longestPauseMs, undefined, { signal });
      try {
        samples.get(name)?.push(await acts[name]());
      } catch (error) {
        signal.throwIfAborted();
        faults.push(`round ${round}: ${(error as Error).message}`);
      }
    }
    if (round % 10 === 0 || round === changes) onProgress(`${round} of ${changes} rounds`);
  }
  return {
    bench: 'discovery',
    machine: describeMachine(fabric.natsServer),
    options: { changes },
    cases: discoveryCases.map((name) => {
      const sorted = Float64Array.from(samples.get(name) ?? []).sort();
      const [p50, p99, most] = [0.5, 0.99, 1].map((p) => percentile(sorted, p)) as [number, number, number];
      return { case: name, p50, p99, most, samples: samples.get(name) ?? [] };
    }),
    faults,
  };
}

/** The result as text. */
export function discoveryReport({ machine, options, cases, faults }: DiscoveryBenchReport): string {
  const row = (label: string, cells: readonly string[]) =>
    label.padEnd(22) + cells.map((cell) => cell.padStart(10)).join('');
  const lines = [
    'From a change to the event at a service of another site, edge to edge through the hub; milliseconds.',
    `${options.changes} changes of each kind, up to ${longestPauseMs} ms apart.`,
    `${machine.cpus} x ${machine.model}, ${machine.system}, Node ${machine.node}, nats-server ${machine.natsServer}`,
    `${machine.at}.`,
    '',
    row('', ['p50', 'p99', 'most']),
    ...cases.map(({ case: name, p50, p99, most }) =>
      row(
        name,
        [p50, p99, most].map((value) => value.toFixed(0)),
      ),
    ),
    ...faults.map((fault) => `FAULT: ${fault}`),
  ];
  return `${lines.join('\n')}\n`;
}

interface DiscoveryFabric extends AsyncDisposable {
  readonly admin: AdminClient;
  /** At edge-a. */
  readonly watcher: Causeway;
  /** At edge-b. */
  readonly service: Causeway;
  readonly natsServer: string;
}

async function startFabric(
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<DiscoveryFabric> {
  const base = await startBaseFabric({ edges: ['edge-a', 'edge-b'], signal, onProgress });
  await using stack = base.stack;
  const join = async (site: string, name: string) => {
    signal.throwIfAborted();
    const creds = await base.credsOf(site, name);
    const { ca } = base.fabric.summary;
    const causeway = await connect({ url: base.urlOf(site), creds, ca, logger: base.ports.logger });
    stack.defer(() => causeway.close());
    return causeway;
  };
  const watcher = await join('edge-a', 'bench-watcher');
  const service = await join('edge-b', 'bench-service');
  const whole = stack.move();
  return {
    admin: base.admin,
    watcher,
    service,
    natsServer: base.natsServer,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
