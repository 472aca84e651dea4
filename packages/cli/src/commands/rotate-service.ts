import path from 'node:path';
import { rotateService } from '@causeway/fabric';
import { Argument, type Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { count } from '../input/count.ts';
import { parseDuration } from '../input/duration.ts';
import { parsePath, parseServiceName, type ServiceName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

interface RotateOptions extends GlobalOptions {
  readonly out: string;
  readonly grace: number;
  readonly output: Format;
}

const help = `
Examples:
  causeway rotate service acme/edge-b/desk --out desk.creds
  causeway rotate service acme/edge-b/desk --out desk.creds --grace 24h

The new key is made here; its public half alone is signed. The file is replaced where it has that service's credentials. What
runs on the SDK with it takes up the new ones within seconds and loses no call. All keys that the service had are void
when the grace is over. Cut short, it can be done again.`;

const defaultGraceMs = 60 * 60 * 1_000;

/** `causeway rotate service` */
export function addRotateService(rotate: Command, context: Context): void {
  rotate
    .command('service')
    .description('give a service a new key')
    .addArgument(new Argument('<tenant/site/name>', 'who it is').argParser(parseServiceName))
    .requiredOption('--out <file>', 'where the credentials go (mode 0600)', parsePath)
    .option('--grace <time>', 'how long the keys before stay valid (1h)', parseDuration, defaultGraceMs)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: ServiceName, _options, command: Command) =>
      run(context, name, command.optsWithGlobals<RotateOptions>()),
    );
}

async function run(context: Context, name: ServiceName, options: RotateOptions): Promise<void> {
  const out = path.resolve(options.out);
  const { grace } = options;
  const { key, retiring } = await askAdmin(context, options, (admin) =>
    rotateService(admin, { ...name, out, grace }, context.random),
  );
  const identity = `${name.tenant}/${name.site}/${name.service}`;
  const ends = Object.values(retiring);
  print(
    context,
    options.output,
    { ...name, key, out, retiring },
    () =>
      `${identity} is ${key} now; ${out} holds its credentials\n` +
      `${count(ends.length, 'key')} of before void at ${new Date(Math.max(...ends)).toISOString()}\n`,
  );
}
