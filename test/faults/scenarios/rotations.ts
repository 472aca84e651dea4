import { readFile } from 'node:fs/promises';
import { rotateService } from '@causeway/fabric';
import { parseCreds } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { doorOf } from '../../security/support/doors.ts';
import { knock, type Pass } from '../../security/support/knock.ts';
import { until } from '../../support/until.ts';
import { countCodes, type LoadedCall, startLoad } from '../support/load.ts';
import type { Finding, Say, Scale, Scenario, Step } from '../support/scenario.ts';
import { type FaultScene, startFaultScene } from '../support/scene.ts';
import { booksOf } from './findings.ts';

/** Everything is as it was for so long before and after. */
const steadyMs = 1_000;
/** Keys that were replaced stay valid so long: whoever has the new ones in its file has them in use by then. */
const graceMs = 4_000;

function noFailure(calls: readonly LoadedCall[]): Finding {
  const failed = calls.filter(({ code }) => code !== 'OK');
  return {
    what: 'calls that failed',
    goal: 'none',
    measured: `${failed.length} of ${calls.length}${failed.length ? ` ${JSON.stringify(countCodes(failed))}` : ''}`,
    held: failed.length === 0 && calls.length > 0,
  };
}

function refusedEverywhere(verdicts: readonly string[]): Finding {
  const still = verdicts.filter((verdict) => verdict === 'in').length;
  return {
    what: 'doors that the old credentials still open',
    goal: 'none',
    measured: `${still} of ${verdicts.length}`,
    held: still === 0 && verdicts.length > 0,
  };
}

/** Makes calls in every direction all the while. */
async function underLoad(
  scene: FaultScene,
  scale: Scale,
  rotate: () => Promise<void>,
): Promise<readonly LoadedCall[]> {
  const load = startLoad(scene.lanes(scale.lane));
  const since = (begun: number) => () => performance.now() - begun >= steadyMs;
  await until('calls were made before', since(performance.now()), { timeout: 3 * steadyMs });
  await rotate();
  await until('calls were made after', since(performance.now()), { timeout: 3 * steadyMs });
  return load.stop();
}

const passOf = async (file: string): Promise<Required<Pass>> => parseCreds(await readFile(file, 'utf8'));

const services = [
  ['edge-a', 'desk'],
  ['edge-a', 'tally'],
  ['cloud', 'ledger'],
  ['cloud', 'office'],
] as const;

const ofServices: Step<FaultScene> = {
  name: 'keys of callers and of services are replaced, and the old ones become void: no call fails',
  async run(scene: FaultScene, scale: Scale, say: Say) {
    const { fabric } = scene;
    const tenant = fabric.fabric.summary.tenants[0] ?? '';
    const files = await Promise.all(services.map(([site, service]) => fabric.identity(site, service)));
    const before = await Promise.all(files.map(passOf));
    const calls = await underLoad(scene, scale, async () => {
      for (const [at, [site, service]] of services.entries()) {
        const grace = graceMs * scale.patience;
        await rotateService(
          fabric.admin,
          { tenant, site, service, out: files[at] as string, grace },
          systemRandom,
        );
      }
      const left = async () => {
        const { items } = await fabric.admin.get('services');
        return items.filter((each) => services.some(([, service]) => each.name === service));
      };
      await until('only the new keys are left', async () => (await left()).every(({ keys }) => keys === 1), {
        timeout: 4 * graceMs * scale.patience,
        every: 250,
      });
    });
    say(`services: ${JSON.stringify(countCodes(calls))}`);
    const doors = await Promise.all(['cloud', 'edge-a'].map((site) => doorOf(fabric, site, 'client')));
    await until('the new credentials are let in', async () => {
      const passes = await Promise.all(files.map(passOf));
      const verdicts = await Promise.all(passes.map((pass) => knock(doors[0] as (typeof doors)[0], pass)));
      return verdicts.every((verdict) => verdict === 'in');
    });
    const verdicts = await Promise.all(doors.flatMap((door) => before.map((pass) => knock(door, pass))));
    return [noFailure(calls), refusedEverywhere(verdicts), booksOf(await scene.settled(calls, 60_000))];
  },
};

/** Keys that are replaced, while everything runs. */
export const rotations: Scenario<FaultScene> = {
  name: 'rotations',
  title: 'Keys that are replaced',
  about:
    'Keys are replaced under load, in every direction; no program is started anew. Each call is made once, with two seconds. ' +
    'Afterwards the old credentials are tried at every server.',
  open: () => startFaultScene(),
  steps: [ofServices],
};
