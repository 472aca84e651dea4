import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A program of the scenarios in a process of its own. */
export interface Child extends AsyncDisposable {
  /** The next thing that it says. Rejects when it ends, or says nothing for so long. */
  told<T = unknown>(limitMs: number): Promise<T>;
  say(message: object): void;
  /** SIGKILL: it says goodbye to nobody. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts one; its settings go on the command line: paths and names, never a secret. */
export function startChild(program: URL, settings: object): Child {
  const child: ChildProcess = fork(program, [JSON.stringify(settings)], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  return {
    async told<T>(limitMs: number) {
      const signal = AbortSignal.timeout(limitMs);
      const ended = once(child, 'exit', { signal }).then(() => {
        throw new Error(`${program.pathname} ended`);
      });
      const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
      return message as T;
    },
    say: (message) => void child.send(message),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
