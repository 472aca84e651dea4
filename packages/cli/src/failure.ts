import { CausewayError } from '@causeway/protocol';
import { CommanderError } from 'commander';
import { printable } from './output/terminal.ts';

/** How a command ends: part of the command line's contract. */
const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Something that a person must know, and that has nothing wrong with our code: one clear line. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** True for a message that goes out as it stands, for programs: the JSON of a refusal. */
  readonly bare: boolean;

  constructor(message: string, options: { bare?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.bare = options.bare ?? false;
  }
}

/** Options or arguments that do not go together. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a failed command says, and how it ends. An empty text: all has been said. */
export interface Failure {
  readonly text: string;
  readonly exitCode: number;
}

/** Names of error classes of other packages whose messages are made for people. */
const forPeople = new Set(['FabricError', 'NatsServerNotFoundError', 'NatsServerStartError']);

/** What to say of an error, and the exit code. `logs` is where the logs of the fabric are. */
export function explainFailure(error: unknown, env: NodeJS.ProcessEnv, logs: string): Failure {
  if (error instanceof CommanderError) {
    const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    return { text: '', exitCode: asked ? exitCodes.done : exitCodes.usage };
  }
  const debug = env.CAUSEWAY_DEBUG && error instanceof Error ? `${error.stack}\n` : '';
  if (error instanceof UsageError) return said(`${error.message} (see --help)`, debug, exitCodes.usage);
  if (error instanceof CommandFailure && error.bare) {
    return { text: `${debug}${error.message}\n`, exitCode: exitCodes.failed };
  }
  const message = systemFault(error) ?? (error instanceof Error ? error.message : String(error));
  if (isExpected(error)) return said(message, debug, exitCodes.failed);
  const hint = debug ? '' : `; logs are in ${logs}, and CAUSEWAY_DEBUG=1 shows where it happened`;
  return said(`${message}${hint}`, debug, exitCodes.failed);
}

function said(message: string, debug: string, exitCode: number): Failure {
  return { text: `${debug}causeway: ${printable(message)}\n`, exitCode };
}

/** What the system says no to, and what to do, by its code. */
const systemFaults: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk; make room',
  EDQUOT: 'the quota of disk space is used up; make room',
  EROFS: 'the file system is read-only; choose a folder that can be written',
  EACCES: 'permission is missing; check who owns it',
  EPERM: 'permission is missing; check who owns it',
  ENOTDIR: 'a part of the path is a file, not a folder; check the path',
  EEXIST: 'something else is in its place; check the path',
  EISDIR: 'a folder is there, not a file; name a file',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
};

/** What the system said no to, in words; undefined for everything else. */
function systemFault(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  const { code = '', path: place, syscall } = error as NodeJS.ErrnoException;
  const words = Object.hasOwn(systemFaults, code) ? systemFaults[code] : undefined;
  return words && `${place ?? syscall}: ${words} (${code})`;
}

function isExpected(error: unknown): boolean {
  if (error instanceof CommandFailure || error instanceof CausewayError) return true;
  if (!(error instanceof Error)) return false;
  // A file or folder that is missing, forbidden or full: the message names the path.
  return (
    forPeople.has(error.name) || systemFault(error) !== undefined || ('syscall' in error && 'path' in error)
  );
}
