import type { CallBenchReport, CallSample } from '../call.ts';
import { type CallCase, callCases } from './bench-fabric.ts';
import { processNames } from './cpu.ts';
import { type Spread, spread } from './statistics.ts';

const titles: Readonly<Record<CallCase, string>> = {
  raw: 'raw request()',
  mux: 'multiplexer, no guard',
  guarded: 'guarded call',
};

/** The result as text, within 100 columns. */
export function callReport(report: CallBenchReport): string {
  const { machine, options, records, faults } = report;
  const figures = figuresOf(report.samples);
  const lines = [
    'A call from the cloud to a service at an edge, across a TLS leaf link; 128-byte echo.',
    `${options.rounds} rounds of ${options.seconds} s for each case, interleaved, seed ${options.seed}.`,
    `${machine.cpus} x ${machine.model}, ${machine.system}, Node ${machine.node}, nats-server ${machine.natsServer}`,
    `${machine.at}. Medians; ratios are to raw of the same round, as median [least..most].`,
    '',
    row(`${options.inflight} in flight`, ['calls/s', '/ raw', '', 'p50 ms', 'p99 ms', 'p99 / raw']),
    ...callCases.map((name) => {
      const { rate, p50, p99 } = figures.inFlight;
      const cells = [whole(rate(name)), ...ratio(rate.ratio(name)), milli(p50(name)), milli(p99(name))];
      return row(titles[name], [...cells, fixed(p99.ratio(name).median)]);
    }),
    '',
    row('one at a time', ['p50 us', '/ raw', '', 'p99 us', 'p99 / raw', 'p50 - raw']),
    ...callCases.map((name) => {
      const { p50, p99 } = figures.sequential;
      const more = p50(name).median - p50('raw').median;
      const cells = [whole(p50(name)), ...ratio(p50.ratio(name)), whole(p99(name))];
      return row(titles[name], [...cells, fixed(p99.ratio(name).median), `${Math.round(more)} us`]);
    }),
    '',
    ...cpuLines(report.samples),
    '',
    `records: ${records.calls} guarded calls, ${records.records} records of ${records.distinct} calls ` +
      `in ${records.blocks} blocks; ` +
      (records.counterDifferences === 0 ? 'counters = recount' : 'counters differ or not compared'),
    ...faults.map((fault) => `FAULT: ${fault}`),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function cpuLines(samples: readonly CallSample[]): string[] {
  if (samples.some(({ cpu }) => cpu === undefined)) {
    return ['CPU by process cannot be read on this system.'];
  }
  const total = figure(samples, ({ cpu }) => Object.values(cpu ?? {}).reduce((sum, each) => sum + each, 0));
  const wide = (label: string, cells: readonly string[]) =>
    label.padEnd(22) + cells.map((cell, index) => cell.padStart(index === 2 ? 13 : 8)).join('');
  return [
    wide('CPU us per call', ['total', '/ raw', '', ...processNames]),
    ...callCases.map((name) => {
      const each = processNames.map((process) =>
        figure(samples, ({ cpu }) => cpu?.[process] ?? 0)(name).median.toFixed(1),
      );
      return wide(titles[name], [total(name).median.toFixed(1), ...ratio(total.ratio(name)), ...each]);
    }),
  ];
}

/** One figure of a case over all rounds, and its ratio to the raw one of the same round. */
interface Figure {
  (name: CallCase): Spread;
  ratio(name: CallCase): Spread;
}

function figure(samples: readonly CallSample[], read: (sample: CallSample) => number): Figure {
  const values = (name: CallCase) =>
    new Map(samples.filter((sample) => sample.case === name).map((sample) => [sample.round, read(sample)]));
  const base = values('raw');
  return Object.assign((name: CallCase) => spread([...values(name).values()]), {
    ratio: (name: CallCase) =>
      spread([...values(name)].map(([round, value]) => value / (base.get(round) ?? Number.NaN))),
  });
}

function figuresOf(samples: readonly CallSample[]) {
  return {
    inFlight: {
      rate: figure(samples, ({ throughput }) => throughput.perSecond),
      p50: figure(samples, ({ throughput }) => throughput.p50),
      p99: figure(samples, ({ throughput }) => throughput.p99),
    },
    sequential: {
      p50: figure(samples, ({ sequential }) => sequential.p50),
      p99: figure(samples, ({ sequential }) => sequential.p99),
    },
  };
}

const fixed = (value: number) => value.toFixed(2);
const whole = ({ median }: Spread) => String(Math.round(median));
const milli = ({ median }: Spread) => (median / 1000).toFixed(2);
const ratio = ({ median, min, max }: Spread) => [fixed(median), `[${fixed(min)}..${fixed(max)}]`];

function row(label: string, cells: readonly string[]): string {
  return label.padEnd(22) + cells.map((cell, index) => cell.padStart(index === 2 ? 13 : 10)).join('');
}
