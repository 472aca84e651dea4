import { down, fabricLayout, readFabric } from '@causeway/fabric';
import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { helpText } from '../output/help-text.ts';
import { createProgress } from '../output/progress.ts';

const help = `
Example:
  causeway down --dir .causeway

Everything is kept: causeway up goes on with the same identities, documents and records.`;

/** `causeway down` */
export function addDown(program: Command, context: Context): void {
  program
    .command('down')
    .description('end the fabric that runs from this folder')
    .addHelpText('after', helpText(context, help))
    .action(async (_options, command: Command) => {
      const { dir } = command.optsWithGlobals<GlobalOptions>();
      await readFabric(dir);
      const progress = createProgress(context);
      progress.say('ending the fabric');
      const pid = await down(dir, context.clock).finally(() => progress.end());
      const was =
        pid === undefined ? 'it had been killed; what it left has ended too' : `it was process ${pid}`;
      context.stderr.write(`causeway: the fabric in ${fabricLayout(dir).root} has ended (${was})\n`);
    });
}
