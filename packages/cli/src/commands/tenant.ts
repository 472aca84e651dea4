import { addTenant, readFabric, takeUpTenant } from '@causeway/fabric';
import { Argument, type Command } from 'commander';
import { portsOf } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { parseName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { createProgress } from '../output/progress.ts';

interface AddOptions extends GlobalOptions {
  readonly output: Format;
}

const help = `
Examples:
  causeway tenant add globex
  causeway tenant add globex -o json

Founds the tenant's account and its users at each site whose folder is below --dir. Where causeway up runs the fabric
here, its registry and gateways are started again, one after the other, and the servers of the edges read their links
again: connections of services stay, calls of that moment may have to be tried again. Parts that are run one by one
(causeway run) take the tenant up when they are started again: the registry first, then the sites, then the gateways.`;

/** `causeway tenant` */
export function addTenantCommand(program: Command, context: Context): void {
  const tenant = program.command('tenant').description('tenants of the fabric');
  tenant
    .command('add')
    .description('found a tenant in the fabric of this folder')
    .addArgument(new Argument('<name>', 'the tenant').argParser(parseName))
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: string, _options, command: Command) =>
      add(context, name, command.optsWithGlobals<AddOptions>()),
    );
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const { dir, output } = options;
  await readFabric(dir);
  const progress = createProgress(context);
  progress.say('founding the tenant');
  try {
    const added = await addTenant(dir, name, context);
    const ports = { ...portsOf(context, 'silent'), onProgress: (text: string) => progress.say(text) };
    const parts = await takeUpTenant(dir, ports);
    progress.end();
    const result = { ...added, up: parts !== undefined, parts: parts ?? [] };
    print(context, output, result, () => {
      const where = `tenant ${name} is ${added.account}, at ${added.sites.join(', ')}`;
      const missing =
        added.elsewhere.length === 0 ? [] : [`not at ${added.elsewhere.join(', ')}: no folder is here`];
      const taken = parts ?? ['nothing runs here: it is in force from the next start on'];
      return `${[where, ...missing, ...taken].join('\n  ')}\n`;
    });
  } finally {
    progress.end();
  }
}
