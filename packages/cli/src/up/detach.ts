import { spawn } from 'node:child_process';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type FabricSummary, fabricLayout, isFounded, nodeFlags } from '@causeway/fabric';
import type { Context } from '../context.ts';
import { CommandFailure } from '../failure.ts';
import { createProgress } from '../output/progress.ts';
import type { DaemonMessage } from './messages.ts';
import type { UpOptions } from './options.ts';
import { printSummary } from './summary.ts';

const program = path.join(import.meta.dirname, '..', `main${path.extname(import.meta.filename)}`);

/** How the detached process began. */
type Beginning =
  | { readonly ready: FabricSummary }
  /** Undefined where it ended without a word. */
  | { readonly failed: string | undefined };

/**
 * Starts `up` in a session of its own, with its output in `logs/up.log`, and waits until it is ready. Rejects with
 * its reason where it does not get that far.
 */
export async function runDetached(context: Context, options: UpOptions): Promise<void> {
  const layout = fabricLayout(options.dir);
  const logFile = path.join(layout.logs, 'up.log');
  // A fabric is founded into a folder that is empty or not there: until then its log lies beside it.
  const founded = await isFounded(options.dir);
  const firstLog = founded ? logFile : `${layout.root}.up.log`;
  await mkdir(path.dirname(firstLog), { recursive: true, mode: 0o700 });
  const log = await open(firstLog, 'a', 0o600);
  const progress = createProgress(context);
  const beginning = await begin(context, options, log.fd, (text) => progress.say(text)).finally(() => {
    progress.end();
    return log.close();
  });
  const moved = founded || (await moveLog(firstLog, logFile));
  if ('failed' in beginning) {
    // Nothing was founded, and the reason is told: nothing shall be left behind.
    if (!moved && beginning.failed !== undefined) await rm(firstLog, { force: true });
    const where = moved ? logFile : firstLog;
    throw new CommandFailure(beginning.failed ?? `the fabric did not start; its log is ${where}`);
  }
  printSummary(context, options.output, beginning.ready);
}

/** Puts the log in its place; false where there is no such place yet. */
async function moveLog(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}

function begin(
  context: Context,
  options: UpOptions,
  log: number,
  onProgress: (text: string) => void,
): Promise<Beginning> {
  const flags = nodeFlags({ built: program.endsWith('.js'), idle: true });
  const args = [...flags, program, 'up', '--daemon', '--dir', path.resolve(options.dir)];
  if (options.sites !== undefined) args.push('--sites', options.sites.join(','));
  if (options.tenant !== undefined) args.push('--tenant', options.tenant.join(','));
  if (options.newPorts) args.push('--new-ports');
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: context.env,
  });
  const interrupted = context.interruption();
  const stop = () => void child.kill('SIGTERM');
  if (interrupted.aborted) stop();
  interrupted.addEventListener('abort', stop, { once: true });
  return new Promise<Beginning>((resolve, reject) => {
    let failed: string | undefined;
    child.on('message', (message: DaemonMessage) => {
      if ('progress' in message) onProgress(message.progress);
      else if ('failed' in message) failed = message.failed.replace(/^causeway: /, '').trimEnd();
      else resolve(message);
    });
    child.once('error', reject);
    // By then it has stopped all that it had started.
    child.once('exit', () => resolve({ failed: interrupted.aborted ? 'interrupted' : failed }));
  }).finally(() => {
    interrupted.removeEventListener('abort', stop);
    if (child.connected) child.disconnect();
    child.unref();
  });
}
