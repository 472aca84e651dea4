import { bringTenant, readFabric, removeTenant, type TenantProgress } from '@causeway/fabric';
import { Argument, type Command, Option } from 'commander';
import { portsOf } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { count } from '../input/count.ts';
import { parseName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { whileWaiting } from '../output/waiting.ts';

interface AddOptions extends GlobalOptions {
  readonly site?: readonly string[];
  readonly output: Format;
}

interface RemoveOptions extends GlobalOptions {
  readonly site?: string;
  readonly force?: true;
  readonly output: Format;
}

const addHelp = `
Examples:
  causeway tenant add globex
  causeway tenant add globex --site edge-a --site edge-b
  causeway tenant add globex -o json

Founds the tenant's account, and brings it to every site, or to those that are named: each makes its keys there and links
the account to the hub, and nothing is started again. A site that is away takes it up when it is back. Done again, it
completes what is missing, and brings a tenant that there is to further sites.`;

const removeHelp = `
Examples:
  causeway tenant remove globex --site edge-b
  causeway tenant remove globex
  causeway tenant remove globex --force -o json

Refused where the tenant is in use: services, APIs and policies are named, and deleted with it by --force. Its claims let
nobody in from then on; its records and counters stay, for the consoles of the fabric, and its name is not given again.
With --site it leaves that site alone, and can come back.`;

/** `causeway tenant` */
export function addTenantCommand(program: Command, context: Context): void {
  const tenant = program.command('tenant').description('tenants of the fabric');
  tenant
    .command('add')
    .description('found a tenant, or bring it to further sites')
    .addArgument(new Argument('<name>', 'the tenant').argParser(parseName))
    .addOption(
      new Option('--site <site>', 'a site where it is to be; all where none is named').argParser(
        (text: string, before: readonly string[] | undefined) => [...(before ?? []), parseName(text)],
      ),
    )
    .addOption(outputOption())
    .addHelpText('after', helpText(context, addHelp))
    .action((name: string, _options, command: Command) =>
      add(context, name, command.optsWithGlobals<AddOptions>()),
    );
  tenant
    .command('remove')
    .description('take a tenant away from a site, or from the fabric for good')
    .addArgument(new Argument('<name>', 'the tenant').argParser(parseName))
    .addOption(new Option('--site <site>', 'from this site alone').argParser(parseName))
    .option('--force', 'also where it is in use: what uses it is deleted with it')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, removeHelp))
    .action((name: string, _options, command: Command) =>
      remove(context, name, command.optsWithGlobals<RemoveOptions>()),
    );
}

async function add(context: Context, name: string, { dir, site, output }: AddOptions): Promise<void> {
  await readFabric(dir);
  const added = await whileWaiting(context, 'waiting for the sites', () =>
    bringTenant(dir, name, { sites: site }, portsOf(context, 'silent')),
  );
  print(context, output, added, () => {
    const where = `tenant ${name} is ${added.account}, at ${added.done.join(', ') || 'no site yet'}`;
    const lines = added.up ? [] : ['nothing runs here: it is in force from the next start on'];
    return `${[where, ...waitingLines(added), ...lines].join('\n  ')}\n`;
  });
}

async function remove(context: Context, name: string, options: RemoveOptions): Promise<void> {
  const { dir, site, force = false, output } = options;
  await readFabric(dir);
  const removed = await whileWaiting(context, 'waiting for the sites', () =>
    removeTenant(dir, name, { site, force }, portsOf(context, 'silent')),
  );
  print(context, output, removed, () => {
    const { keys, deleted, revision, sites } = removed;
    const whence =
      site === undefined ? `removed from ${sites.join(', ') || 'the fabric'}` : `no more at ${site}`;
    const what = `${count(keys, 'key')} void, ${count(deleted, 'document')} deleted`;
    return `${[`tenant ${name} is ${whence} as of revision ${revision}: ${what}`, ...waitingLines(removed)].join('\n  ')}\n`;
  });
}

const waitingLines = ({ waiting }: TenantProgress) =>
  waiting.map(({ site, why }) => `not yet at ${site}: ${why}`);
