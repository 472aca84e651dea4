import { backupFabric } from '@causeway/fabric';
import type { Command } from 'commander';
import type { Context, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { parsePath } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { readPassphrase, withRecovery } from '../recovery.ts';

interface BackupOptions extends GlobalOptions {
  readonly passphraseFile?: string;
  readonly plain?: true;
  readonly force?: true;
  readonly output: Format;
}

const help = `
Examples:
  causeway backup fabric.backup --passphrase-file passphrase
  causeway backup fabric.backup --plain --force

Holds every key of the fabric, and its APIs, policies, sites and identities as they stand at one moment; no records and
no counters. The fabric may be up or down. Whoever has the file and its passphrase holds the fabric: with
--passphrase-file it is sealed (scrypt, AES-256-GCM), with --plain it is not. docs/recovery.md says what to do with it.`;

/** `causeway backup` */
export function addBackup(program: Command, context: Context): void {
  program
    .command('backup')
    .description('write the keys and documents of the fabric into one file')
    .argument('<file>', 'where it goes (mode 0600)', parsePath)
    .option('--passphrase-file <file>', 'seal it with the passphrase in this file (mode 0600)', parsePath)
    .option('--plain', 'leave the keys in it readable')
    .option('--force', 'replace the file where there is one')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((file: string, _options, command: Command) =>
      backup(context, file, command.optsWithGlobals<BackupOptions>()),
    );
}

async function backup(context: Context, file: string, options: BackupOptions): Promise<void> {
  const { dir, passphraseFile, plain, force } = options;
  if ((passphraseFile === undefined) !== (plain === true)) {
    throw new UsageError('a backup holds every key: seal it with --passphrase-file FILE, or say --plain');
  }
  const passphrase = await readPassphrase(passphraseFile);
  const summary = await withRecovery(context, (ports) =>
    backupFabric({ dir, file, passphrase, replace: force === true }, ports),
  );
  print(
    context,
    options.output,
    summary,
    () =>
      `${summary.file} holds ${summary.documents} documents at revision ${summary.revision} and ${summary.files} files, ` +
      `${summary.sealed ? 'sealed' : 'with its keys in clear'}\n`,
  );
}
