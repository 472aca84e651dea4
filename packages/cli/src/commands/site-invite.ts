import { Argument, type Command, InvalidArgumentError } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { parseDuration } from '../input/duration.ts';
import { collectHostNames, collectNames, parseName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

interface InviteOptions extends GlobalOptions {
  readonly tenant?: readonly string[];
  readonly host?: readonly string[];
  readonly expires: number;
  readonly output: Format;
}

const longestMs = 15 * 60 * 1_000;
const shortestMs = 1_000;

const help = `
Examples:
  causeway site invite edge-c
  causeway site invite edge-c --tenant acme --host edge-c.example.org --expires 5m

Prints one line, the invitation: whoever has it can join as that site, once, until it expires. It is shown this once and
kept nowhere. Take it to the site's machine by a way that you trust, and give it to causeway site join there. Another
invitation of the same site takes its place; causeway site uninvite takes it back.`;

/** `causeway site invite` */
export function addSiteInvite(site: Command, context: Context): void {
  site
    .command('invite')
    .description('make an invitation for a new site')
    .addArgument(new Argument('<name>', 'what the site is to be called').argParser(parseName))
    .option(
      '--tenant <names>',
      'tenants that are to be there (repeatable, or divided by commas); all where absent',
      collectNames,
    )
    .option('--host <host>', 'a host name or address that its server may have (repeatable)', collectHostNames)
    .option('--expires <time>', 'how long it is good: 15m at most', parseExpiry, longestMs)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: string, _options, command: Command) =>
      invite(context, name, command.optsWithGlobals<InviteOptions>()),
    );
}

function parseExpiry(text: string): number {
  const ms = parseDuration(text);
  if (ms >= shortestMs && ms <= longestMs) return ms;
  throw new InvalidArgumentError('Expected a time from 1s to 15m.');
}

async function invite(context: Context, site: string, options: InviteOptions): Promise<void> {
  const { tenant: tenants, host: hosts, expires } = options;
  const reply = await askAdmin(context, options, (admin) =>
    admin.invite({
      ...{ site, expires },
      ...(tenants === undefined ? {} : { tenants: [...tenants] }),
      ...(hosts === undefined ? {} : { hosts: [...hosts] }),
    }),
  );
  const until = new Date(reply.expires).toISOString();
  if (options.output === 'table') {
    context.stderr.write(
      `causeway: site ${site} is invited, with ${reply.tenants.join(', ')}, once and until ${until}; where it is to be, run ` +
        'causeway site join with this line, which is not shown again\n',
    );
  }
  print(context, options.output, { ...reply, expires: until }, () => `${reply.token}\n`);
}
