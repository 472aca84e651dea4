import type { Command } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { parseServiceName, parseTarget, type ServiceName } from '../input/names.ts';
import { type Format, outputOption, print, tableFor } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

interface ExplainOptions extends GlobalOptions {
  readonly from: ServiceName;
  readonly to: ReturnType<typeof parseTarget>;
  readonly output: Format;
}

const help = `
Example:
  causeway explain --from acme/edge-b/desk --to quotes.v1.latest@edge-a

Without @SITE there is a line for each site that serves the API. CODE is what the caller is told, REASON the whole
truth. The exit code is 0 whether the call is allowed or denied: the question was answered.`;

/** `causeway explain` */
export function addExplain(program: Command, context: Context): void {
  program
    .command('explain')
    .description('say what would become of a call, and which policy decides it')
    .requiredOption('--from <tenant/site/service>', 'who calls', parseServiceName)
    .requiredOption('--to <service.vmajor.endpoint[@site]>', 'what is called', parseTarget)
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((_options, command: Command) => explain(context, command.optsWithGlobals<ExplainOptions>()));
}

async function explain(context: Context, options: ExplainOptions): Promise<void> {
  const { tenant, site, service } = options.from;
  const { site: at, ...to } = options.to;
  const reply = await askAdmin(context, options, (admin) =>
    admin.explain({
      tenant,
      from: { site, service },
      to: { ...to, ...(at === undefined ? {} : { site: at }) },
    }),
  );
  print(context, options.output, reply, () =>
    tableFor(
      context,
      [
        { title: 'SITE', value: (row) => row.site },
        { title: 'DECISION', value: (row) => row.decision },
        { title: 'CODE', value: (row) => row.code },
        { title: 'POLICY', value: (row) => row.policy },
        { title: 'REASON', value: (row) => row.reason },
        { title: 'AUDIT', value: (row) => row.audit ?? '-' },
        { title: 'LIMITS', value: (row) => row.limits.map(limitText).join('; ') },
      ],
      reply.sites,
    ),
  );
}

function limitText({ policy, ...limits }: { readonly policy: string }): string {
  const parts = Object.entries(limits).map(([name, value]) => `${name} ${String(value)}`);
  return `${policy}: ${parts.join(', ')}`;
}
