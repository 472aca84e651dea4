import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Logger } from '@causeway/protocol';
import { NatsServerStartError } from './errors.ts';
import { endWithUs } from './guard.ts';
import { eachLine, parseServerLine } from './lines.ts';

/** How a server process ended. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What it takes to start a server. */
export interface StartOptions {
  /** Path of the nats-server program. */
  readonly binary: string;
  /** The server's working directory, made ready by `prepareServerFolder`. */
  readonly folder: string;
  /** Name of the configuration file in it. */
  readonly config: string;
  /** The variables of the configuration (`serverEnvironment`); nothing else of ours is handed on. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes the server's log, line by line: what it calls INF as debug, its warnings and errors as such. */
  readonly log: Logger;
  readonly clock: Clock;
  /** Milliseconds until it must be ready. Default 15 000; a store of many gigabytes takes longer to recover. */
  readonly readyTimeout?: number;
  /** Told the process's id at once, long before it is ready. */
  readonly onSpawn?: (pid: number) => void;
}

/** A nats-server that was ready. */
export interface RunningServer {
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<ServerExit>;
  /** Asks it to end (SIGTERM), and makes it end (SIGKILL) after `limit` ms, default 10 000. Resolves when it has. */
  stop(limit?: number): Promise<ServerExit>;
  /** Sends a signal, for trials of faults: SIGKILL, SIGSTOP, SIGCONT. */
  kill(signal: NodeJS.Signals): void;
  /** Has it read its configuration again (SIGHUP). It reports the outcome in its log only. */
  reload(): void;
}

/** PATH and the like, but not our own variables: a server has no business with them. */
function processEnvironment(): Record<string, string> {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'GOMAXPROCS', 'GOMEMLIMIT'];
  return Object.fromEntries(
    passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string]])),
  );
}

/**
 * Starts a nats-server and resolves once it accepts connections. Rejects with a `NatsServerStartError` where
 * it ends before that (with its last error; a port already in use is named) or is not ready in time.
 */
export function startNatsServer(options: StartOptions): Promise<RunningServer> {
  const { binary, folder, config, log, clock } = options;
  const limit = options.readyTimeout ?? 15_000;
  return new Promise((resolve, reject) => {
    const child = spawn(binary, ['--config', config], {
      cwd: folder,
      env: { ...processEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: at Ctrl-C the gateways still need it, to store their last blocks.
      detached: process.platform !== 'win32',
    });
    const letGo = endWithUs(child);
    if (child.pid !== undefined) options.onSpawn?.(child.pid);
    const errors: string[] = [];
    const cancel = clock.after(limit, () => {
      child.kill('SIGKILL');
      const text = `nats-server in ${folder} was not ready within ${limit} ms; its log says why`;
      reject(new NatsServerStartError('NOT_READY', text));
    });
    const exited = new Promise<ServerExit>((ended) => {
      // 'close', not 'exit': by then the last lines have been read.
      child.once('close', (code, signal) => {
        letGo();
        cancel();
        ended({ code, signal });
        reject(NatsServerStartError.exited(errors, signal ?? `exit ${code}`, folder));
      });
    });
    child.once('error', (cause) => {
      cancel();
      letGo();
      const text = `cannot run ${binary} in ${folder}: ${cause.message}`;
      reject(new NatsServerStartError('NOT_STARTED', text, undefined, cause));
    });
    const onLine = (raw: string) => {
      const { level, text } = parseServerLine(raw);
      if (text === '') return;
      if (level === 'error') {
        errors.push(text);
        if (errors.length > 20) errors.shift();
      }
      log[level === 'info' ? 'debug' : level]({ line: text }, 'nats-server');
      if (text === 'Server is ready' && child.pid !== undefined) {
        cancel();
        resolve(running(child, child.pid, exited, clock));
      }
    };
    eachLine(child.stderr, onLine);
    eachLine(child.stdout, onLine);
  });
}

function running(child: ChildProcess, pid: number, exited: Promise<ServerExit>, clock: Clock): RunningServer {
  return {
    pid,
    exited,
    async stop(limit = 10_000) {
      child.kill('SIGTERM');
      // A stopped process sees no SIGTERM until it goes on.
      child.kill('SIGCONT');
      const cancel = clock.after(limit, () => child.kill('SIGKILL'));
      const exit = await exited;
      cancel();
      return exit;
    },
    kill: (signal) => void child.kill(signal),
    reload: () => void child.kill('SIGHUP'),
  };
}
