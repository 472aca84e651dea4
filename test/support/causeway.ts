import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type ProgramResult, type RunningProgram, startProgram } from './run-program.ts';
import { root } from './source-files.ts';

const program = join(root, 'packages/cli/bin/causeway.js');

/** What a run of the command line did. */
export type Invocation = Pick<ProgramResult, 'code' | 'stdout' | 'stderr'>;

/** Starts the real program, without a terminal. */
export function startCauseway(args: string[]): RunningProgram {
  return startProgram(process.execPath, [program, ...args], { env: environment() });
}

/** Runs the real program to its end. */
export async function causeway(args: string[], { input }: { input?: string } = {}): Promise<Invocation> {
  if (input !== undefined) return withInput(args, input);
  const { code, stdout, stderr } = await startCauseway(args).ended;
  return { code, stdout, stderr };
}

/** The environment of this process, without what changes how things are printed. */
function environment(): NodeJS.ProcessEnv {
  const { CAUSEWAY_DEBUG: _, COLUMNS: __, FORCE_COLOR: ___, ...env } = process.env;
  return env;
}

function withInput(args: string[], input: string): Promise<Invocation> {
  const child = spawn(process.execPath, [program, ...args], { env: environment() });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
