import { readCounters, recount } from '@causeway/fabric';
import { type Command, Option } from 'commander';
import { withConsole } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { parseName } from '../input/names.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { createProgress } from '../output/progress.ts';
import { whileWaiting } from '../output/waiting.ts';
import { type Grouping, groupCounters, groupings } from './flow-groups.ts';

interface FlowOptions extends GlobalOptions {
  readonly tenant?: string;
  readonly by: Grouping;
  readonly output: Format;
}

const getHelp = `
Examples:
  causeway flow get
  causeway flow get --by caller -o json`;

const recountHelp = `
Example:
  causeway flow recount

Counts the records in the cloud anew and compares with the counters. The exit code is 1 on any difference.`;

/** `causeway flow` */
export function addFlow(program: Command, context: Context): void {
  const flow = program.command('flow').description('counters of every access');
  flow
    .command('get')
    .description('print the counters')
    .option('--tenant <name>', 'only of this tenant', parseName)
    .addOption(new Option('--by <what>', 'what to sum by').choices(groupings).default('endpoint'))
    .addOption(outputOption())
    .addHelpText('after', helpText(context, getHelp))
    .action((_options, command: Command) => get(context, command.optsWithGlobals<FlowOptions>()));
  flow
    .command('recount')
    .description('compare the counters with the records')
    .option('--tenant <name>', 'only of this tenant', parseName)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, recountHelp))
    .action((_options, command: Command) => compare(context, command.optsWithGlobals<FlowOptions>()));
}

const consoleOf = (options: FlowOptions) =>
  ({ dir: options.dir, tenant: options.tenant ?? 'any', from: 'beginning' }) as const;

async function get(context: Context, options: FlowOptions): Promise<void> {
  const { values } = await whileWaiting(context, 'reading the counters', () =>
    withConsole(context, consoleOf(options), readCounters),
  );
  const rows = groupCounters(values, options.by);
  print(context, options.output, rows, () =>
    tableFor(
      context,
      [
        { title: 'TENANT', value: (row) => row.tenant },
        ...(options.by === 'tenant'
          ? []
          : [{ title: 'SITE', value: (row: (typeof rows)[number]) => row.site }]),
        ...(options.by === 'endpoint' || options.by === 'caller'
          ? [{ title: 'FROM', value: (row: (typeof rows)[number]) => row.from }]
          : []),
        ...(options.by === 'endpoint' || options.by === 'service'
          ? [{ title: 'TO', value: (row: (typeof rows)[number]) => row.to }]
          : []),
        { title: 'CALLS', value: (row) => row.metrics.calls ?? 0n },
        { title: 'OK', value: (row) => row.metrics['code-ok'] ?? 0n },
        { title: 'REQUEST BYTES', value: (row) => row.metrics['request-bytes'] ?? 0n },
        { title: 'REPLY BYTES', value: (row) => row.metrics['reply-bytes'] ?? 0n },
      ],
      rows,
    ),
  );
}

async function compare(context: Context, options: FlowOptions): Promise<void> {
  const progress = createProgress(context);
  const report = await withConsole(context, consoleOf(options), (console) => {
    progress.say('counting the records');
    return recount(console);
  }).finally(() => progress.end());
  const { counters, blocks, calls, differences } = report;
  print(context, options.output, { equal: differences.length === 0, ...report }, () => {
    const summary = `${calls} calls in ${blocks} blocks, ${counters} counters, ${differences.length} differences\n`;
    if (differences.length === 0) return summary;
    const table = tableFor(
      context,
      [
        { title: 'COUNTER', value: (row) => row.subject },
        { title: 'COUNTED', value: (row) => row.counted },
        { title: 'RECOUNTED', value: (row) => row.recounted },
      ],
      differences,
    );
    return summary + table;
  });
  if (differences.length > 0) {
    throw new CommandFailure(`the counters differ from the records in ${differences.length} places`);
  }
}
