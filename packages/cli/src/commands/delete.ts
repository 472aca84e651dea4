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
  causeway delete api quotes.v1 --tenant acme
  causeway delete service acme/edge-b/desk --force
  causeway delete policy desk-reads-quotes --wait

A policy is in force no more at once. An API is withdrawn wherever it is served: calls are told NO_ROUTE. An instance
that registers it anew, at its next start, publishes it again; revoke the service to prevent that. A service must have
been revoked; --force does that first. A site is removed with causeway site remove.`;

/** `causeway delete` */
export function addDelete(program: Command, context: Context): void {
  const command = program
    .command('delete')
    .description('delete a policy, an API or a service')
    .addArgument(new Argument('<kind>', 'what it is').choices(kinds))
    .argument('<name>', 'a policy’s name, SERVICE.vMAJOR of an API, or TENANT/SITE/NAME of a service')
    .option('--tenant <name>', 'whose policy or API; may be left out where there is one tenant', parseName)
    .option('--force', 'revoke the service first, where it has credentials')
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
  if (force && kind !== 'service') throw new UsageError('--force is for services alone');
  if (kind !== 'service') return { kind, name, ...(tenant === undefined ? {} : { tenant }) };
  const { service, ...place } = parseServiceName(name);
  if (tenant !== undefined && tenant !== place.tenant) {
    throw new UsageError(`${name} is of tenant ${place.tenant}, but --tenant says ${tenant}`);
  }
  return { kind, ...place, name: service, ...(force ? { force } : {}) };
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
