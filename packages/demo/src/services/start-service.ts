import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Clock } from '@causeway/protocol';
import type { CallReport } from '../calls.ts';

/** A service program under way, as a child of this process. */
export interface RunningService {
  readonly name: string;
  /** Asks it to drain and end; kills it where it does not within 5 s. */
  stop(): Promise<void>;
}

/** What a service program is started with. */
export interface ServiceOptions {
  /** Name of its file in this folder, without the ending. */
  readonly name: 'quotes' | 'desk' | 'risk';
  /** Added to this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its output goes, added at the end. */
  readonly logFile: string;
  readonly clock: Clock;
  /** Told of each call that the service made. */
  readonly onCall: (report: CallReport) => void;
  /** Told where it ends without having been asked to. */
  readonly onEnded: (how: string) => void;
}

const stopLimitMs = 5_000;
/** What a service program says over the channel. */
type Message = { ready?: boolean; failed?: string; call?: CallReport };

/** Starts a service; resolves when it serves, rejects with what it says where it cannot. */
export function startService(options: ServiceOptions): Promise<RunningService> {
  const { name, env, logFile, clock, onCall, onEnded } = options;
  const program = path.join(import.meta.dirname, `${name}${path.extname(import.meta.filename)}`);
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  let stopping = false;
  let ready = false;
  let failure = 'it ended';

  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`the service ${name} did not start: ${why}; see ${logFile}`));
    const ended = new Promise<void>((done) => {
      child.once('error', (error) => fail(error.message));
      child.once('close', (code, signal) => {
        log.end(done);
        if (!ready) fail(failure);
        else if (!stopping) onEnded(signal ?? `exit code ${code}`);
      });
    });
    const stop = async () => {
      stopping = true;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const cancel = clock.after(stopLimitMs, () => child.kill('SIGKILL'));
      await ended;
      cancel();
    };
    child.on('message', (message: Message) => {
      if (message.call) onCall(message.call);
      if (message.failed !== undefined) failure = message.failed;
      if (message.ready) {
        ready = true;
        resolve({ name, stop });
      }
    });
  });
}
