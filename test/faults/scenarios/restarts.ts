import { setTimeout as delay } from 'node:timers/promises';
import { fabricLayout, readProcesses } from '@causeway/fabric';
import { until } from '../../support/until.ts';
import { killOnce } from '../support/hold-down.ts';
import { type Lane, type LoadedCall, startLoad } from '../support/load.ts';
import { callTimeoutMs, type PlainNats, startPlainNats } from '../support/plain.ts';
import type { Scale, Scenario, Step } from '../support/scenario.ts';
import { type FaultScene, startFaultScene } from '../support/scene.ts';
import { booksOf } from './findings.ts';

/** Before a kill, and after all is well again, calls are made for so long. */
const steadyMs = 1_000;
/** So long a server stays up until it counts as well again, and is started at once when it ends. */
const wellMs = 5_500;
/** What a call that may be repeated is given: longer than a server takes to come back on a busy machine. */
const patientMs = 10_000;

interface Stage extends AsyncDisposable {
  readonly scene: FaultScene;
  readonly plain: PlainNats;
}

/** A call that was begun so long before a kill may have been lost by it. */
const underWayMs = 500;

interface Restarted {
  readonly calls: readonly LoadedCall[];
  readonly failures: readonly LoadedCall[];
  /** When, on this process's monotonic clock. */
  readonly kills: readonly number[];
}

/** Makes calls over the link while a server is killed and started again, several times; gives them all. */
async function restartUnderLoad(
  lanes: readonly Lane[],
  scale: Scale,
  restart: () => Promise<void>,
  healed: () => Promise<void>,
): Promise<Restarted> {
  const load = startLoad(lanes);
  const kills: number[] = [];
  for (let kill = 0; kill < scale.restarts; kill += 1) {
    await delay(kill === 0 ? steadyMs : wellMs);
    kills.push(performance.now());
    await restart();
    await healed();
  }
  await delay(steadyMs);
  const calls = await load.stop();
  return { calls, failures: calls.filter(({ code }) => code !== 'OK'), kills };
}

/** In words: how many failed of each lane with each code, and how long after a kill the last of them was begun. */
function told({ calls, failures, kills }: Restarted): string {
  const groups = new Map<string, { count: number; last: number }>();
  for (const { lane, code, begun } of failures) {
    const since = Math.max(0, begun - (kills.findLast((kill) => kill - underWayMs < begun) ?? begun));
    const { count, last } = groups.get(`${lane} ${code}`) ?? { count: 0, last: 0 };
    groups.set(`${lane} ${code}`, { count: count + 1, last: Math.max(last, since) });
  }
  const parts = [...groups].map(([name, { count, last }]) => `${count} ${name} (to ${Math.round(last)} ms)`);
  return `${failures.length} of ${calls.length} failed: ${parts.sort().join(', ') || 'none'}`;
}

function restartOf(process: 'server cloud' | 'server edge-a', server: 'hub' | 'leaf'): Step<Stage> {
  return {
    name: `${process}, killed and started again at once: few calls fail, and none that may be repeated`,
    async run({ scene, plain }, scale, say) {
      const { dir } = scene.fabric;
      const processOf = async () => (await readProcesses(fabricLayout(dir).processes))[process];
      async function restart(): Promise<void> {
        const before = await processOf();
        await killOnce(dir, process);
        await until(`${process} is started again`, async () => {
          const now = await processOf();
          return now !== undefined && now !== before;
        });
      }
      const across = (options: { timeout: number; retry?: number }) =>
        scene.lanes(scale.rate / 2, options).filter(({ name }) => / to /.test(name));

      const raw = await restartUnderLoad(
        plain.lanes(scale.rate / 2),
        scale,
        () => plain.restart(server),
        plain.healed,
      );
      say(`${process}: plain NATS: ${told(raw)}`);
      const once = await restartUnderLoad(across({ timeout: callTimeoutMs }), scale, restart, scene.healed);
      say(`${process}: Causeway: ${told(once)}`);
      const patient = { timeout: patientMs, retry: Number.POSITIVE_INFINITY };
      const repeated = await restartUnderLoad(across(patient), scale, restart, scene.healed);
      say(`${process}: Causeway with retry: ${told(repeated)}`);

      const text = ({ calls, failures }: Restarted) => `${failures.length} of ${calls.length}`;
      return [
        {
          what: `${process}: calls that failed`,
          goal: `at most ${scale.share * 100} % of plain NATS's`,
          measured: text(once),
          plain: text(raw),
          held: once.failures.length <= raw.failures.length * scale.share,
        },
        {
          what: `${process}: calls of an idempotent endpoint, with retry on, that failed`,
          goal: 'none',
          measured: text(repeated),
          held: repeated.failures.length === 0,
        },
        booksOf(await scene.settled([...once.calls, ...repeated.calls], 60_000)),
      ];
    },
  };
}

/** Servers that die and are back at once. */
export const restarts: Scenario<Stage> = {
  name: 'restarts',
  title: 'Servers that are killed and started again at once',
  about:
    'Calls go over the link both ways, with one second each, while a server is killed (SIGKILL); what keeps it up starts ' +
    'it again. Then the same with calls that have `retry` on. Plain NATS: a hub and a leaf without a setting, raw clients ' +
    'with their defaults, a raw service; its server is started again as soon as it is dead.',
  async open() {
    await using stack = new AsyncDisposableStack();
    const scene = stack.use(await startFaultScene());
    const plain = stack.use(await startPlainNats());
    const owned = stack.move();
    return { scene, plain, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  },
  steps: [restartOf('server cloud', 'hub'), restartOf('server edge-a', 'leaf')],
};
