import { Argument, type Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { parseName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

const help = `
Example:
  causeway site uninvite edge-c

The invitation is good for nothing from then on. A site that has joined by it already stays: causeway site remove.`;

/** `causeway site uninvite` */
export function addSiteUninvite(site: Command, context: Context): void {
  site
    .command('uninvite')
    .description('take an invitation back')
    .addArgument(new Argument('<name>', 'the site that was invited').argParser(parseName))
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: string, _options, command: Command) =>
      uninvite(context, name, command.optsWithGlobals<GlobalOptions & { output: Format }>()),
    );
}

async function uninvite(
  context: Context,
  site: string,
  options: GlobalOptions & { output: Format },
): Promise<void> {
  const { revision } = await askAdmin(context, options, (admin) => admin.uninvite(site));
  print(
    context,
    options.output,
    { site, revision },
    () => `the invitation of site ${site} is taken back as of revision ${revision}\n`,
  );
}
