import { type ChainEnd, restoreSite } from '@causeway/fabric';
import { Argument, type Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { parseName } from '../input/names.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { withRecovery } from '../recovery.ts';

interface RestoreOptions extends GlobalOptions {
  readonly host?: string;
  readonly listen?: string;
  readonly output: Format;
}

const help = `
Examples:
  causeway site restore edge-a
  causeway site restore edge-a --host edge-a2.example.org --listen 0.0.0.0

For a site whose folder is lost: it is made again in sites/<name>, with new keys, and the old ones are void. The fabric
must be down (causeway down); services keep their credentials. Shows where the lost site's records end in the cloud: what
it had recorded after that and not sent is lost. See docs/recovery.md.`;

/** `causeway site restore` */
export function addSiteRestore(site: Command, context: Context): void {
  site
    .command('restore')
    .description('make the folder of a lost site again')
    .addArgument(new Argument('<name>', 'the site').argParser(parseName))
    .option('--host <host>', 'host name or address of its server, where it is another than before')
    .option('--listen <address>', 'address that the server listens on, where it is another than before')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: string, _options, command: Command) =>
      restore(context, name, command.optsWithGlobals<RestoreOptions>()),
    );
}

async function restore(context: Context, site: string, options: RestoreOptions): Promise<void> {
  const { dir, host, listen } = options;
  const place = { ...(host === undefined ? {} : { host }), ...(listen === undefined ? {} : { listen }) };
  const made = await withRecovery(context, (ports) => restoreSite({ dir, site, place }, ports));
  print(context, options.output, made, () => {
    const chains = tableFor<ChainEnd>(
      context,
      [
        { title: 'TENANT', value: (row) => row.tenant },
        { title: 'GATEWAY', value: (row) => row.gateway },
        { title: 'LAST BLOCK', value: (row) => row.block },
        { title: 'TIME', value: (row) => (row.time === null ? null : new Date(row.time).toISOString()) },
      ],
      made.chains,
    );
    return (
      `${made.folder} holds ${site} again, with gateway ${made.gateway}; ${made.revoked} lost keys are void\n\n` +
      `Where the records of the lost site end in the cloud:\n${chains}`
    );
  });
}
