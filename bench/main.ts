// `npm run bench -- call`: measurements against plain NATS; `compare`: what publishing compares. See bench/README.md.
import { Command, Option } from 'commander';
import { type CallBenchOptions, runCallBench } from './call.ts';
import { compareReport, runCompareBench } from './compare.ts';
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
    stop.abort(new Error(`ended by ${signal}`));
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
const benchRevocation = (options: Own<RevocationBenchOptions>) =>
  bench((around) => runRevocationBench({ ...options, ...around }), revocationReport, options);

const outputOption = () =>
  new Option('-o, --output <form>', 'form of the result').choices(['table', 'json']).default('table');

const program = new Command('bench').description('Measures Causeway against plain NATS on this machine.');
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
  .command('revocation')
  .description('how soon a revoked service is cut at every server, with calls going on')
  .option('--revocations <n>', 'services revoked, one after the other', wholeNumber(3, 5_000), 200)
  .option('--inflight <n>', 'calls in flight meanwhile', wholeNumber(1, 1024), 2)
  .addOption(outputOption())
  .action(benchRevocation);

program
  .command('compare')
  .description('manifests within the bounds that are hard to compare, with the version that stands')
  .option('--rounds <n>', 'times that each is compared', wholeNumber(1, 100), 9)
  .addOption(
    new Option('-o, --output <form>', 'form of the result').choices(['table', 'json']).default('table'),
  )
  .action(({ rounds, output }: { rounds: number; output: string }) => {
    const report = runCompareBench({ rounds, natsServer: 'none' });
    process.stdout.write(output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : compareReport(report));
  });

try {
  await program.parseAsync();
} catch (error) {
  say(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}
