import { setTimeout as delay } from 'node:timers/promises';
import { holdDown } from '../support/hold-down.ts';
import type { Balance } from '../support/ledger.ts';
import { countCodes, type Lane, type LoadedCall, startLoad } from '../support/load.ts';
import { atMost, type Finding, type Scale, type Scenario, type Step } from '../support/scenario.ts';
import { type FaultScene, startFaultScene } from '../support/scene.ts';
import { serviceProcess } from '../support/service-process.ts';
import { booksOf, failuresInside } from './findings.ts';

/** Calls in every direction go through again so long after a part is started again. */
const backMs = 10_000;

/** Calls are made for so long before a part is killed. */
const steadyMs = 1_000;

interface KillOptions {
  readonly lanes: readonly Lane[];
  /** The edge must not notice. */
  readonly alone: boolean;
  readonly kill: () => Promise<void>;
  readonly back: () => Promise<void>;
}

/** Kills under load, and looks at what is left. `books`: what the records must come to. */
async function killUnderLoad(
  scene: FaultScene,
  scale: Scale,
  options: KillOptions,
  books: (balance: Balance, calls: readonly LoadedCall[], killed: number) => Finding[] = (balance) => [
    booksOf(balance),
  ],
): Promise<{ findings: Finding[]; codes: Record<string, number> }> {
  const load = startLoad(options.lanes);
  await delay(steadyMs);
  const killed = performance.now();
  await options.kill();
  const started = performance.now();
  await options.back();
  const back = performance.now() - started;
  const calls = await load.stop();
  return {
    codes: countCodes(calls),
    findings: [
      ...books(await scene.settled(calls, 60_000), calls, killed),
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
      const { findings, codes } = await killUnderLoad(scene, scale, partOf(scene, scale, name));
      say(`${name}: ${JSON.stringify(codes)}`);
      return named(name, findings);
    },
  };
}

function partOf(scene: FaultScene, scale: Scale, name: string): KillOptions {
  return {
    lanes: scene.lanes(scale.lane),
    // The edge does not need the cloud for what it does by itself.
    alone: name.endsWith('cloud') || name === 'registry',
    kill: () => holdDown(scene.fabric.dir, name, scale.downMs),
    back: () => scene.healed(),
  };
}

/** A reply may be so far ahead of its record, in ms, where no policy is strict: the time in which a block is stored. */
const aheadMs = 250;

/** Of replies that are not held for their records a kill takes those of the last moment, and no other. */
function killOfPrompt(name: string): Step<FaultScene> {
  return {
    name: `${name}, with prompt records: of the replies before the kill only the last moment's have no record`,
    async run(scene, scale, say) {
      const part = partOf(scene, scale, name);
      const { findings, codes } = await killUnderLoad(scene, scale, part, (balance, calls, killed) => {
        const without = new Set(balance.missing.map((text) => text.split(' ').at(-2)?.replace(':', '')));
        const leads = calls
          .filter(({ trace }) => without.has(trace))
          .map(({ begun, ms }) => Math.abs(killed - begun - ms));
        return [
          booksOf({ ...balance, missing: [] }),
          {
            ...atMost(
              'a reply without a record came before the kill by',
              ' ms',
              aheadMs,
              Math.max(0, ...leads),
            ),
            measured: `${Math.round(Math.max(0, ...leads))} ms; ${leads.length} such replies of ${calls.length}`,
          },
        ];
      });
      say(`${name}, prompt: ${JSON.stringify(codes)}`);
      return named(`${name}, prompt`, findings);
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

const about =
  'Each part is killed (SIGKILL) and, for a while, again whenever it is started; calls are made all the while inside the ' +
  'cloud, inside the edge, and across the link both ways. Afterwards every reply that a gateway sent has exactly one ' +
  'record of the same outcome and every other call at most one, counters equal a recount, and chains verify.';

/** Parts that die, and come back after a while. */
export const kills: Scenario<FaultScene> = {
  name: 'kills',
  title: 'Parts that are killed and stay dead',
  about,
  open: () => startFaultScene(),
  steps: [...['server cloud', 'server edge-a', 'registry'].map(killOf), service],
};

/** Gateways that die under policies that hold a reply until its record is stored. */
export const gatewayKills: Scenario<FaultScene> = {
  name: 'gateway-kills',
  title: 'Gateways that are killed and stay dead, under strict policies',
  about: `${about} The policies say \`audit: strict\`: a reply waits for its record (ADR 6).`,
  open: () => startFaultScene({ audit: 'strict' }),
  steps: ['gateway edge-a', 'gateway cloud'].map(killOf),
};

/** The same where the policies are as they are by default. */
export const promptKills: Scenario<FaultScene> = {
  name: 'prompt-kills',
  title: 'Gateways that are killed and stay dead, with prompt records',
  about:
    'As before, under policies that do not say `audit: strict`: a record follows its reply by some milliseconds, and a kill ' +
    'between the two takes it. All else holds as before.',
  open: () => startFaultScene(),
  steps: ['gateway edge-a', 'gateway cloud'].map(killOfPrompt),
};
