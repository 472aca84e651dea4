import { CausewayError } from '@causeway/protocol';
import type { Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { collectPaths, parseName } from '../input/names.ts';
import type { SourceDocument } from '../input/parse-documents.ts';
import { readDocuments } from '../input/read-documents.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { printable, printableLine } from '../output/terminal.ts';

interface ApplyOptions extends GlobalOptions {
  readonly file: readonly string[];
  readonly dryRun?: true;
  readonly tenant?: string;
  readonly output: Format;
}

const mostDocuments = 1_000;
/** A message of the broker holds 1 MB; some of it is not ours. */
const mostBytes = 1_000_000;

const help = `
Examples:
  causeway apply -f policies/
  causeway apply -f quotes.yaml -f desk.json --dry-run
  generate-policies | causeway apply -f - --tenant acme

A file holds any number of documents, as YAML or JSON; a folder is read with all folders in it. Either all
documents are applied, or none.`;

/** `causeway apply` */
export function addApply(program: Command, context: Context): void {
  program
    .command('apply')
    .description('apply policies and manifests')
    .requiredOption('-f, --file <path>', 'file, folder, or - for standard input (repeatable)', collectPaths)
    .option('--dry-run', 'check everything and say what would change, but change nothing')
    .option('--tenant <name>', 'tenant of the documents that name none', parseName)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => apply(context, command.optsWithGlobals<ApplyOptions>()));
}

async function apply(context: Context, options: ApplyOptions): Promise<void> {
  const sources = await readDocuments(options.file, context.stdin);
  const documents = sources.map(({ value }) =>
    options.tenant !== undefined && value.tenant === undefined ? { ...value, tenant: options.tenant } : value,
  );
  if (documents.length > mostDocuments) {
    throw new CommandFailure(`${documents.length} documents at once; at most ${mostDocuments} are possible`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(documents));
  if (bytes > mostBytes) {
    throw new CommandFailure(`the documents have ${bytes} bytes; at most ${mostBytes} are possible at once`);
  }
  const reply = await askAdmin(context, options, (admin) =>
    admin.apply(documents, { dryRun: options.dryRun === true }),
  ).catch((error: unknown) => {
    throw placed(error, sources);
  });
  for (const { pointer, problem } of reply.warnings ?? []) {
    const [, index = '', rest = ''] = /^\/documents\/(\d+)(.*)$/s.exec(pointer) ?? [];
    const source = sources[Number(index)];
    context.stderr.write(`causeway: warning: ${source?.place(rest) ?? pointer}: ${printableLine(problem)}\n`);
  }
  const changes = reply.changes.map((change, index) => ({
    ...change,
    file: sources[index]?.file ?? '',
    document: sources[index]?.number ?? 0,
  }));
  const { revision, warnings = [] } = reply;
  const result = { revision, dryRun: options.dryRun === true, changes, warnings };
  print(context, options.output, result, () =>
    tableFor(
      context,
      [
        { title: 'CHANGE', value: (row) => row.change },
        { title: 'KIND', value: (row) => row.kind },
        { title: 'TENANT', value: (row) => row.tenant },
        { title: 'NAME', value: (row) => row.name },
        { title: 'FROM', value: (row) => `${row.file}#${row.document}` },
      ],
      changes,
    ),
  );
  if (options.output === 'table') {
    for (const { name, differences = [] } of changes) {
      for (const { pointer, what } of differences) {
        context.stderr.write(`causeway: ${name}${printable(`${pointer} ${what}`)}\n`);
      }
    }
  }
  if (options.dryRun) context.stderr.write('causeway: a dry run: nothing was changed\n');
}

/** The registry's error, which counts documents, as one that names the file and the place in it. */
export function placed(error: unknown, sources: readonly SourceDocument[]): unknown {
  if (!(error instanceof CausewayError)) return error;
  const match = /^\/documents\/(\d+)(.*)$/s.exec(error.pointer ?? '');
  const source = sources[Number(match?.[1] ?? -1)];
  if (!match || !source) return error;
  const [, index, rest = ''] = match;
  const reason = error.reason
    .replaceAll(`/documents/${index}/`, '/')
    .replaceAll(new RegExp(`/documents/${index}(?!\\d)`, 'g'), 'document');
  // One line each: the reason has them too, but is cut off where there are many.
  const [summary = reason] = error.differences ? reason.split('): ') : [reason];
  const lines = (error.differences ?? []).map(
    ({ pointer, before, after, why }) =>
      `\n  ${pointer}${before === undefined ? '' : ` was ${before}`}${after === undefined ? '' : ` is ${after}`}: ${why}`,
  );
  const said =
    lines.length > 0 ? `${summary}); nothing was applied${lines.join('')}` : `${reason}; nothing was applied`;
  const text = `${error.code}: ${source.place(rest)} (document ${source.number}): ${said}`;
  return new CommandFailure(text, { cause: error });
}
