import { rotateOperator, rotateSigningKey } from '@causeway/fabric';
import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { withRecovery } from '../recovery.ts';

const help = `
Examples:
  causeway operator rotate --signing-key
  causeway operator rotate

With --signing-key, while the fabric is up: another key of the operator signs accounts from now on, and all of them anew.
Servers trust it already, so none is started again, and no connection is cut. It takes operator/, which may be kept
elsewhere otherwise. The key before is trusted by a server until that is started again: do so soon, if it was stolen.

Without it, while the fabric is down: makes new keys of the operator, lost or not, and signs the claims of all accounts
with them. Accounts, gateways, services
and administrators keep theirs. Servers on other machines need the files that
are listed, and a restart, before they take new claims again. See docs/recovery.md.`;

/** `causeway operator` */
export function addOperator(program: Command, context: Context): void {
  const operator = program.command('operator').description('the key that all servers trust');
  operator
    .command('rotate')
    .description('replace the operator’s keys')
    .option('--signing-key', 'only the one that signs accounts, while the fabric is up')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => {
      const options = command.optsWithGlobals<RotateOptions>();
      return options.signingKey ? rotateSigning(context, options) : rotate(context, options);
    });
}

interface RotateOptions extends GlobalOptions {
  readonly signingKey?: true;
  readonly output: Format;
}

async function rotateSigning(context: Context, { dir, output }: RotateOptions): Promise<void> {
  const rotated = await withRecovery(context, (ports) => rotateSigningKey({ dir }, ports));
  print(context, output, rotated, () => {
    const elsewhere = Object.entries(rotated.redistribute).map(
      ([site, files]) =>
        `  where the server of ${site} runs, as its nats/operator.jwt: ${files.join(', ')}\n`,
    );
    return (
      `${rotated.signingKey} signs accounts now, and has signed all of them.\n` +
      `${rotated.before} signs no more. Servers trust it until they are started again: ${rotated.restart.join(', ')}\n` +
      (elsewhere.length === 0
        ? ''
        : `Before a start there, bring to the machines that are not this one:\n${elsewhere.join('')}`)
    );
  });
}

async function rotate(context: Context, { dir, output }: RotateOptions): Promise<void> {
  const rotated = await withRecovery(context, (ports) => rotateOperator({ dir }, ports));
  print(context, output, rotated, () => {
    const lines = Object.entries(rotated.redistribute).map(
      ([site, files]) => `  where the server of ${site} runs: ${files.join(', ')}\n`,
    );
    const missing =
      rotated.missing.length === 0
        ? ''
        : `Not here, and to be made again with causeway site restore: ${rotated.missing.join(', ')}\n`;
    return (
      `The operator is ${rotated.operator}; the claims of ${rotated.accounts} accounts are signed anew.\n` +
      `Bring to the machines that are not this one, and restart the server there:\n${lines.join('')}${missing}`
    );
  });
}
