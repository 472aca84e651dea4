import type { Argument, Command, Option } from 'commander';

/** What may stand at a place: words, with what they mean where that helps, or any file. */
export type Candidates = readonly { readonly name: string; readonly description?: string }[] | 'files';

/** A place on the command line whose words the program itself does not know. */
export interface Place {
  /** The command, without the program's name: `site remove`. */
  readonly command: string;
  /** The option (`--tenant`), or the place of the argument from 0. */
  readonly at: string | number;
  /** Arguments that stand before it. */
  readonly before: readonly string[];
  /** The fabric's folder, as the line names it. */
  readonly dir: string | undefined;
}

/** What may come next on a line. `words` are those before, without the program's; `current` is begun or empty. */
export async function candidatesFor(
  program: Command,
  words: readonly string[],
  current: string,
  valuesAt: (place: Place) => Promise<Candidates>,
): Promise<Candidates> {
  const line = walk(program, words);
  const place = { command: line.path.join(' '), before: line.before, dir: line.dir };
  if (line.awaiting) return valuesOf(line.awaiting, { ...place, at: line.awaiting.long ?? '' }, valuesAt);
  if (current.startsWith('-')) {
    const options = optionsOf(line.command).filter(
      (option) => !option.hidden && (!line.used.has(option) || option.parseArg !== undefined),
    );
    return options.map(({ long, short, description }) => ({ name: long ?? short ?? '', description }));
  }
  // Without `help`, which commander adds: --help says the same everywhere.
  const subcommands = line.command
    .createHelp()
    .visibleCommands(line.command)
    .filter((each) => line.command.commands.includes(each));
  if (line.command.commands.length > 0) {
    return subcommands.map((each) => ({ name: each.name(), description: each.description() }));
  }
  const { registeredArguments: all } = line.command;
  const last = all.at(-1);
  const argument = all[line.before.length] ?? (last?.variadic ? last : undefined);
  return argument ? valuesOf(argument, { ...place, at: line.before.length }, valuesAt) : [];
}

interface Line {
  readonly command: Command;
  readonly path: readonly string[];
  /** An option whose value comes next. */
  readonly awaiting: Option | undefined;
  readonly used: ReadonlySet<Option>;
  readonly before: readonly string[];
  readonly dir: string | undefined;
}

/** Reads the words as the program would. */
function walk(program: Command, words: readonly string[]): Line {
  let command = program;
  let awaiting: Option | undefined;
  let dir: string | undefined;
  const path: string[] = [];
  const before: string[] = [];
  const used = new Set<Option>();
  for (const word of words) {
    if (awaiting) {
      if (awaiting.long === '--dir') dir = word;
      awaiting = undefined;
      continue;
    }
    if (word.startsWith('-') && word !== '-') {
      const [flag = '', value] = word.split('=', 2);
      const option = optionsOf(command).find(({ long, short }) => long === flag || short === flag);
      if (!option) continue;
      used.add(option);
      if (option.long === '--dir' && value !== undefined) dir = value;
      if (value === undefined && (option.required || option.optional)) awaiting = option;
      continue;
    }
    const next = command.commands.find((each) => each.name() === word);
    if (next) {
      command = next;
      path.push(word);
    } else before.push(word);
  }
  return { command, path, awaiting, used, before, dir };
}

/** The command's options and those of the program, which every command has. */
function optionsOf(command: Command): Option[] {
  const help = command.createHelp();
  help.showGlobalOptions = true;
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

async function valuesOf(
  of: Option | Argument,
  place: Place,
  valuesAt: (place: Place) => Promise<Candidates>,
): Promise<Candidates> {
  return of.argChoices ? of.argChoices.map((name) => ({ name })) : valuesAt(place);
}
