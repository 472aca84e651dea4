import { fabricLayout, forgetSite } from '@causeway/fabric';
import { Argument, type Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { count } from '../input/count.ts';
import { parseName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

interface RemoveOptions extends GlobalOptions {
  readonly force?: true;
  readonly output: Format;
}

const help = `
Examples:
  causeway site remove edge-b
  causeway site remove edge-b --force -o json

The site is cut off as by causeway revoke, and it and its services are deleted. Records that the cloud has stay, and
go on to verify. Refused while the site hosts APIs, unless with --force. Its folder stays where it is; a causeway up that
runs its server and gateway here leaves them out from its next start on.`;

/** `causeway site remove` */
export function addSiteRemove(site: Command, context: Context): void {
  site
    .command('remove')
    .description('cut off a site and delete it with its services')
    .addArgument(new Argument('<name>', 'the site').argParser(parseName))
    .option('--force', 'also where it hosts APIs')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: string, _options, command: Command) =>
      remove(context, name, command.optsWithGlobals<RemoveOptions>()),
    );
}

async function remove(context: Context, site: string, options: RemoveOptions): Promise<void> {
  const reply = await askAdmin(context, options, (admin) =>
    admin.removeSite(site, { force: options.force === true }),
  );
  await forgetSite(options.dir, site);
  const { folder } = fabricLayout(options.dir).site(site);
  print(context, options.output, { site, ...reply, folder }, () => {
    const { keys, services, revision } = reply;
    return (
      `site ${site} is removed as of revision ${revision}: ${count(keys, 'key')} void, ` +
      `${count(services, 'service')} deleted; its folder ${folder} can go\n`
    );
  });
}
