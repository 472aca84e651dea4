import { checkManifest, compareManifests } from '@causeway/policy';
import type { Manifest } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import { describeMachine, type Machine } from './lib/machine.ts';
import { type Spread, spread } from './lib/statistics.ts';

/** What comparing two manifests took: ms, in the direction that took longer. */
export interface CompareCase {
  readonly name: string;
  readonly bytes: number;
  /** Checking one of them by itself. */
  readonly check: Spread;
  readonly compare: Spread;
  readonly verdict: string;
  /** True where the steps did not suffice, which counts as breaking. */
  readonly cutShort: boolean;
}

/** What the bench gives. */
export interface CompareReport {
  readonly machine: Machine;
  readonly rounds: number;
  readonly cases: readonly CompareCase[];
}

type Schema = Record<string, unknown>;
type Version = 0 | 1;

const list = <T>(count: number, make: (at: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at));
const fields = (count: number, make: (at: number) => readonly [string, unknown]) =>
  Object.fromEntries(list(count, make));

function manifestOf(endpoints: number, request: Schema, $defs?: Schema): Manifest {
  return {
    ...{ kind: 'api', service: 'quotes', version: '1.0.0' },
    ...($defs ? { $defs } : {}),
    endpoints: fields(endpoints, (at) => [`e${at}`, { request, reply: true }]),
  } as Manifest;
}

const shared = { $ref: '#/$defs/shared' };

/** Two versions of manifests within the bounds of docs/manifests.md, made to be hard to compare. */
const cases: Readonly<Record<string, (version: Version) => Manifest>> = {
  '256 endpoints, every field wider': (version) =>
    manifestOf(256, {
      type: 'object',
      properties: fields(4, (at) => [`field-${at}`, { maximum: at + version }]),
    }),
  '1,250 fields that all differ': (version) =>
    manifestOf(5, {
      type: 'object',
      properties: fields(250, (at) => [`field-${at}`, { type: 'string', maxLength: at + version }]),
    }),
  '2 MB of $defs, a description': (version) =>
    manifestOf(10, shared, {
      shared: { description: 'd'.repeat(180_000), properties: { a: { maximum: version } } },
    }),
  'names of 560 characters': (version) =>
    manifestOf(10, shared, {
      shared: { properties: fields(280, (at) => [`${'n'.repeat(560)}${at}`, { maximum: at + version }]) },
    }),
  'names of 4,000 characters in each other': (version) => {
    const nested = (depth: number): Schema =>
      depth === 0
        ? { maximum: version }
        : { properties: { [`${'n'.repeat(4_000)}${depth}`]: nested(depth - 1), b: true } };
    return manifestOf(10, shared, { shared: nested(40) });
  },
  'trees that refer to each other': (version) =>
    manifestOf(
      12,
      { properties: { top: { $ref: '#/$defs/n19' } } },
      {
        ...fields(20, (at) => [
          `n${at}`,
          {
            anyOf: list(5, (way) => ({
              properties: { [`p${way}`]: { $ref: `#/$defs/n${(at * 7 + way * 3) % 20}` } },
            })),
            ...(at === 19 ? { maximum: 2 + version } : {}),
          },
        ]),
      },
    ),
  'alternatives of alternatives': (version) =>
    manifestOf(8, {
      allOf: list(6, (at) => ({
        anyOf: list(20, (each) => ({ minimum: at * 100 + each + version, multipleOf: each + 1 })),
      })),
    }),
  'alternatives of long lists': (version) => {
    const of = (at: number) => ({
      enum: list(100, (each) => `${'y'.repeat(60)}${((each * (at + 3)) % 140) + (at === 7 ? version : 0)}`),
    });
    return manifestOf(1, { anyOf: list(6, of), oneOf: list(6, (at) => of(at + 6)) });
  },
  '300 schemas of one value': (version) =>
    manifestOf(4, {
      allOf: [...list(300, (at) => ({ required: [`a${at}`] })), { maxProperties: 400 + version }],
    }),
  '1,200 patterns': (version) =>
    manifestOf(20, shared, {
      shared: {
        patternProperties: fields(60, (at) => [`^(a|b){${at % 10}}c${at}`, { maximum: 1 + version }]),
      },
    }),
};

/** Compares each case in both directions, in every round; the first round warms up and does not count. */
export function runCompareBench(options: { rounds: number; natsServer: string }): CompareReport {
  const time = <T>(work: () => T): { ms: number; gave: T } => {
    const start = systemClock.monotonic();
    const gave = work();
    return { ms: systemClock.monotonic() - start, gave };
  };
  const measured = Object.entries(cases).map(([name, make]) => {
    const [before, after] = [make(0), make(1)];
    const fault = checkManifest(before).fault ?? checkManifest(after).fault;
    if (fault) throw new Error(`${name}: no such manifest is taken: ${fault.pointer} ${fault.problem}`);
    const checks: number[] = [];
    const compares: number[] = [];
    let last = compareManifests(before, after);
    for (let round = 0; round <= options.rounds; round += 1) {
      const check = time(() => checkManifest(before)).ms;
      const wider = time(() => compareManifests(before, after));
      const narrower = time(() => compareManifests(after, before));
      if (round === 0) continue;
      checks.push(check);
      compares.push(Math.max(wider.ms, narrower.ms));
      last = wider.gave;
    }
    return {
      name,
      bytes: JSON.stringify(before).length,
      check: spread(checks),
      compare: spread(compares),
      verdict: last.verdict,
      cutShort: last.differences.some(({ why = '' }) => why.includes('too many steps')),
    };
  });
  return { machine: describeMachine(options.natsServer), rounds: options.rounds, cases: measured };
}

/** The report as a table. */
export function compareReport({ machine, rounds, cases: measured }: CompareReport): string {
  const ms = ({ median, min, max }: Spread) =>
    `${median.toFixed(1)} [${min.toFixed(1)}..${max.toFixed(1)}]`.padEnd(22);
  const lines = measured.map(
    ({ name, bytes, check, compare, verdict, cutShort }) =>
      `${name.padEnd(42)}${String(bytes).padStart(8)}  ${ms(check)}${ms(compare)}${verdict}${cutShort ? ', cut short' : ''}`,
  );
  const head = `${'two versions of a manifest'.padEnd(42)}${'bytes'.padStart(8)}  ${'check ms'.padEnd(22)}${'compare ms'.padEnd(22)}`;
  const where = `${machine.at}, ${machine.cpus} CPUs (${machine.model}), ${machine.system}, Node ${machine.node}; ${rounds} rounds`;
  return `${where}\n\n${[head, ...lines].join('\n')}\n`;
}
