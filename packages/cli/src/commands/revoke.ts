import { forgetSite } from '@causeway/fabric';
import type { RevocationReceipt } from '@causeway/protocol';
import { Argument, type Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { count } from '../input/count.ts';
import { parseServiceOrSite, type ServiceName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { parseReceiptWait } from './receipt-wait.ts';

interface RevokeOptions extends GlobalOptions {
  readonly wait: number;
  readonly output: Format;
}

const help = `
Examples:
  causeway revoke acme/edge-b/desk
  causeway revoke edge-b
  causeway revoke acme/edge-b/desk --wait 5s -o json

All credentials that the service has are void at once, everywhere, and its connections are cut. New ones can be made
with causeway service add. It is said where that is in force, by receipts of the sites' gateways, and where it is not known to
be: a site that cannot be reached goes on with what it knew for the policies' offline lease at most, and cuts when it is back.

With a SITE the site is cut off for good: its links to the hub, its gateways and the credentials of all its services are
void. Its own server is told first, and cuts those who are there; one that does not listen can call no one else and be called
by no one else. A causeway up that runs its server and gateway here leaves them out from its next start on. Records that the cloud has stay.`;

/** `causeway revoke` */
export function addRevoke(program: Command, context: Context): void {
  program
    .command('revoke')
    .description('void all credentials of a service, or cut off a site')
    .addArgument(new Argument('<tenant/site/name|site>', 'whose').argParser(parseServiceOrSite))
    .option(
      '--wait <time>',
      'how long to wait for the receipts of sites that can be reached',
      parseReceiptWait,
      2_000,
    )
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: ServiceName | string, _options, command: Command) => {
      const options = command.optsWithGlobals<RevokeOptions>();
      return typeof name === 'string'
        ? revokeSite(context, name, options)
        : revokeService(context, name, options);
    });
}

async function revokeService(context: Context, name: ServiceName, options: RevokeOptions): Promise<void> {
  const { wait } = options;
  const reply = await askAdmin(context, options, (admin) => admin.revoke({ ...name, wait }));
  const identity = `${name.tenant}/${name.site}/${name.service}`;
  print(
    context,
    options.output,
    { ...name, ...reply },
    () =>
      `${identity}: ${count(reply.keys, 'key')} void as of revision ${reply.revision}\n${whereInForce(reply.sites)}`,
  );
}

async function revokeSite(context: Context, site: string, options: RevokeOptions): Promise<void> {
  const { wait } = options;
  const reply = await askAdmin(context, options, (admin) => admin.revokeSite(site, { wait }));
  await forgetSite(options.dir, site);
  const { keys, services, revision } = reply;
  print(
    context,
    options.output,
    { site, ...reply },
    () =>
      `site ${site} is cut off: ${count(keys, 'key')} of its links, gateways and ` +
      `${count(services, 'service')} void as of revision ${revision}\n${whereInForce(reply.sites)}`,
  );
}

/** In words where it is in force, and what protects where that is not known. */
function whereInForce(sites: readonly RevocationReceipt[] = []): string {
  const known = sites.filter(({ inForce }) => inForce).map(({ site }) => site);
  const lines = known.length > 0 ? [`in force at ${known.join(', ')}`] : [];
  for (const { site, inForce, seen = null, lease = 0, cutOff } of sites) {
    if (inForce) continue;
    const heard = seen === null ? 'it has not been heard of' : `last heard of ${seconds(seen)} ago`;
    const rest = cutOff
      ? 'it is cut off, and did not say that it cuts those who are there'
      : `it admits calls by what it knew for ${seconds(Math.max(0, lease - (seen ?? 0)))} at most, and cuts when it is back`;
    lines.push(`not known at ${site}: ${heard}; ${rest}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
