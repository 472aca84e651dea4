import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A program of the benchmark in a process of its own, so that its CPU time can be told apart. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Gives it an order and resolves with its answer. One order at a time. */
  ask<T>(order: object): Promise<T>;
}

/** A message from the program: that it is ready, an answer, or why it ended. */
interface Told {
  readonly ready?: true;
  readonly answer?: unknown;
  readonly failed?: string;
}

/** Beyond the time an order itself takes. */
const graceMs = 60_000;
const stopLimitMs = 5_000;

/**
 * Starts a program and resolves when it is ready. Settings go on its command line: paths and names, never a secret.
 * An aborted signal ends it, and everything that waits for it rejects.
 */
export async function startChild(program: URL, settings: object, signal: AbortSignal): Promise<Child> {
  signal.throwIfAborted();
  const child = fork(program, [JSON.stringify(settings)], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const end = () => void stop(child);
  signal.addEventListener('abort', end, { once: true });

  async function told(limitMs: number): Promise<Told> {
    const done = new AbortController();
    const limit = AbortSignal.any([signal, done.signal, AbortSignal.timeout(limitMs)]);
    try {
      const ended = once(child, 'exit', { signal: limit }).then(([code, by]) => {
        throw new Error(`${program.pathname} ended (${by ?? `exit code ${code}`})`);
      });
      const message = once(child, 'message', { signal: limit }).then(([message]) => message as Told);
      const first = await Promise.race([message, ended]);
      if (first.failed !== undefined) throw new Error(first.failed);
      return first;
    } catch (error) {
      // What ended the waiting says more than that it was ended.
      throw limit.aborted ? limit.reason : error;
    } finally {
      done.abort();
    }
  }

  try {
    await told(graceMs);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return {
    pid: child.pid as number,
    async ask<T>(order: object & { readonly ms?: number }) {
      child.send(order);
      return (await told((order.ms ?? 0) + graceMs)).answer as T;
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', end);
      await stop(child);
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(timer);
}
