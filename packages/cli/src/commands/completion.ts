import { Argument, type Command } from 'commander';
import { candidatesFor } from '../completion/candidates.ts';
import { fishScript } from '../completion/fish.ts';
import { valuesAt } from '../completion/values.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { helpText } from '../output/help-text.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

type Shell = (typeof shells)[number];

const help = `
Examples:
  causeway completion bash > ~/.local/share/bash-completion/completions/causeway
  source <(causeway completion zsh)
  causeway completion fish > ~/.config/fish/completions/causeway.fish

Prints what the shell must be told, so that the Tab key completes commands, options, and the names of sites, tenants,
services, APIs and policies of the fabric in --dir, as far as it runs.`;

/** What the scripts look for where files are meant (of @pnpm/tabtab). */
const filesMark = '__tabtab_complete_files__';

/** `causeway completion`, and the hidden command that the shells' scripts ask. */
export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description('print the script that lets a shell complete this command line')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .addHelpText('after', helpText(context, help))
    .action(async (shell: Shell) => {
      const name = program.name();
      const { getCompletionScript } = await import('@pnpm/tabtab');
      const script =
        shell === 'fish'
          ? fishScript(name, filesMark)
          : await getCompletionScript({ name, completer: name, shell });
      context.stdout.write(script);
    });
  program
    .command('completion-server', { hidden: true })
    .description('answer a shell’s question')
    .argument('[words...]')
    .action(() => answer(program, context));
}

/** Answers with one candidate a line; with nothing, where there is no question. */
async function answer(program: Command, context: Context): Promise<void> {
  const { getShellFromEnv, log, parseEnv } = await import('@pnpm/tabtab');
  const question = parseEnv(context.env);
  if (!question.complete) return;
  const [, ...words] = question.partial.trimStart().split(/\s+/);
  const current = words.pop() ?? '';
  const found = await candidatesFor(program, words, current, (place) =>
    valuesAt(context, place, place.dir ?? program.opts<GlobalOptions>().dir),
  );
  if (found === 'files') {
    context.stdout.write(`${filesMark}\n`);
    return;
  }
  const fitting = found.filter(({ name }) => name.startsWith(current));
  log(fitting.map(asItem), getShellFromEnv(context.env), (line) => void context.stdout.write(`${line}\n`));
}

/** The shells' scripts go by lines, and colons mean something to zsh. */
function asItem({ name, description = '' }: { name: string; description?: string }) {
  return { name, description: description.replaceAll(/[\n\t]/g, ' ') };
}
