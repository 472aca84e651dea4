import type { RotateSigningReply } from '@causeway/protocol';
import type { Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { parseReceiptWait } from './receipt-wait.ts';

interface RotateOptions extends GlobalOptions {
  readonly finish?: true;
  readonly force?: true;
  readonly wait: number;
  readonly output: Format;
}

const help = `
Examples:
  causeway rotate signing acme
  causeway rotate service acme/edge-a/desk --out desk.creds
  causeway rotate signing acme --finish

First all sites are told the new keys beside the old; once they all know them, users are signed by the new ones: gateways and
links take theirs up by themselves, services are given theirs by causeway rotate service. What is left is listed. --finish then
voids the keys before, and everything they signed. Each step can be done again where it was cut short.

Of CONTROL it replaces the keys for links and for the cloud's gateway.`;

/** `causeway rotate signing` */
export function addRotateSigning(rotate: Command, context: Context): void {
  rotate
    .command('signing')
    .description('replace the keys that sign the users of a tenant, or of CONTROL')
    .argument('<account>', 'a tenant, or CONTROL')
    .option('--finish', 'void the keys before: nobody needs them any more')
    .option('--force', 'with --finish: also where somebody does')
    .option('--wait <time>', 'how long to wait for the sites’ receipts', parseReceiptWait, 2_000)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((account: string, _options, command: Command) =>
      run(context, account, command.optsWithGlobals<RotateOptions>()),
    );
}

async function run(context: Context, account: string, options: RotateOptions): Promise<void> {
  const { finish = false, force = false, wait } = options;
  if (force && !finish) throw new UsageError('--force is for --finish alone');
  const reply = await askAdmin(context, options, (admin) =>
    admin.rotateSigning({ account, wait, ...(finish ? { finish } : {}), ...(force ? { force } : {}) }),
  );
  print(context, options.output, { account, ...reply }, () => text(account, reply));
}

function text(account: string, { state, sites, services }: RotateSigningReply): string {
  const away = sites.filter(({ inForce }) => !inForce).map(({ site }) => site);
  const missing = away.length > 0 ? `not known to be so at ${away.join(', ')}\n` : '';
  switch (state) {
    case 'told':
      return `${account}: new signing keys are made; sites must know them before they are used: do this again\n${missing}`;
    case 'used': {
      const left = services.map((service) => `  causeway rotate service ${service} --out FILE\n`).join('');
      return (
        `${account}: users are signed by new keys\n${missing}` +
        (left === '' ? '' : `services with credentials of before:\n${left}`) +
        `then: causeway rotate signing ${account} --finish\n`
      );
    }
    case 'finished':
      return `${account}: the signing keys of before are void\n${missing}`;
  }
}
