import { joinSite } from '@causeway/fabric';
import { Argument, type Command, Option } from 'commander';
import { portsOf } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { parseHost } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { createProgress } from '../output/progress.ts';

interface JoinCommandOptions extends GlobalOptions {
  readonly host?: string;
  readonly listen?: string;
  readonly ports?: 'fixed' | 'free';
  readonly output: Format;
}

/** Farther apart, people are told: logs and certificates go by the clock. */
const apartMs = 60_000;
/** An invitation is some thousand characters. */
const mostCharacters = 100_000;

const help = `
Examples:
  causeway site join causeway1.eyJo… --dir /var/lib/causeway
  causeway site join - --dir /var/lib/causeway < invitation

Run it where the site is to be, with a folder that is empty or not there. All keys are made here and stay here; the hub
signs their public halves. Other users of this machine can see what a command is given: with - the invitation is read
from standard input. Cut short, it is given again, with the same invitation. Then start the site: causeway up, or
causeway run site and causeway run gateway.`;

/** `causeway site join` */
export function addSiteJoin(site: Command, context: Context): void {
  site
    .command('join')
    .description('make the folder of a site that was invited, here')
    .addArgument(new Argument('<token>', 'the invitation, or - to read it from standard input'))
    .option('--host <host>', 'host name or address of its server; one that the invitation names', parseHost)
    .option('--listen <address>', 'address that the server listens on')
    .addOption(
      new Option('--ports <how>', 'fixed: 4222 and 8222; free: whatever is free here').choices([
        'fixed',
        'free',
      ]),
    )
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((token: string, _options, command: Command) =>
      join(context, token, command.optsWithGlobals<JoinCommandOptions>()),
    );
}

async function join(context: Context, given: string, options: JoinCommandOptions): Promise<void> {
  const { dir, host, listen, ports } = options;
  const token = given === '-' ? await readAll(context.stdin) : given;
  const progress = createProgress(context);
  const joined = await joinSite(
    { dir, token, host, listen, ports },
    { ...portsOf(context, 'silent'), onProgress: (text) => progress.say(text) },
  ).finally(() => progress.end());
  if (Math.abs(joined.clockAheadMs) > apartMs) {
    const minutes = Math.round(Math.abs(joined.clockAheadMs) / 60_000);
    const which = joined.clockAheadMs > 0 ? 'ahead of' : 'behind';
    context.stderr.write(
      `causeway: this machine’s clock is ${minutes} min ${which} the hub’s; set it, or certificates end too early or begin too late here\n`,
    );
  }
  print(
    context,
    options.output,
    joined,
    () =>
      `site ${joined.site} has joined, with ${joined.tenants.join(', ')}; its folder is ${joined.dir}\n` +
      `  clients: tls://${joined.host}:${joined.ports.client}\n  start it: causeway up --dir ${joined.dir}\n`,
  );
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.length > mostCharacters) throw new UsageError('standard input is no invitation: it is too long');
  }
  return text;
}
