import { rotateOperator } from '@causeway/fabric';
import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { withRecovery } from '../recovery.ts';

const help = `
Example:
  causeway operator rotate

Makes new keys of the operator, lost or not, and signs the claims of all accounts with them. Accounts, gateways, services
and administrators keep theirs. The fabric must be down (causeway down). Servers on other machines need the files that
are listed, and a restart, before they take new claims again. See docs/recovery.md.`;

/** `causeway operator` */
export function addOperator(program: Command, context: Context): void {
  const operator = program.command('operator').description('the key that all servers trust');
  operator
    .command('rotate')
    .description('replace the operator’s keys')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) =>
      rotate(context, command.optsWithGlobals<GlobalOptions & { output: Format }>()),
    );
}

async function rotate(context: Context, { dir, output }: GlobalOptions & { output: Format }): Promise<void> {
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
