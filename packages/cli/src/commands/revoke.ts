import { forgetSite } from '@causeway/fabric';
import { Argument, type Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { inForceText, requireInForce } from '../in-force/text.ts';
import { addWaitOptions, requireWait, type WaitOptions, waitInForce } from '../in-force/wait.ts';
import { count } from '../input/count.ts';
import { parseServiceOrSite, type ServiceName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

interface RevokeOptions extends GlobalOptions, WaitOptions {
  readonly output: Format;
}

const help = `
Examples:
  causeway revoke acme/edge-b/desk
  causeway revoke edge-b

All credentials that the service has are void at once, everywhere, and its connections are cut. New ones can be made
with causeway service add.

With a SITE the site is cut off for good: its links to the hub, its gateways and the credentials of all its services are
void. What still runs there can call no one else and be called by no one else; a causeway up that runs its server and gateway
here leaves them out from its next start on. Records that the cloud has stay.`;

/** `causeway revoke` */
export function addRevoke(program: Command, context: Context): void {
  const command = program
    .command('revoke')
    .description('void all credentials of a service, or cut off a site')
    .addArgument(new Argument('<tenant/site/name|site>', 'whose').argParser(parseServiceOrSite))
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: ServiceName | string, _options, command: Command) => {
      const options = command.optsWithGlobals<RevokeOptions>();
      requireWait(options);
      return typeof name === 'string'
        ? revokeSite(context, name, options)
        : revokeService(context, name, options);
    });
  addWaitOptions(command);
}

async function revokeService(context: Context, name: ServiceName, options: RevokeOptions): Promise<void> {
  const reply = await askAdmin(context, options, (admin) => admin.revoke(name));
  const identity = `${name.tenant}/${name.site}/${name.service}`;
  const inForce = await waitInForce(context, options, reply);
  print(
    context,
    options.output,
    { ...name, ...reply, ...(inForce ? { inForce } : {}) },
    () =>
      `${identity}: ${count(reply.keys, 'key')} void as of revision ${reply.revision}\n${inForceText(inForce)}`,
  );
  requireInForce(inForce);
}

async function revokeSite(context: Context, site: string, options: RevokeOptions): Promise<void> {
  const reply = await askAdmin(context, options, (admin) => admin.revokeSite(site));
  await forgetSite(options.dir, site);
  const { keys, services, revision } = reply;
  const inForce = await waitInForce(context, options, reply);
  print(
    context,
    options.output,
    { site, ...reply, ...(inForce ? { inForce } : {}) },
    () =>
      `site ${site} is cut off: ${count(keys, 'key')} of its links, gateways and ` +
      `${count(services, 'service')} void as of revision ${revision}\n${inForceText(inForce)}`,
  );
  requireInForce(inForce);
}
