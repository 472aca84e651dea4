import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { FabricError } from '../settings.ts';
import { nodeFlags } from './node-flags.ts';

/** A part of the fabric that runs in a process of its own, and is started again whenever it ends. */
export interface SupervisedPart {
  readonly name: string;
  /** Undefined between an end and the next start. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** What it takes to keep a part up. */
export interface PartOptions {
  /** For people and for the log's file. */
  readonly name: string;
  /** Arguments of `part-main`. */
  readonly args: readonly string[];
  readonly logFile: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told the process's id at each start. */
  readonly onPid: (pid: number | undefined) => void;
}

const program = path.join(import.meta.dirname, `part-main${path.extname(import.meta.filename)}`);
const firstDelayMs = 100;
const flags = nodeFlags({ built: program.endsWith('.js') });
const longestDelayMs = 5_000;
const stopLimitMs = 10_000;

/** Starts a part; resolves when it said that it is ready, rejects where its first start fails. */
export async function supervisePart(options: PartOptions): Promise<SupervisedPart> {
  const { name, args, clock, random, logger, onPid } = options;
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let stopped = false;
  let delay = firstDelayMs;
  let cancelRetry = () => {};

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const started = clock.monotonic();
      const next = spawn(process.execPath, [...flags, program, ...args], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // A group of its own: Ctrl-C is for `up`, which ends its parts in their order. They end with it anyway.
        detached: process.platform !== 'win32',
      });
      child = next;
      let failure = `${name} ended before it was ready; its log is ${options.logFile}`;
      next.stdout?.pipe(log, { end: false });
      next.stderr?.pipe(log, { end: false });
      next.on('message', (message: { ready?: boolean; failed?: string }) => {
        if (message.ready) resolve();
        if (message.failed) failure = `${name}: ${message.failed}`;
      });
      next.on('error', (error) => reject(error));
      ended = new Promise((done) => {
        next.once('close', (code, signal) => {
          child = undefined;
          onPid(undefined);
          done();
          reject(new FabricError(failure));
          if (stopped) return;
          if (clock.monotonic() - started > longestDelayMs) delay = firstDelayMs;
          logger.warn({ part: name, code, signal, retryIn: delay }, 'part ended; starting it again');
          cancelRetry = clock.after(delay * (0.5 + random.fraction() / 2), () => {
            start().catch((err: unknown) => logger.error({ err, part: name }, 'part did not start'));
          });
          delay = Math.min(longestDelayMs, delay * 2);
        });
      });
      onPid(next.pid);
    });
  }

  try {
    await start();
  } catch (error) {
    stopped = true;
    cancelRetry();
    log.end();
    throw error;
  }
  return {
    name,
    get pid() {
      return child?.pid;
    },
    async stop() {
      stopped = true;
      cancelRetry();
      const running = child;
      if (running) {
        running.kill('SIGTERM');
        running.kill('SIGCONT');
        const cancel = clock.after(stopLimitMs, () => running.kill('SIGKILL'));
        await ended;
        cancel();
      }
      await new Promise<void>((resolve) => log.end(resolve));
    },
  };
}
