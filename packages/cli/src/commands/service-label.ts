import { CausewayError } from '@causeway/protocol';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { askAdmin } from '../admin.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { parseServiceName, type ServiceName } from '../input/names.ts';
import { type Format, outputOption, print } from '../output/format.ts';
import { helpText } from '../output/help-text.ts';

interface LabelOptions extends GlobalOptions {
  readonly output: Format;
}

/** What becomes of a label: its value, or undefined where it is taken off. */
type LabelChanges = ReadonlyMap<string, string | undefined>;

const help = `
Examples:
  causeway service label acme/edge-b/desk team=trading env=prod
  causeway service label acme/edge-b/desk env-

KEY=VALUE puts a label on the identity, or another value on it; KEY- takes it off. All other labels stay, also those that
somebody else changes at the same time. Policies that select by labels are in force for it at once.`;

/** Tries, where somebody else changes the identity at the same time. */
const tries = 5;

/** `causeway service label` */
export function addServiceLabel(service: Command, context: Context): void {
  service
    .command('label')
    .description('put labels on an identity, or take them off')
    .addArgument(new Argument('<tenant/site/name>', 'whose').argParser(parseServiceName))
    .addArgument(new Argument('<labels...>', 'KEY=VALUE, or KEY- to take one off').argParser(collectLabels))
    .addOption(outputOption())
    .addHelpText('after', helpText(context, help))
    .action((name: ServiceName, labels: LabelChanges, _options, command: Command) =>
      label(context, name, labels, command.optsWithGlobals<LabelOptions>()),
    );
}

/** Collects `KEY=VALUE` and `KEY-`. */
export function collectLabels(text: string, before: LabelChanges = new Map()): LabelChanges {
  const [, key = '', value] = /^([^=]+)=(.*)$/s.exec(text) ?? /^([^=]+)-$/.exec(text) ?? [];
  if (key === '') throw new InvalidArgumentError('Expected KEY=VALUE, or KEY- to take a label off.');
  if (before.has(key)) throw new InvalidArgumentError(`The label ${JSON.stringify(key)} is there twice.`);
  return new Map([...before, [key, value]]);
}

async function label(
  context: Context,
  name: ServiceName,
  changes: LabelChanges,
  options: LabelOptions,
): Promise<void> {
  const whole = `${name.tenant}/${name.site}/${name.service}`;
  const labels = await askAdmin(context, options, async (admin) => {
    for (let left = tries; ; left -= 1) {
      const [standing] = (await admin.get('services', whole)).items;
      if (!standing) {
        throw new CommandFailure(
          `there is no identity ${whole}; causeway get services lists those there are`,
        );
      }
      const next = new Map(Object.entries((standing.labels ?? {}) as Record<string, string>));
      for (const [key, value] of changes) {
        if (value === undefined) next.delete(key);
        else next.set(key, value);
      }
      const wanted = Object.fromEntries(next);
      const { labels: _, ...rest } = standing;
      try {
        await admin.apply([next.size === 0 ? rest : { ...rest, labels: wanted }]);
        return wanted;
      } catch (error) {
        // What somebody else changed meanwhile stays: it is read again.
        if (!(error instanceof CausewayError) || error.code !== 'CONFLICT' || left === 1) throw error;
      }
    }
  });
  const pairs = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  const shown = pairs.length === 0 ? 'no labels' : pairs.join(', ');
  print(context, options.output, { ...name, labels }, () => `${whole}: ${shown}\n`);
}
