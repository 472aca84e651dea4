import type { DeleteReply, DeleteRequest } from '@causeway/protocol';
import { Argument, type Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { inForceText, requireInForce } from '../in-force/text.ts';
import { addWaitOptions, requireWait, type WaitOptions, waitInForce } from '../in-force/wait.ts';
import { count } from '../input/count.ts';
import { parseName, parseServiceName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

const kinds = ['policy', 'api', 'service'] as const;

type Kind = (typeof kinds)[number];

interface DeleteOptions extends GlobalOptions, WaitOptions {
  readonly tenant?: string;
  readonly force?: true;
  readonly output: Format;
}

const help = `
Examples:
  causeway delete policy desk-reads-quotes
  causeway delete api quotes.v1 --tenant acme --force
  causeway delete service acme/edge-b/desk --force
  causeway delete policy desk-reads-quotes --wait

What is in use stays, and it is said who uses it: an API that is served, was called in the last 24 hours or is named by
policies; a policy that alone allows calls of an identity; a service with credentials. --force deletes it all the same.

A policy is in force no more at once. An API is withdrawn wherever it is served: calls are told NO_ROUTE. An instance
that registers it anew, at its next start, publishes it again; revoke the service to prevent that. A service with
credentials is revoked first. A site is removed with causeway site remove.`;

/** `causeway delete` */
export function addDelete(program: Command, context: Context): void {
  const command = program
    .command('delete')
    .description('delete a policy, an API or a service')
    .addArgument(new Argument('<kind>', 'what it is').choices(kinds))
    .argument('<name>', 'a policy’s name, SERVICE.vMAJOR of an API, or TENANT/SITE/NAME of a service')
    .option('--tenant <name>', 'whose policy or API; may be left out where there is one tenant', parseName)
    .option('--force', 'also where something uses it; a service with credentials is revoked first')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((kind: Kind, name: string, _options, command: Command) =>
      deleteOne(context, kind, name, command.optsWithGlobals<DeleteOptions>()),
    );
  addWaitOptions(command);
}

async function deleteOne(context: Context, kind: Kind, name: string, options: DeleteOptions): Promise<void> {
  requireWait(options);
  const request = requestOf(kind, name, options);
  const reply = await askAdmin(context, options, (admin) => admin.delete(request));
  const inForce = await waitInForce(context, options, reply);
  print(
    context,
    options.output,
    { ...reply, ...(inForce ? { inForce } : {}) },
    () => `${text(reply, name)}${inForceText(inForce)}`,
  );
  requireInForce(inForce);
}

function requestOf(kind: Kind, name: string, { tenant, force }: DeleteOptions): DeleteRequest {
  const forced = force ? { force } : {};
  if (kind !== 'service') return { kind, name, ...(tenant === undefined ? {} : { tenant }), ...forced };
  const { service, ...place } = parseServiceName(name);
  if (tenant !== undefined && tenant !== place.tenant) {
    throw new UsageError(`${name} is of tenant ${place.tenant}, but --tenant says ${tenant}`);
  }
  return { kind, ...place, name: service, ...forced };
}

function text({ kind, tenant, revision, sites, keys }: DeleteReply, name: string): string {
  const what = kind === 'api' ? `API ${name}` : `${kind} ${name}`;
  const more =
    kind === 'api' && sites.length > 0
      ? `; no longer served at ${sites.join(', ')}`
      : keys > 0
        ? `; ${count(keys, 'key')} void`
        : '';
  return `${what} of tenant ${tenant} is deleted as of revision ${revision}${more}\n`;
}
