import type { Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { collectPaths, parseServiceName, parseTarget, type ServiceName } from '../input/names.ts';
import { readDocuments } from '../input/read-documents.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';
import { explainScreen } from './explain-screen.ts';

interface ExplainOptions extends GlobalOptions {
  readonly from: ServiceName;
  readonly to: ReturnType<typeof parseTarget>;
  readonly file?: readonly string[];
  readonly output: Format;
}

const help = `
Examples:
  causeway explain --from acme/edge-b/desk --to quotes.v1.latest@edge-a
  causeway explain --from acme/edge-b/desk --to quotes.v1.latest -f new-policy.yaml

Without @SITE for each site that serves the API. Behind the name of the site stand the decision and the code that the
caller is told, below it the whole truth: which policy decides, what came of each policy, the limits in force, and, where
the call is denied, what to do about it, with a policy that would allow it. The exit code is 0 whether the call is allowed
or denied: the question was answered.`;

/** `causeway explain` */
export function addExplain(program: Command, context: Context): void {
  program
    .command('explain')
    .description('say what would become of a call, and which policy decides it')
    .requiredOption('--from <tenant/site/service>', 'who calls', parseServiceName)
    .requiredOption('--to <service.vmajor.endpoint[@site]>', 'what is called', parseTarget)
    .option('-f, --file <path>', 'policies to decide by as if they were applied (repeatable)', collectPaths)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => explain(context, command.optsWithGlobals<ExplainOptions>()));
}

async function explain(context: Context, options: ExplainOptions): Promise<void> {
  const { tenant, site, service } = options.from;
  const { site: at, ...to } = options.to;
  const files = options.file === undefined ? [] : await readDocuments(options.file, context.stdin);
  const policies = files.map(({ value }) => value);
  const reply = await askAdmin(context, options, (admin) =>
    admin.explain({
      tenant,
      from: { site, service },
      to: { ...to, ...(at === undefined ? {} : { site: at }) },
      ...(policies.length === 0 ? {} : { policies }),
    }),
  );
  print(context, options.output, reply, () => explainScreen(reply));
}
