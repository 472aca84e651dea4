import { type Context, createProgram } from '@causeway/cli';
import { systemClock, systemRandom } from '@causeway/transport';
import type { Command } from 'commander';
import { silent } from './silent-logger.ts';

/** A context whose streams are read by the test. */
export function captured(env: NodeJS.ProcessEnv = {}) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) =>
    ({
      write(text: string) {
        written[name] += text;
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
  const context: Context = {
    stdin: process.stdin,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env,
    clock: systemClock,
    random: systemRandom,
    logger: () => silent,
    interruption: () => new AbortController().signal,
  };
  return { written, context };
}

/** The program, and what it writes. */
export function programOf(env?: NodeJS.ProcessEnv) {
  const { written, context } = captured(env);
  return { program: createProgram(context), written };
}

/** The commands that do something, without those that are not for people. */
export function leaves(command: Command): Command[] {
  if (command.commands.length === 0) return [command];
  return command.createHelp().visibleCommands(command).filter(isOurs).flatMap(leaves);
}

/** Commander's own `help` is no command of ours. */
const isOurs = (command: Command) => command.name() !== 'help';

/** The command as it is written: `site remove`. */
export function pathOf(command: Command): string[] {
  const path = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) path.unshift(at.name());
  return path;
}
