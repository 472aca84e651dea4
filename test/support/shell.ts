import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A command line that a shell runs, as somebody at a terminal sees it but for colours. */
export interface ShellCommand {
  /** What it has written so far, standard output and error as they came. */
  output(): Promise<string>;
  /**
   * Tells the shell and all that it started to end; nothing where it has ended. Not by SIGINT: without a terminal the
   * programs in between pass that on, and a second one asks for an end at once.
   */
  end(): void;
  /** Its exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Opens a shell's place: commands run in `cwd`, one after the other or several at once; `logs` takes their output. */
export function openShell(options: { cwd: string; env: NodeJS.ProcessEnv; logs: string }) {
  const { cwd, env, logs } = options;
  let count = 0;
  return async function start(line: string): Promise<ShellCommand> {
    count += 1;
    // One file for both streams: two pipes would lose the order of what was written.
    const file = join(logs, `${count}.log`);
    const log = await open(file, 'a');
    const child = spawn('sh', ['-c', line], { cwd, env, stdio: ['ignore', log.fd, log.fd], detached: true });
    let running = true;
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        running = false;
        resolve(code);
      });
    });
    await log.close();
    return {
      output: () => readFile(file, 'utf8'),
      end() {
        if (running && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      },
      ended,
    };
  };
}
