import { Argument, type Command } from 'commander';
import { withAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { parseServiceName, type ServiceName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';

interface RevokeOptions extends GlobalOptions {
  readonly output: Format;
}

const help = `
Example:
  causeway revoke acme/edge-b/desk

All credentials that the service has are void at once, everywhere, and its connections are cut. New ones can be made
with causeway service add.`;

/** `causeway revoke` */
export function addRevoke(program: Command, context: Context): void {
  program
    .command('revoke')
    .description('void all credentials of a service')
    .addArgument(new Argument('<tenant/site/name>', 'whose').argParser(parseServiceName))
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(async (name: ServiceName, _options, command: Command) => {
      const options = command.optsWithGlobals<RevokeOptions>();
      const reply = await withAdmin(context, options, (admin) => admin.revoke(name));
      const identity = `${name.tenant}/${name.site}/${name.service}`;
      print(context, options.output, { ...name, ...reply }, () => {
        const keys = reply.keys === 1 ? '1 key' : `${reply.keys} keys`;
        return `${identity}: ${keys} void as of revision ${reply.revision}\n`;
      });
    });
}
