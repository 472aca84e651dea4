import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, rotateService } from '@causeway/fabric';
import { parseCreds } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { doorOf, linksOf } from '../../security/support/doors.ts';
import { knock, type Pass } from '../../security/support/knock.ts';
import { until } from '../../support/until.ts';
import { killOnce } from '../support/hold-down.ts';
import { countCodes, type Lane, type LoadedCall, startLoad } from '../support/load.ts';
import { atMost, type Finding, type Say, type Scale, type Scenario, type Step } from '../support/scenario.ts';
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

/** Findings, with whose keys they are about. */
const about = (keys: string, findings: readonly Finding[]): Finding[] =>
  findings.map((finding) => ({ ...finding, what: `${keys}: ${finding.what}` }));

/** Makes calls in every direction all the while. */
async function underLoad(
  scene: FaultScene,
  scale: Scale,
  rotate: () => Promise<void>,
  lanes = scene.lanes(scale.lane),
): Promise<readonly LoadedCall[]> {
  const load = startLoad(lanes);
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

/** Gives every service of the scene a new key, and waits until no other is left. */
async function rotateServices({ fabric }: FaultScene, scale: Scale): Promise<void> {
  const tenant = fabric.fabric.summary.tenants[0] ?? '';
  const grace = graceMs * scale.patience;
  for (const [site, service] of services) {
    const out = await fabric.identity(site, service);
    await rotateService(fabric.admin, { tenant, site, service, out, grace }, systemRandom);
  }
  await until(
    'only the new keys are left',
    async () => {
      const { items } = await fabric.admin.get('services');
      return items
        .filter((each) => services.some(([, service]) => each.name === service))
        .every(({ keys }) => keys === 1);
    },
    { timeout: 4 * grace, every: 250 },
  );
}

/** Inside a site each call is made once; across the link it is sent again where it may be. */
function repeating(scene: FaultScene, scale: Scale): Lane[] {
  const patient = { timeout: 10_000, retry: Number.POSITIVE_INFINITY };
  const across = ({ name }: Lane) => / to /.test(name);
  return [
    ...scene.lanes(scale.lane).filter((lane) => !across(lane)),
    ...scene.lanes(scale.lane, patient).filter(across),
  ];
}

const ofServices: Step<FaultScene> = {
  name: 'keys of callers and of services are replaced, and the old ones become void: no call fails',
  async run(scene: FaultScene, scale: Scale, say: Say) {
    const { fabric } = scene;
    const files = await Promise.all(services.map(([site, service]) => fabric.identity(site, service)));
    const before = await Promise.all(files.map(passOf));
    const calls = await underLoad(scene, scale, () => rotateServices(scene, scale));
    say(`services: ${JSON.stringify(countCodes(calls))}`);
    const doors = await Promise.all(['cloud', 'edge-a'].map((site) => doorOf(fabric, site, 'client')));
    await until('the new credentials are let in', async () => {
      const passes = await Promise.all(files.map(passOf));
      const verdicts = await Promise.all(passes.map((pass) => knock(doors[0] as (typeof doors)[0], pass)));
      return verdicts.every((verdict) => verdict === 'in');
    });
    const verdicts = await Promise.all(doors.flatMap((door) => before.map((pass) => knock(door, pass))));
    const books = booksOf(await scene.settled(calls, 60_000));
    return about('services', [noFailure(calls), refusedEverywhere(verdicts), books]);
  },
};

/** Replaces keys of a site as its administrator does, and waits until the site says that it uses the new ones. */
async function rotateSite({ fabric }: FaultScene, site: string, role: 'gateway' | 'leaf'): Promise<void> {
  await fabric.admin.rotateSite(site, role);
  await until(
    `${site} uses new keys (${role})`,
    async () => {
      const { items } = await fabric.admin.get('sites', site);
      return items.length === 1 && items[0]?.rotating === undefined;
    },
    { timeout: 60_000, every: 50 },
  );
}

const ofGateways: Step<FaultScene> = {
  name: 'keys of gateways are replaced, and with them those that sign records: no call fails, and all verifies',
  async run(scene, scale, say) {
    const { fabric } = scene;
    const tenant = fabric.fabric.summary.tenants[0] ?? '';
    const folder = (site: string) => fabricLayout(fabric.dir).site(site).creds;
    const files = ['edge-a', 'cloud'].map((site) => path.join(folder(site), `gateway-${tenant}.creds`));
    const own = path.join(folder('cloud'), 'gateway.creds');
    const before = await Promise.all([...files, own].map(passOf));
    const calls = await underLoad(scene, scale, async () => {
      await rotateSite(scene, 'edge-a', 'gateway');
      await rotateSite(scene, 'cloud', 'gateway');
    });
    say(`gateways: ${JSON.stringify(countCodes(calls))}`);
    const doors = await Promise.all(['cloud', 'edge-a'].map((site) => doorOf(fabric, site, 'client')));
    const verdicts = await Promise.all(doors.flatMap((door) => before.map((pass) => knock(door, pass))));
    const hub = doors[0] as (typeof doors)[0];
    const now = await Promise.all([...files, own].map(async (file) => knock(hub, await passOf(file))));
    return about('gateways', [
      noFailure(calls),
      refusedEverywhere(verdicts),
      {
        what: 'new credentials that are let in at the hub',
        goal: 'all',
        measured: `${now.filter((verdict) => verdict === 'in').length} of ${now.length}`,
        held: now.every((verdict) => verdict === 'in'),
      },
      booksOf(await scene.settled(calls, 60_000)),
    ]);
  },
};

const ofLinks: Step<FaultScene> = {
  name: 'keys of links are replaced: inside a site no call fails, across the link none that may be repeated',
  async run(scene, scale, say) {
    const { fabric } = scene;
    const tenant = fabric.fabric.summary.tenants[0] ?? '';
    const folder = fabricLayout(fabric.dir).site('edge-a').leafCreds;
    const files = [tenant, 'control'].map((name) => path.join(folder, `${name}.leaf.creds`));
    const before = await Promise.all(files.map(passOf));
    const calls = await underLoad(
      scene,
      scale,
      () => rotateSite(scene, 'edge-a', 'leaf'),
      repeating(scene, scale),
    );
    say(`links: ${JSON.stringify(countCodes(calls))}`);
    const door = await doorOf(fabric, 'cloud', 'leaf');
    const verdicts = await Promise.all(before.map((pass) => knock(door, pass)));
    await until('the links are back', async () => {
      const links = await linksOf(fabric);
      return links.filter(({ name }) => name === 'edge-a').length === files.length;
    });
    await scene.healed();
    const books = booksOf(await scene.settled(calls, 60_000));
    return about('links', [noFailure(calls), refusedEverywhere(verdicts), books]);
  },
};

const ofSigning: Step<FaultScene> = {
  name: 'signing keys of a tenant and of CONTROL are replaced, and all that they signed: no call fails that may be repeated',
  async run(scene, scale, say) {
    const { fabric } = scene;
    const tenant = fabric.fabric.summary.tenants[0] ?? '';
    const at = (site: string) => fabricLayout(fabric.dir).site(site);
    const clients = [
      ...(await Promise.all(services.map(([site, service]) => fabric.identity(site, service)))),
      ...['cloud', 'edge-a'].map((site) => path.join(at(site).creds, `gateway-${tenant}.creds`)),
      path.join(at('cloud').creds, 'gateway.creds'),
    ];
    const links = [tenant, 'control'].map((name) => path.join(at('edge-a').leafCreds, `${name}.leaf.creds`));
    const [before, linksBefore] = await Promise.all([
      Promise.all(clients.map(passOf)),
      Promise.all(links.map(passOf)),
    ]);
    const step = (account: string, finish: boolean) =>
      until(
        `signing keys of ${account}, finish: ${finish}`,
        async () => {
          const { state } = await fabric.admin.rotateSigning({ account, finish, wait: 5_000 });
          return state === (finish ? 'finished' : 'used');
        },
        { timeout: 60_000 },
      );
    const calls = await underLoad(
      scene,
      scale,
      async () => {
        for (const account of [tenant, 'CONTROL']) await step(account, false);
        await rotateServices(scene, scale);
        for (const account of [tenant, 'CONTROL']) await step(account, true);
      },
      repeating(scene, scale),
    );
    say(`signing keys: ${JSON.stringify(countCodes(calls))}`);
    const client = await doorOf(fabric, 'cloud', 'client');
    const leaf = await doorOf(fabric, 'cloud', 'leaf');
    const knocks = (passes: Required<Pass>[], door: typeof client) =>
      Promise.all(passes.map((pass) => knock(door, pass)));
    const verdicts = [...(await knocks(before, client)), ...(await knocks(linksBefore, leaf))];
    await until('the new ones are let in', async () => {
      const passes = await Promise.all(clients.map(passOf));
      const linked = await Promise.all(links.map(passOf));
      const now = [...(await knocks(passes, client)), ...(await knocks(linked, leaf))];
      return now.every((verdict) => verdict === 'in');
    });
    await scene.healed();
    const books = booksOf(await scene.settled(calls, 60_000));
    return about('signing keys', [noFailure(calls), refusedEverywhere(verdicts), books]);
  },
};

const killed: Step<FaultScene> = {
  name: 'a rotation in whose middle registry and gateway are killed goes on by itself, and ends',
  async run(scene, scale, say) {
    const { fabric } = scene;
    const begun = performance.now();
    for (const role of ['gateway', 'leaf'] as const) {
      await fabric.admin.rotateSite('edge-a', role);
      // At once, wherever they are: each step that was done stands, and the others are done again.
      await Promise.all([killOnce(fabric.dir, 'registry'), killOnce(fabric.dir, 'gateway edge-a')]);
      await until(
        `${role} keys are replaced`,
        async () => {
          const { items } = await fabric.admin.get('sites', 'edge-a');
          return items.length === 1 && items[0]?.rotating === undefined;
        },
        { timeout: 90_000, every: 100 },
      );
    }
    const ended = performance.now() - begun;
    say(`both ended after ${Math.round(ended)} ms`);
    await scene.healed(60_000);
    return about('gateway and links, registry and gateway killed', [
      atMost('both rotations have ended after', ' ms', 30_000 * scale.patience, ended),
      booksOf(await scene.settled([], 60_000)),
    ]);
  },
};

/** Keys that are replaced, while everything runs. */
export const rotations: Scenario<FaultScene> = {
  name: 'rotations',
  title: 'Keys that are replaced',
  about:
    'Keys are replaced under load, in every direction; no program is started anew. Each call is made once, with two seconds; across a link whose keys are replaced with `retry`. ' +
    'Afterwards the old credentials are tried at every server.',
  open: () => startFaultScene(),
  steps: [ofServices, ofGateways, ofLinks, ofSigning, killed],
};
