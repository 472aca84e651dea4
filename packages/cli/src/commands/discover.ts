import { apiName, type DiscoveredApi } from '@causeway/protocol';
import type { Command } from 'commander';
import { aborted, type Context, type GlobalOptions } from '../context.ts';
import { parsePath } from '../input/names.ts';
import { type Format, jsonLine, outputOption, print, tableFor, yamlText } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { printable } from '../output/terminal.ts';
import { whileWaiting } from '../output/waiting.ts';
import { connectAs } from '../service.ts';

interface DiscoverOptions extends GlobalOptions {
  readonly as: string;
  readonly watch?: true;
  readonly output: Format;
}

const help = `
Examples:
  causeway discover --as desk.creds
  causeway discover --as desk.creds --watch -o json

With --watch each change follows, until Ctrl-C; as JSON, one line each.`;

/** `causeway discover` */
export function addDiscover(program: Command, context: Context): void {
  program
    .command('discover')
    .description('list the APIs that a service may call')
    .requiredOption('--as <file>', 'credentials of the service', parsePath)
    .option('--watch', 'go on, and say what changes')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => discover(context, command.optsWithGlobals<DiscoverOptions>()));
}

async function discover(context: Context, options: DiscoverOptions): Promise<void> {
  const level = options.watch ? 'warn' : 'silent';
  const service = await whileWaiting(context, 'connecting to the site', () =>
    connectAs(context, options.dir, options.as, level),
  );
  try {
    const stopWatching = options.watch ? service.watch((event) => say(event)) : undefined;
    const waiting: Parameters<typeof say>[0][] = [];
    let listed = false;
    function say(event: { event: string; service: string; major: number; revision: number }): void {
      if (!listed) {
        waiting.push(event);
        return;
      }
      const { output } = options;
      const line =
        output === 'json'
          ? jsonLine(event)
          : output === 'yaml'
            ? `---\n${yamlText(event)}`
            : printable(
                `${event.event} ${apiName(event.service, event.major)} (revision ${event.revision})`,
              ).concat('\n');
      context.stdout.write(line);
    }
    const apis = await whileWaiting(context, 'waiting for the gateway', () => service.discover());
    print(context, options.output, apis, () => table(context, apis));
    listed = true;
    for (const event of waiting) say(event);
    if (stopWatching) {
      await aborted(context.interruption());
      stopWatching();
    }
  } finally {
    await service.close();
  }
}

function table(context: Context, apis: readonly DiscoveredApi[]): string {
  return tableFor(
    context,
    [
      { title: 'API', value: (api) => apiName(api.service, api.major) },
      { title: 'VERSION', value: (api) => api.version },
      { title: 'ENDPOINTS', value: (api) => Object.keys(api.endpoints).join(', ') },
      { title: 'SITES', value: (api) => api.sites.join(', ') },
      { title: 'DEPRECATED', value: (api) => api.deprecated?.date },
    ],
    apis,
  );
}
