import path from 'node:path';
import { restoreFabric, restoreHub } from '@causeway/fabric';
import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { parsePath } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { readPassphrase, withRecovery } from '../recovery.ts';

interface RestoreOptions extends GlobalOptions {
  readonly passphraseFile?: string;
  readonly hub?: true;
  readonly output: Format;
}

const help = `
Examples:
  causeway restore fabric.backup --dir .causeway --passphrase-file passphrase
  causeway restore fabric.backup --dir .causeway --passphrase-file passphrase --hub

Makes a fabric from a backup, in a folder that is empty or not there; causeway up goes on with it. With --hub the folder
holds the fabric, which is down, and its hub is put back: what of it is missing, and the documents. See docs/recovery.md.`;

/** `causeway restore` */
export function addRestore(program: Command, context: Context): void {
  program
    .command('restore')
    .description('make a fabric, or its lost hub, from a backup')
    .argument('<file>', 'the backup', parsePath)
    .option('--passphrase-file <file>', 'the file with its passphrase, where it is sealed', parsePath)
    .option('--hub', 'put back the hub of a fabric whose other sites stand')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((file: string, _options, command: Command) =>
      restore(context, file, command.optsWithGlobals<RestoreOptions>()),
    );
}

async function restore(context: Context, file: string, options: RestoreOptions): Promise<void> {
  const { dir, hub } = options;
  const passphrase = await readPassphrase(options.passphraseFile);
  const from = { dir, file: path.resolve(file), passphrase };
  const summary = await withRecovery(context, (ports) =>
    hub ? restoreHub(from, ports) : restoreFabric(from, ports),
  );
  const made = new Date(summary.made).toISOString();
  const moved = summary.moved.map(
    ({ site, ports }) => `site ${site} has other ports here: ${Object.values(ports).join(', ')}\n`,
  );
  const since = hub
    ? (summary.revoked ?? []).map((name) => `${name} was revoked since, and stays so\n`)
    : ['What was revoked since then is valid again: revoke it again (docs/recovery.md)\n'];
  print(
    context,
    options.output,
    { ...summary, made },
    () =>
      `${summary.dir} has the ${hub ? 'hub' : 'fabric'} of ${made} again: ${summary.files} files, and ` +
      `${summary.documents} documents for its next start\n${[...moved, ...since].join('')}`,
  );
}
