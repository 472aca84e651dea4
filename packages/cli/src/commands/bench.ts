import type { Command } from 'commander';
import { withAdmin } from '../admin.ts';
import { openEcho } from '../bench/echo.ts';
import { type Comparison, compare, createLoad, type LoadResult } from '../bench/load.ts';
import { placeOf } from '../bench/place.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { parseCount, parseName } from '../input/names.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { createProgress } from '../output/progress.ts';

interface BenchOptions extends GlobalOptions {
  readonly tenant?: string;
  readonly from: string;
  readonly to?: string;
  readonly seconds: number;
  readonly inFlight: number;
  readonly output: Format;
}

const warmUpMs = 1_000;

const help = `
Examples:
  causeway bench
  causeway bench --seconds 10 --in-flight 64 --from edge-a --to cloud -o json

Measures calls of an echo through the fabric that runs, as services make them: guarded, limited, recorded; and by turns
with them the same calls over the same servers with NATS alone, which nobody guards. RATIO is the calls per second as a
part of those. First one after the other, then so many at once. Caller and service are both in this process, so it is the
lesser part of what services on machines of their own can do. For that time there are two services and a policy named
causeway-bench…; they are taken away at the end, the records of the calls stay. One at a time.`;

/** `causeway bench` */
export function addBench(program: Command, context: Context): void {
  program
    .command('bench')
    .description('measure calls through the fabric that runs')
    .option('--tenant <name>', 'tenant to call as; may be left out where there is one', parseName)
    .option('--from <site>', 'site of the caller', parseName, 'cloud')
    .option('--to <site>', 'site of the service; the first edge where left out', parseName)
    .option(
      '--seconds <count>',
      'how long each kind of call is measured, one by one and at once',
      parseCount,
      5,
    )
    .option('--in-flight <count>', 'calls at once in the second part', parseCount, 32)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => bench(context, command.optsWithGlobals<BenchOptions>()));
}

async function bench(context: Context, options: BenchOptions): Promise<void> {
  const { dir, seconds, inFlight, output } = options;
  const place = await placeOf(options);
  const interrupted = context.interruption();
  const progress = createProgress(context);
  const results = await withAdmin(context, options, async (admin) => {
    progress.say('preparing the echo');
    const echo = await openEcho(context, dir, admin, place);
    try {
      const measure = (parallel: number, ms: number) => {
        const order = { inFlight: parallel, signal: interrupted, clock: context.clock };
        return compare(createLoad(echo.call, order), createLoad(echo.plain, order), ms);
      };
      progress.say('warming up');
      await measure(inFlight, warmUpMs);
      progress.say(`calling one after the other, ${seconds} s each way`);
      const sequential = await measure(1, seconds * 1_000);
      progress.say(`calling ${inFlight} at once, ${seconds} s each way`);
      return [sequential, await measure(inFlight, seconds * 1_000)];
    } finally {
      progress.say('taking the echo away');
      await echo.close();
    }
  }).finally(() => progress.end());
  if (interrupted.aborted) throw new CommandFailure('interrupted; what was measured would mislead');
  print(context, output, { ...place, seconds, results }, () => table(context, results));
  const failed = results.flatMap(({ failures, plain }) =>
    [failures, plain.failures].flatMap((each) => Object.entries(each)),
  );
  if (failed.length === 0) return;
  const list = failed.map(([code, times]) => `${times} with ${code}`).join(', ');
  throw new CommandFailure(`calls failed: ${list}`);
}

function table(context: Context, results: readonly Comparison[]): string {
  const ms = (value: number | null) => (value === null ? undefined : value.toFixed(2));
  const rows = results.flatMap((result): (LoadResult & { way: string; ratio?: number | null })[] => [
    { way: 'causeway', ...result },
    { way: 'plain NATS', ...result.plain },
  ]);
  return tableFor(
    context,
    [
      { title: 'WAY', value: (row) => row.way },
      { title: 'AT ONCE', value: (row) => row.inFlight },
      { title: 'CALLS', value: (row) => row.calls },
      { title: 'FAILED', value: (row) => Object.values(row.failures).reduce((sum, each) => sum + each, 0) },
      { title: 'CALLS/S', value: (row) => row.perSecond },
      { title: 'RATIO', value: (row) => row.ratio?.toFixed(2) },
      { title: 'MEDIAN MS', value: (row) => ms(row.p50) },
      { title: '99 % MS', value: (row) => ms(row.p99) },
      { title: 'LONGEST MS', value: (row) => ms(row.longest) },
    ],
    rows,
  );
}
