import { CausewayError } from '@causeway/protocol';
import type { Command } from 'commander';
import { withAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { inForceText, requireInForce } from '../in-force/text.ts';
import { addWaitOptions, requireWait, type WaitOptions, waitInForce } from '../in-force/wait.ts';
import { applyInParts } from '../input/apply-in-parts.ts';
import { collectPaths, parseName } from '../input/names.ts';
import type { SourceDocument } from '../input/parse-documents.ts';
import { readDocuments } from '../input/read-documents.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { printable, printableLine } from '../output/terminal.ts';
import { withProgress } from '../output/waiting.ts';

interface ApplyOptions extends GlobalOptions, WaitOptions {
  readonly file: readonly string[];
  readonly dryRun?: true;
  readonly tenant?: string;
  readonly output: Format;
}

const help = `
Examples:
  causeway apply -f policies/
  causeway apply -f quotes.yaml -f desk.json --dry-run
  generate-policies | causeway apply -f - --tenant acme
  causeway apply -f quotes.yaml --wait --timeout 30s

A file holds any number of documents, as YAML or JSON; a folder is read with all folders in it. Either all
documents are applied, or none. More than 1,000 documents, or 900 kB, take several requests, each of them all or nothing:
all are checked before the first is applied, and where one fails after all, applying again goes on from there.

--wait returns when every site that can be reached has what was applied in force. Sites that have not are named; the exit
code is 1 where one of them can be reached.`;

/** `causeway apply` */
export function addApply(program: Command, context: Context): void {
  const command = program
    .command('apply')
    .description('apply policies and manifests')
    .requiredOption('-f, --file <path>', 'file, folder, or - for standard input (repeatable)', collectPaths)
    .option('--dry-run', 'check everything and say what would change, but change nothing')
    .option('--tenant <name>', 'tenant of the documents that name none', parseName)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => apply(context, command.optsWithGlobals<ApplyOptions>()));
  addWaitOptions(command);
}

async function apply(context: Context, options: ApplyOptions): Promise<void> {
  requireWait(options, options.dryRun ? '--dry-run' : '');
  const sources = await readDocuments(options.file, context.stdin);
  const documents = sources.map(({ value }) =>
    options.tenant !== undefined && value.tenant === undefined ? { ...value, tenant: options.tenant } : value,
  );
  const reply = await withProgress(context, 'waiting for the registry', (onProgress) =>
    withAdmin(context, options, (admin) =>
      applyInParts(admin, documents, { dryRun: options.dryRun === true, onProgress }),
    ),
  ).catch((error: unknown) => {
    throw placed(error, sources);
  });
  for (const { pointer, problem } of reply.warnings) {
    const [, index = '', rest = ''] = /^\/documents\/(\d+)(.*)$/s.exec(pointer) ?? [];
    const source = sources[Number(index)];
    context.stderr.write(`causeway: warning: ${source?.place(rest) ?? pointer}: ${printableLine(problem)}\n`);
  }
  const changes = reply.changes.map((change, index) => ({
    ...change,
    file: sources[index]?.file ?? '',
    document: sources[index]?.number ?? 0,
  }));
  const { revision, warnings } = reply;
  const inForce = await waitInForce(context, options, reply);
  const result = {
    revision,
    dryRun: options.dryRun === true,
    changes,
    warnings,
    ...(inForce ? { inForce } : {}),
  };
  const table = () =>
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
    );
  print(context, options.output, result, () => `${table()}${inForceText(inForce)}`);
  if (options.output === 'table') {
    for (const { name, differences = [] } of changes) {
      for (const { pointer, what } of differences) {
        context.stderr.write(`causeway: ${name}${printable(`${pointer} ${what}`)}\n`);
      }
    }
  }
  if (options.dryRun) context.stderr.write('causeway: a dry run: nothing was changed\n');
  requireInForce(inForce);
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
