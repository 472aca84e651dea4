import type { Command } from 'commander';
import { Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../failure.ts';
import { collectNames } from '../input/names.ts';
import { outputOption } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { runDetached } from '../up/detach.ts';
import { runForeground } from '../up/foreground.ts';
import type { UpOptions } from '../up/options.ts';

const help = `
Examples:
  causeway up
  causeway up --sites edge-a,edge-b --tenant acme --detach -o json
  causeway up --demo --once

Stays in the foreground until Ctrl-C or SIGTERM; with --detach it returns when the fabric is ready, and causeway down
ends it. A fabric that stands in the folder already goes on as it was: --sites and --tenant are for new ones.
With -o json there is one line when it is ready:
  {"dir","ca","sites":[{"name","url","monitor","server","gateway"}],"tenants":[…],"registry","pid"}`;

/** `causeway up` */
export function addUp(program: Command, context: Context): void {
  program
    .command('up')
    .description('bring up a whole fabric on this machine: cloud and edges')
    .option('--sites <names>', 'edge sites, divided by commas (default: edge-a,edge-b)', collectNames)
    .option('--tenant <names>', 'tenants, repeatable or divided by commas (default: acme)', collectNames)
    .option('--new-ports', 'choose other ports where another process has those of the fabric')
    .option('--detach', 'leave it running in the background')
    .option('--demo', 'run the demonstration on it')
    .option('--once', 'with --demo: end by itself; the exit code tells whether all went well')
    .addOption(new Option('--daemon').hideHelp())
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => up(context, command.optsWithGlobals<UpOptions>()));
}

async function up(context: Context, options: UpOptions): Promise<void> {
  if (options.once && !options.demo) throw new UsageError('--once goes with --demo');
  if (options.demo && options.detach) throw new UsageError('--demo is to be watched: leave out --detach');
  if (options.sites?.includes('cloud')) {
    throw new UsageError('cloud is always there: --sites names the edges alone');
  }
  await (options.detach ? runDetached(context, options) : runForeground(context, options));
}
