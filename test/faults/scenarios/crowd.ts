import { type Child, startChild } from '../support/child.ts';
import { killOnce } from '../support/hold-down.ts';
import { atMost, type Scenario } from '../support/scenario.ts';
import { type FaultScene, startFaultScene } from '../support/scene.ts';

/** All clients are connected, and a call of each was admitted, so long after the kill. */
const backMs = 5_000;
const processes = 2;
const identities = 10;
const startMs = 180_000;

interface Stage extends AsyncDisposable {
  readonly scene: FaultScene;
  readonly crowd: readonly Child[];
}

/** Many clients at once, when the hub comes back. */
export const crowd: Scenario<Stage> = {
  name: 'crowd',
  title: 'A crowd that comes back',
  about:
    `Clients of the SDK in ${processes} processes, with the credentials of ${identities} identities, each with a TLS ` +
    'connection of its own to the hub. The hub is killed (SIGKILL) and started again by what keeps it up. A client is back ' +
    'when the server let it in, and authorised when the gateway admitted a call of its; the clock starts with the kill.',
  async open({ clients }) {
    await using stack = new AsyncDisposableStack();
    const scene = stack.use(await startFaultScene());
    const { fabric } = scene;
    const names = Array.from({ length: identities }, (_, at) => `clerk-${at + 1}`);
    const creds = await Promise.all(names.map((name) => fabric.identity('cloud', name)));
    const settings = { url: fabric.url('cloud'), ca: fabric.ca, creds, service: 'ledger' };
    const program = new URL('../programs/crowd.ts', import.meta.url);
    const crowd = Array.from({ length: processes }, () =>
      stack.use(startChild(program, { ...settings, clients: clients / processes })),
    );
    await Promise.all(crowd.map((each) => each.told(startMs)));
    const owned = stack.move();
    return { scene, crowd, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  },
  steps: [
    {
      name: 'all are connected and authorised soon after the restart of the hub',
      async run({ scene, crowd }, scale, say) {
        for (const each of crowd) each.say({});
        await Promise.all(crowd.map((each) => each.told(startMs)));
        const killed = Date.now();
        await killOnce(scene.fabric.dir, 'server cloud');
        const back = await Promise.all(
          crowd.map((each) => each.told<{ connected: number; admitted: number }>(startMs)),
        );
        const connected = Math.max(...back.map((each) => each.connected)) - killed;
        const admitted = Math.max(...back.map((each) => each.admitted)) - killed;
        say(`${scale.clients} clients: connected after ${connected} ms, authorised after ${admitted} ms`);
        const limit = backMs * scale.patience;
        return [
          atMost(`${scale.clients} clients are connected after`, ' ms', limit, connected),
          atMost(`a call of each of the ${scale.clients} was admitted after`, ' ms', limit, admitted),
        ];
      },
    },
  ],
};
