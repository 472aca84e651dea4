import { apiName, type DiscoveredApi } from '@causeway/protocol';
import type { WatchEvent } from '@causeway/sdk';
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

With --watch each change follows, until Ctrl-C, also after a cut; as JSON one line each, the first with the whole list.`;

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
  // From here on Ctrl-C ends the watching, not the process.
  const interrupted = options.watch ? context.interruption() : new AbortController().signal;
  const level = options.watch ? 'warn' : 'silent';
  const service = await whileWaiting(context, 'connecting to the site', () =>
    connectAs(context, options.dir, options.as, level),
  );
  try {
    if (interrupted.aborted) return;
    const { output } = options;
    const list = whileWaiting(context, 'waiting for the gateway', () =>
      service.discover(
        options.watch ? { signal: interrupted, onChange: (event) => say(context, output, event) } : {},
      ),
    );
    const apis = await Promise.race([list, aborted(interrupted)]);
    if (apis === undefined) {
      list.catch(() => {});
      return;
    }
    const { revision } = service.status();
    if (options.watch && output === 'json')
      context.stdout.write(jsonLine({ event: 'listed', revision, apis }));
    else print(context, output, apis, () => table(context, apis));
    if (options.watch) await aborted(interrupted);
  } finally {
    await service.close();
  }
}

function say(context: Context, output: Format, event: WatchEvent): void {
  const { event: what, service, major, revision, api } = event;
  const idle = api?.idle ? `; no instance at ${api.idle.join(', ')}` : '';
  const line =
    output === 'json'
      ? jsonLine(event)
      : output === 'yaml'
        ? `---\n${yamlText(event)}`
        : `${printable(`${what} ${apiName(service, major)} (revision ${revision})${idle}`)}\n`;
  context.stdout.write(line);
}

function table(context: Context, apis: readonly DiscoveredApi[]): string {
  return tableFor(
    context,
    [
      { title: 'API', value: (api) => apiName(api.service, api.major) },
      { title: 'VERSION', value: (api) => api.version },
      { title: 'ENDPOINTS', value: (api) => Object.keys(api.endpoints).join(', ') },
      { title: 'SITES', value: (api) => api.sites.join(', ') },
      { title: 'NO INSTANCE', value: (api) => api.idle?.join(', ') },
      { title: 'DEPRECATED', value: (api) => api.deprecated?.date },
    ],
    apis,
  );
}
