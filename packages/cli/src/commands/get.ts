import type { GetRequest } from '@causeway/protocol';
import { Argument, type Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { columnsOf, type Item } from './get-columns.ts';

type Kind = GetRequest['kind'];

interface GetOptions extends GlobalOptions {
  readonly output: Format;
}

const kinds: Kind[] = ['apis', 'policies', 'sites', 'invitations', 'services', 'instances', 'routes'];

const help = `
Examples:
  causeway get apis
  causeway get policies desk-reads-quotes -o yaml
  causeway get services -o json
  causeway get routes acme/edge-b/desk
  causeway get policies -o yaml > policies.yaml

NAME is a service, API (quotes.v1), policy or site, as the kind goes; TENANT/SITE/NAME picks one service. A service
without keys was revoked. What is printed as YAML or JSON of apis, policies, services and sites can be applied: as it is, it
changes nothing (causeway apply). routes lists what each service may call, and at which sites, best first.`;

/** `causeway get` */
export function addGet(program: Command, context: Context): void {
  program
    .command('get')
    .description('list what there is of a kind')
    .addArgument(new Argument('<kind>', 'what to list').choices(kinds))
    .argument('[name]', 'only those of this name')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((kind: Kind, name: string | undefined, _options, command: Command) =>
      get(context, kind, name, command.optsWithGlobals<GetOptions>()),
    );
}

async function get(
  context: Context,
  kind: Kind,
  name: string | undefined,
  options: GetOptions,
): Promise<void> {
  const items = await askAdmin(context, options, async (admin) => {
    const found = (await admin.get(kind, name)).items as Item[];
    if (name === undefined || found.length > 0) return found;
    const names = (await admin.get(kind)).items.map((item) => String(item.name));
    const known = names.length === 0 ? 'none' : [...new Set(names)].join(', ');
    throw new CommandFailure(
      `there is nothing called ${JSON.stringify(name)} among the ${kind}; there is: ${known}`,
    );
  });
  print(context, options.output, items, () => tableFor(context, columnsOf[kind], items));
}
