import { readFabric, tailRecords, verifyChains } from '@causeway/fabric';
import { type Command, Option } from 'commander';
import { withConsole } from '../admin.ts';
import { aborted, type Context, type GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { parseCount, parseName } from '../input/names.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { createProgress } from '../output/progress.ts';
import { printable } from '../output/terminal.ts';
import { actText } from './audit-act.ts';
import { recordText } from './audit-record.ts';

interface TailOptions extends GlobalOptions {
  readonly tenant?: string;
  readonly since?: 'beginning' | 'now';
  readonly follow: boolean;
  readonly limit?: number;
  readonly class?: RecordClass;
  readonly output: Format;
}

/** Classes of records; calls are of the first two. */
type RecordClass = 'access' | 'refusal' | 'admin';

interface VerifyOptions extends GlobalOptions {
  readonly tenant?: string;
  readonly output: Format;
}

const tailHelp = `
Examples:
  causeway audit tail
  causeway audit tail --since beginning --no-follow -o json
  causeway audit tail --tenant acme --limit 10
  causeway audit tail --class admin --since beginning

As JSON each record is one line. With --no-follow it begins with the first record, else with what comes now.
Calls are of class access or refusal; both are printed where no class is named. What administrators did, and what was
refused to them, is of class admin: who, what, before and after.`;

const verifyHelp = `
Example:
  causeway audit verify

Checks signatures, order, hashes and counts of every block that the cloud holds, and that no chain ends too early.
The exit code is 1 where anything is wrong.`;

/** `causeway audit` */
export function addAudit(program: Command, context: Context): void {
  const audit = program.command('audit').description('records of every access');
  audit
    .command('tail')
    .description('print records as they reach the cloud')
    .option('--tenant <name>', 'only of this tenant', parseName)
    .addOption(new Option('--since <when>', 'where to begin').choices(['beginning', 'now']))
    .addOption(
      new Option('--class <class>', 'only records of this class').choices(['access', 'refusal', 'admin']),
    )
    .option('--limit <count>', 'end after so many records', parseCount)
    .option('--no-follow', 'end when all that there is has been printed')
    .addOption(outputOption())
    .addHelpText('after', helpText(context, tailHelp))
    .action((_options, command: Command) => tail(context, command.optsWithGlobals<TailOptions>()));
  audit
    .command('verify')
    .description('verify the chains of records')
    .option('--tenant <name>', 'only of this tenant', parseName)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, verifyHelp))
    .action((_options, command: Command) => verify(context, command.optsWithGlobals<VerifyOptions>()));
}

async function tail(context: Context, options: TailOptions): Promise<void> {
  const { follow, limit = Number.POSITIVE_INFINITY, output, tenant = 'any' } = options;
  const from = options.since ?? (follow ? 'now' : 'beginning');
  await readFabric(options.dir);
  const interrupted = context.interruption();
  const text = recordText(context, output);
  const textOfAct = actText(context, output);
  await withConsole(context, { ...options, tenant, from }, async (console) => {
    let printed = 0;
    let enough = () => {};
    const limited = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const show = (line: () => string) => {
      if (printed >= limit) return;
      printed += 1;
      context.stdout.write(line());
      if (printed >= limit) enough();
    };
    const wanted = (block: { readonly class: RecordClass }) =>
      options.class === undefined ? block.class !== 'admin' : block.class === options.class;
    const reading = tailRecords(console, {
      record: (record, block) => void (wanted(block) && show(() => text(record, block.gateway))),
      act: (record, block) => void (wanted(block) && show(() => textOfAct(record, block.gateway))),
      damaged: (subject, problem) =>
        void context.stderr.write(
          `causeway: a block of ${printable(subject)} cannot be read: ${printable(problem)}\n`,
        ),
    });
    try {
      // Following goes on after that; where the first opening fails, there is nothing to follow.
      const ended = follow ? reading.caughtUp.then(() => new Promise<never>(() => {})) : reading.caughtUp;
      await Promise.race([limited, aborted(interrupted), ended]);
    } finally {
      await reading.stop();
    }
  });
}

async function verify(context: Context, options: VerifyOptions): Promise<void> {
  const progress = createProgress(context);
  const report = await withConsole(
    context,
    { ...options, tenant: options.tenant ?? 'any', from: 'beginning' },
    (console) =>
      verifyChains(console, (blocks) => {
        if (blocks % 5_000 === 0) progress.say(`verified ${blocks} blocks`);
      }),
  ).finally(() => progress.end());
  const problems = report.problems.length + report.unlisted;
  const chains = report.chains.map((chain) => ({
    ...chain,
    problems: report.problems.filter(
      (problem) =>
        problem.chain?.source === chain.source &&
        problem.chain.gateway === chain.gateway &&
        problem.chain.tenant === chain.tenant,
    ).length,
  }));
  print(context, options.output, { ...report, chains }, () =>
    tableFor(
      context,
      [
        { title: 'SITE', value: (row) => row.source },
        { title: 'GATEWAY', value: (row) => row.gateway },
        { title: 'TENANT', value: (row) => row.tenant },
        { title: 'BLOCKS', value: (row) => row.blocks },
        { title: 'LAST', value: (row) => row.last },
        { title: 'RECORDS', value: (row) => row.records },
        { title: 'RESULT', value: (row) => (row.problems === 0 ? 'ok' : `${row.problems} problems`) },
      ],
      chains,
    ),
  );
  if (problems === 0) return;
  const lines = report.problems.map(({ chain, seq, kind, text }) => {
    const where = chain ? `${chain.source}/${chain.gateway}/${chain.tenant}` : 'no chain';
    return `  ${where}${seq === undefined ? '' : ` block ${seq}`}: ${kind}: ${text}`;
  });
  const more = report.unlisted === 0 ? [] : [`  and ${report.unlisted} more`];
  const what = problems === 1 ? 'there is 1 problem' : `there are ${problems} problems`;
  throw new CommandFailure([`${what}:`, ...lines, ...more].join('\n'));
}
