/**
 * The program: `node packages/cli/src/main.ts ARGUMENTS`, or `causeway ARGUMENTS` through bin/causeway.js.
 */
import path from 'node:path';
import { createLogger, systemClock, systemRandom } from '@causeway/transport';
import type { Context } from './context.ts';
import { explainFailure } from './failure.ts';
import { createProgram } from './program.ts';

/** A reader that went away (`causeway … | head`) is no failure. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

process.stdout.on('error', endWithReader);
process.stderr.on('error', endWithReader);

let interrupted: AbortController | undefined;

const context: Context = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: systemClock,
  random: systemRandom,
  logger: (level) => createLogger({ component: 'cli', level: process.env.CAUSEWAY_DEBUG ? 'debug' : level }),
  interruption() {
    if (interrupted) return interrupted.signal;
    const controller = new AbortController();
    interrupted = controller;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (controller.signal.aborted && signal === 'SIGINT') process.exit(130);
        controller.abort();
      });
    }
    return controller.signal;
  },
};

const program = createProgram(context);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  const { dir } = program.opts<{ dir: string }>();
  const { text, exitCode } = explainFailure(error, process.env, path.resolve(dir, 'logs'));
  process.stderr.write(text);
  process.exitCode = exitCode;
}
// A pipe may still hold what was written; and no forgotten handle shall keep a command from ending.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
