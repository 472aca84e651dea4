import { type LinkProxy, proxyLink } from './link-proxy.ts';
import { type FaultScene, startFaultScene } from './scene.ts';

/** A scene whose link is in the test's hands. */
export interface LinkedScene extends AsyncDisposable {
  readonly scene: FaultScene;
  readonly link: LinkProxy;
}

/** Starts one; calls go through in every direction. */
export async function startLinkedScene(): Promise<LinkedScene> {
  await using stack = new AsyncDisposableStack();
  const scene = stack.use(await startFaultScene());
  const link = await proxyLink(scene.fabric.dir, 'edge-a');
  stack.defer(() => link.close());
  await scene.healed();
  const owned = stack.move();
  return { scene, link, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
