import { type ApplyReply, CausewayError } from '@causeway/protocol';
import type { Command } from 'commander';
import { withAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { inForceText, requireInForce } from '../in-force/text.ts';
import {
  addWaitOptions,
  type InForce,
  requireWait,
  type WaitOptions,
  waitInForce,
} from '../in-force/wait.ts';
import { applyInParts, type PartsReply } from '../input/apply-in-parts.ts';
import { canAsk, confirm } from '../input/confirm.ts';
import { requireDistinct } from '../input/distinct.ts';
import { collectPaths, parseName } from '../input/names.ts';
import type { SourceDocument } from '../input/parse-documents.ts';
import { readDocuments } from '../input/read-documents.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { printableLine } from '../output/terminal.ts';
import { withProgress } from '../output/waiting.ts';
import { accessLines, accessTable, changedLines, changesTable, placeChanges } from './apply-report.ts';

interface ApplyOptions extends GlobalOptions, WaitOptions {
  readonly file: readonly string[];
  readonly dryRun?: true;
  readonly tenant?: string;
  readonly set?: string;
  readonly prune?: true;
  readonly force?: true;
  readonly yes?: true;
  readonly showAccess?: true;
  readonly output: Format;
}

const help = `
Examples:
  causeway apply -f policies/
  causeway apply -f quotes.yaml -f desk.json --dry-run
  generate-policies | causeway apply -f - --tenant acme
  causeway apply -f policies/ --set platform --prune
  causeway apply -f quotes.yaml --wait --timeout 30s

A file holds any number of documents, as YAML or JSON; a folder is read with all folders in it, by name. Either all
documents are applied, or none. What stands already as it is written is not touched. More than 900 documents, or 900 kB,
take several requests, each of them all or nothing: all are checked before the first is applied, and where one fails after
all, applying again goes on from there.

What causeway get -o yaml prints can be changed and applied: its revision says what was read, and where somebody else was
faster the answer is CONFLICT, and who. Without a revision the document is written over what stands.

With --set documents are managed as a set, of a folder in Git for instance. --prune then deletes policies and APIs that
the set has made and that are not among the documents any more: never what somebody else, or a service, has made. On a
terminal it asks first. A dry run says, beside all changes, which identities gain and lose access to what.

--wait returns when every site that can be reached has what was applied in force. Sites that have not are named; the exit
code is 1 where one of them can be reached.`;

/** `causeway apply` */
export function addApply(program: Command, context: Context): void {
  const command = program
    .command('apply')
    .description('apply policies and manifests')
    .requiredOption('-f, --file <path>', 'file, folder, or - for standard input (repeatable)', collectPaths)
    .option('--dry-run', 'check everything and say what would change, but change nothing')
    .option(
      '--tenant <name>',
      'tenant of the documents that name none; with --prune, the only one',
      parseName,
    )
    .option('--set <name>', 'manage the documents as this set', parseName)
    .option('--prune', 'delete what the set has made and the documents do not hold any more')
    .option('--force', 'prune also APIs that are served')
    .option('--yes', 'prune without asking')
    .option('--show-access', 'say who gains and loses access, as a dry run does')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => apply(context, command.optsWithGlobals<ApplyOptions>()));
  addWaitOptions(command);
}

async function apply(context: Context, options: ApplyOptions): Promise<void> {
  requireWait(options, options.dryRun ? '--dry-run' : '');
  if (options.prune && options.set === undefined) {
    throw new UsageError('--prune needs --set NAME: only what a set has made is ever pruned');
  }
  if (options.force && !options.prune) throw new UsageError('--force is for --prune alone');
  const sources = await readDocuments(options.file, context.stdin, (files) => passedOver(context, files));
  const documents = sources.map(({ value }) =>
    options.tenant !== undefined && value.tenant === undefined && value.kind !== 'site'
      ? { ...value, tenant: options.tenant }
      : value,
  );
  requireDistinct(documents, sources);
  const { dryRun = false, prune = false, set, tenant } = options;
  const request = {
    ...(set === undefined ? {} : { set }),
    ...(prune ? { prune, ...(tenant === undefined ? {} : { tenant }) } : {}),
    ...(options.force ? { force: true } : {}),
    ...(options.showAccess ? { access: true } : {}),
  };
  const ask = (asDryRun: boolean) =>
    withProgress(context, 'waiting for the registry', (onProgress) =>
      withAdmin(context, options, (admin) =>
        applyInParts(admin, documents, { dryRun: asDryRun, request, onProgress }),
      ),
    ).catch((error: unknown) => {
      throw placed(error, sources);
    });
  if (prune && !dryRun && !options.yes && canAsk(context)) {
    const { changes } = await ask(true);
    const doomed = changes.filter(({ change }) => change === 'deleted');
    if (doomed.length > 0) await requireConsent(context, doomed);
  }
  const reply = await ask(dryRun);
  const inForce = await waitInForce(context, options, reply);
  report(context, options, reply, sources, inForce);
  requireInForce(inForce);
}

function passedOver({ stderr }: Context, files: readonly string[]): void {
  const some = files.slice(0, 5).map(printableLine).join(', ');
  const more = files.length > 5 ? ` and ${files.length - 5} more` : '';
  stderr.write(`causeway: not read, being no *.yaml, *.yml or *.json: ${some}${more}\n`);
}

async function requireConsent(context: Context, doomed: ApplyReply['changes']): Promise<void> {
  for (const { kind, tenant, name } of doomed) {
    context.stderr.write(`causeway: ${kind} ${name} of tenant ${tenant} will be deleted\n`);
  }
  if (await confirm(context, `Delete ${doomed.length === 1 ? 'it' : `these ${doomed.length}`}?`)) return;
  throw new CommandFailure('nothing was applied');
}

function report(
  context: Context,
  options: ApplyOptions,
  reply: PartsReply,
  sources: readonly SourceDocument[],
  inForce: InForce | undefined,
): void {
  for (const { pointer, problem } of reply.warnings) {
    const [, index = '', rest = ''] = /^\/documents\/(\d+)(.*)$/s.exec(pointer) ?? [];
    const source = sources[Number(index)];
    context.stderr.write(`causeway: warning: ${source?.place(rest) ?? pointer}: ${printableLine(problem)}\n`);
  }
  const changes = placeChanges(reply.changes, sources, options.set);
  const { revision, warnings, access } = reply;
  const dryRun = options.dryRun === true;
  const result = {
    ...{ revision, dryRun, changes, warnings },
    ...(access ? { access } : {}),
    ...(inForce ? { inForce } : {}),
  };
  print(
    context,
    options.output,
    result,
    () =>
      changesTable(context, changes) + (access ? accessTable(context, access) : '') + inForceText(inForce),
  );
  if (options.output === 'table') {
    const lines = [
      ...changedLines(changes),
      ...(access ? accessLines(access, options.showAccess === true) : []),
    ];
    for (const line of lines) context.stderr.write(`causeway: ${line}\n`);
  }
  if ((dryRun || options.showAccess) && !access) {
    const most = 'who gains and loses access is said only of what fits one request: 900 documents, 900 kB';
    context.stderr.write(`causeway: ${most}\n`);
  }
  if (dryRun) context.stderr.write('causeway: a dry run: nothing was changed\n');
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
