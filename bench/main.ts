// `npm run bench -- call`: measurements against plain NATS; `compare`: what publishing compares; `discovery`: how soon changes
// are seen; `in-force`: from apply to in force at three sites; `revocation`: how soon a revoked service is cut. See
// bench/README.md.
import { Command, Option } from 'commander';
import { type CallBenchOptions, runCallBench } from './call.ts';
import { compareReport, runCompareBench } from './compare.ts';
import { type DiscoveryBenchOptions, discoveryReport, runDiscoveryBench } from './discovery.ts';
import { type InForceBenchOptions, inForceReport, runInForceBench } from './in-force.ts';
import { callReport } from './lib/report.ts';
import { wholeNumber } from './lib/whole-number.ts';
import { type RevocationBenchOptions, revocationReport, runRevocationBench } from './revocation.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

type Output = { readonly output: string };

/** Ends what runs at a signal, and prints what came of it. */
async function bench<R extends { readonly faults: readonly string[] }>(
  run: (around: { readonly signal: AbortSignal; readonly onProgress: typeof say }) => Promise<R>,
  text: (report: R) => string,
  { output }: Output,
): Promise<void> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    say(`${signal}: stopping and cleaning up`);
    stop.abort();
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const report = await run({ signal: stop.signal, onProgress: say });
  process.stdout.write(output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : text(report));
  if (report.faults.length > 0) process.exitCode = 1;
}

type Own<O> = Omit<O, 'signal' | 'onProgress'> & Output;

const benchCall = (options: Own<CallBenchOptions>) =>
  bench((around) => runCallBench({ ...options, ...around }), callReport, options);
const benchDiscovery = (options: Own<DiscoveryBenchOptions>) =>
  bench((around) => runDiscoveryBench({ ...options, ...around }), discoveryReport, options);
const benchInForce = (options: Own<InForceBenchOptions>) =>
  bench((around) => runInForceBench({ ...options, ...around }), inForceReport, options);
const benchRevocation = (options: Own<RevocationBenchOptions>) =>
  bench((around) => runRevocationBench({ ...options, ...around }), revocationReport, options);

const outputOption = () =>
  new Option('-o, --output <form>', 'form of the result').choices(['table', 'json']).default('table');

const program = new Command('bench').description('Measures Causeway on this machine.');
program
  .command('call')
  .description('a guarded call against request() of the plain client, on the same leaf link')
  .option('--rounds <n>', 'rounds; each has every case once, in random order', wholeNumber(1, 50), 9)
  .option('--seconds <n>', 'length of the throughput phase of a case in a round', wholeNumber(1, 20), 2)
  .option('--inflight <n>', 'calls in flight in the throughput phase', wholeNumber(1, 1024), 64)
  .option(
    '--seed <n>',
    'seed of the order of the cases',
    wholeNumber(0, 2 ** 32 - 1),
    Math.floor(Math.random() * 2 ** 32),
  )
  .addOption(outputOption())
  .action(benchCall);

program
  .command('compare')
  .description('manifests within the bounds that are hard to compare, with the version that stands')
  .option('--rounds <n>', 'times that each is compared', wholeNumber(1, 100), 9)
  .addOption(outputOption())
  .action(({ rounds, output }: { rounds: number; output: string }) => {
    const report = runCompareBench({ rounds, natsServer: 'none' });
    process.stdout.write(output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : compareReport(report));
  });

program
  .command('discovery')
  .description('from a publication, a policy, an instance that starts or stops, to the event at another site')
  .option('--changes <n>', 'changes of each kind', wholeNumber(1, 1_000), 100)
  .addOption(outputOption())
  .action(benchDiscovery);

program
  .command('in-force')
  .description('from apply to in force at three sites')
  .option('--changes <n>', 'changes that are measured, one after the other', wholeNumber(1, 10_000), 200)
  .option('--inflight <n>', 'calls in flight meanwhile', wholeNumber(0, 1024), 16)
  .option('--policies <n>', 'policies that stand beside the one that is changed', wholeNumber(0, 200_000), 0)
  .addOption(outputOption())
  .action(benchInForce);

program
  .command('revocation')
  .description('how soon a revoked service is cut at every server, with calls going on')
  .option('--revocations <n>', 'services revoked, one after the other', wholeNumber(3, 5_000), 200)
  .option('--inflight <n>', 'calls in flight meanwhile', wholeNumber(1, 1024), 2)
  .addOption(outputOption())
  .action(benchRevocation);

try {
  await program.parseAsync();
} catch (error) {
  say(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}
