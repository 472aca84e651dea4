import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { FaultScene } from './scene.ts';

const program = new URL('../programs/adder.ts', import.meta.url);
const readyMs = 20_000;

/** A service of a scene in a process of its own, which can be killed. */
export interface ServiceProcess extends AsyncDisposable {
  /** Starts it; resolves when it serves. */
  start(): Promise<void>;
  /** SIGKILL: it says goodbye to nobody. */
  kill(): Promise<void>;
}

/** Makes it; it does not run yet. */
export async function serviceProcess(
  scene: FaultScene,
  site: string,
  service: string,
): Promise<ServiceProcess> {
  const { fabric } = scene;
  const settings = {
    url: fabric.url(site),
    ca: fabric.ca,
    creds: await fabric.identity(site, service),
    service,
  };
  let child: ChildProcess | undefined;

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  return {
    async start() {
      child = fork(program, [JSON.stringify(settings)], {
        execArgv: ['--no-warnings'],
        stdio: ['ignore', 2, 2, 'ipc'],
      });
      const signal = AbortSignal.timeout(readyMs);
      const ended = once(child, 'exit', { signal }).then(() => {
        throw new Error(`the service ${service} ended before it served`);
      });
      await Promise.race([once(child, 'message', { signal }), ended]);
      ended.catch(() => {});
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
