import { type FabricPlan, fabricLayout, foundFabric, isFounded } from '@causeway/fabric';
import { hubSite as hub } from '@causeway/identity';
import { freePorts } from '@causeway/nats-server';
import { type Command, Option } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { collectHosts, collectNames } from '../input/names.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { createProgress } from '../output/progress.ts';

interface InitOptions extends GlobalOptions {
  readonly sites?: readonly string[];
  readonly tenant?: readonly string[];
  readonly host?: Readonly<Record<string, string>>;
  readonly listen: string;
  readonly ports: 'fixed' | 'free';
  readonly output: Format;
}

const fixed = { client: 4222, leaf: 7422, monitor: 8222 };

const help = `
Example:
  causeway init --sites edge-a --host cloud=hub.example.org --host edge-a=edge-a.example.org

Founds a fabric whose parts are then started one by one, each on its own machine or in its own container, with
causeway run. A site needs its own folder below sites/ alone. Where no --host says otherwise, a site's host bears the
site's name.`;

/** `causeway init` */
export function addInit(program: Command, context: Context): void {
  program
    .command('init')
    .description('found a fabric without starting it, for containers and service managers')
    .option('--sites <names>', 'edge sites, divided by commas', collectNames)
    .option('--tenant <names>', 'tenants (repeatable, or divided by commas)', collectNames)
    .option('--host <site=host>', 'host name or address of a site’s server (repeatable)', collectHosts)
    .option('--listen <address>', 'address that the servers listen on', '0.0.0.0')
    .addOption(
      new Option('--ports <how>', 'fixed: 4222, 7422 and 8222 at each site; free: whatever is free here')
        .choices(['fixed', 'free'])
        .default('fixed'),
    )
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => init(context, command.optsWithGlobals<InitOptions>()));
}

async function init(context: Context, options: InitOptions): Promise<void> {
  const { dir, clock, random } = { dir: options.dir, ...context };
  const layout = fabricLayout(dir);
  if (await isFounded(dir)) throw new CommandFailure(`there is a fabric in ${layout.root} already`);
  const plan = await planOf(options);
  const progress = createProgress(context);
  progress.say('founding the fabric: keys, accounts, certificates');
  await foundFabric(dir, plan, { clock, random }).finally(() => progress.end());
  const sites = plan.sites.map(({ name, host, ports }) => ({ name, host, ports }));
  const result = { dir: layout.root, ca: layout.ca, sites, tenants: plan.tenants };
  print(context, options.output, result, () =>
    tableFor(
      context,
      [
        { title: 'SITE', value: (row) => row.name },
        { title: 'HOST', value: (row) => row.host },
        { title: 'CLIENTS', value: (row) => row.ports.client },
        { title: 'LEAFS', value: (row) => row.ports.leaf },
        { title: 'MONITOR', value: (row) => row.ports.monitor },
        { title: 'FOLDER', value: (row) => layout.site(row.name).folder },
      ],
      sites,
    ),
  );
}

/** What to found. Throws a UsageError where the options do not go together. */
async function planOf(options: InitOptions): Promise<FabricPlan> {
  const names = [hub, ...(options.sites ?? [])];
  const hosts = options.host ?? {};
  const stranger = Object.keys(hosts).find((site) => !names.includes(site));
  if (stranger) throw new UsageError(`--host names site ${stranger}; the sites are ${names.join(', ')}`);
  const hostOf = (site: string) => hosts[site] ?? site;
  const shared = names.find((site, index) => names.map(hostOf).indexOf(hostOf(site)) !== index);
  if (options.ports === 'fixed' && shared && names.indexOf(shared) === names.lastIndexOf(shared)) {
    throw new UsageError(`two sites have the host ${hostOf(shared)}, and fixed ports; use --ports free`);
  }
  const free = options.ports === 'free' ? await freePorts(names.length * 2 + 1, '127.0.0.1') : [];
  const take = (port: number) => free.shift() ?? port;
  return {
    tenants: options.tenant ?? ['acme'],
    sites: names.map((name) => ({
      name,
      cloud: name === hub,
      host: hostOf(name),
      listen: options.listen,
      alsoKnownAs: ['localhost', '127.0.0.1'],
      ports: {
        client: take(fixed.client),
        monitor: take(fixed.monitor),
        ...(name === hub ? { leaf: take(fixed.leaf) } : {}),
      },
    })),
  };
}
