import { setTimeout as delay } from 'node:timers/promises';
import { holdDown } from '../support/hold-down.ts';
import { countCodes, type Lane, startLoad } from '../support/load.ts';
import { atMost, type Finding, type Scale, type Scenario, type Step } from '../support/scenario.ts';
import { type FaultScene, startFaultScene } from '../support/scene.ts';
import { serviceProcess } from '../support/service-process.ts';
import { booksOf, failuresInside } from './findings.ts';

/** Calls in every direction go through again so long after a part is started again. */
const backMs = 10_000;

/** Calls are made for so long before a part is killed. */
const steadyMs = 1_000;

/** Kills under load, and looks at what is left. `alone`: the edge must not notice. */
async function killUnderLoad(
  scene: FaultScene,
  scale: Scale,
  options: {
    lanes: readonly Lane[];
    alone: boolean;
    steadyMs: number;
    kill: () => Promise<void>;
    back: () => Promise<void>;
  },
): Promise<{ findings: Finding[]; codes: Record<string, number> }> {
  const load = startLoad(options.lanes);
  await delay(options.steadyMs);
  await options.kill();
  const started = performance.now();
  await options.back();
  const back = performance.now() - started;
  const calls = await load.stop();
  return {
    codes: countCodes(calls),
    findings: [
      booksOf(await scene.settled(calls, 60_000)),
      ...(options.alone ? [failuresInside(calls)] : []),
      atMost('calls in every direction go through again after', ' ms', backMs * scale.patience, back),
    ],
  };
}

function named(name: string, findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => ({ ...finding, what: `${name}: ${finding.what}` }));
}

function killOf(name: string): Step<FaultScene> {
  return {
    name: `${name}, dead for some seconds under load: every reply has its one record, and all comes back`,
    async run(scene, scale, say) {
      const { findings, codes } = await killUnderLoad(scene, scale, {
        lanes: scene.lanes(scale.lane),
        // The edge does not need the cloud for what it does by itself.
        alone: name.endsWith('cloud') || name === 'registry',
        // A gateway's record follows its reply by some milliseconds (ADR 6), and a kill between the two takes it. So the
        // short run kills gateways as the load begins; the full one kills them under way, and shows what that costs.
        steadyMs: name.startsWith('gateway') && scale.name === 'short' ? 0 : steadyMs,
        kill: () => holdDown(scene.fabric.dir, name, scale.downMs),
        back: () => scene.healed(),
      });
      say(`${name}: ${JSON.stringify(codes)}`);
      return named(name, findings);
    },
  };
}

const service: Step<FaultScene> = {
  name: 'a service, dead for some seconds under load: every reply has its one record, and others do not notice',
  async run(scene, scale, say) {
    await using till = await serviceProcess(scene, 'edge-a', 'till');
    await till.start();
    const lanes = scene.lanes(scale.lane);
    const toTill = scene.lanesTo('till', scale.lane);
    const back = () => scene.goThrough(toTill);
    await back();
    const { findings, codes } = await killUnderLoad(scene, scale, {
      lanes: [...lanes, ...toTill],
      alone: true,
      steadyMs,
      async kill() {
        await till.kill();
        await delay(scale.downMs);
        await till.start();
      },
      back,
    });
    say(`a service: ${JSON.stringify(codes)}`);
    return named('a service', findings);
  },
};

/** Parts that die, and come back after a while. */
export const kills: Scenario<FaultScene> = {
  name: 'kills',
  title: 'Parts that are killed and stay dead',
  about:
    'Each part is killed (SIGKILL) and, for a while, again whenever it is started; calls are made all the while inside the ' +
    'cloud, inside the edge, and across the link both ways. Afterwards every reply that a gateway sent has exactly one ' +
    'record of the same outcome and every other call at most one, counters equal a recount, and chains verify.',
  open: () => startFaultScene(),
  steps: [
    ...['server cloud', 'server edge-a', 'gateway edge-a', 'gateway cloud', 'registry'].map(killOf),
    service,
  ],
};
