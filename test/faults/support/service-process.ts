import { type Child, startChild } from './child.ts';
import type { FaultScene } from './scene.ts';

const program = new URL('../programs/adder.ts', import.meta.url);
const readyMs = 20_000;

/** A service of a scene in a process of its own, which can be killed. */
export interface ServiceProcess extends AsyncDisposable {
  /** Starts it; resolves when it serves. */
  start(): Promise<void>;
  kill(): Promise<void>;
}

/** Makes it; it does not run yet. */
export async function serviceProcess(
  scene: FaultScene,
  site: string,
  service: string,
): Promise<ServiceProcess> {
  const { fabric } = scene;
  const creds = await fabric.identity(site, service);
  const settings = { url: fabric.url(site), ca: fabric.ca, creds, service };
  let child: Child | undefined;
  const kill = async () => void (await child?.kill());
  return {
    async start() {
      child = startChild(program, settings);
      await child.told(readyMs);
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
