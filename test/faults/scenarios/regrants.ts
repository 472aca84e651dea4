import { addService } from '@causeway/fabric';
import { systemRandom } from '@causeway/transport';
import { until } from '../../support/until.ts';
import type { Lane } from '../support/load.ts';
import { atMost, type Scenario, type Step } from '../support/scenario.ts';
import { allowAll, type FaultScene, insideTheEdge, startFaultScene } from '../support/scene.ts';

/** So long after the grant all is as before. */
const healMs = 5_000;

interface Right {
  readonly what: string;
  /** Takes it away. */
  take(scene: FaultScene, tenant: string): Promise<unknown>;
  /** What callers are told then. */
  readonly told: readonly string[];
  grant(scene: FaultScene, tenant: string): Promise<unknown>;
}

/** New credentials of an identity, in the file of the old ones. */
async function newCredentials({ fabric }: FaultScene, tenant: string, service: string): Promise<void> {
  const out = await fabric.identity('edge-a', service);
  await addService(fabric.admin, { tenant, site: 'edge-a', service, out }, systemRandom);
}

async function codeOf({ call }: Lane): Promise<string> {
  try {
    await call(1, `00-${'0'.repeat(31)}2-${'0'.repeat(15)}2-00`);
    return 'OK';
  } catch (error) {
    return (error as Error & { code?: string }).code ?? String(error);
  }
}

const rights: readonly Right[] = [
  {
    what: 'a caller that was revoked, and is given new credentials',
    take: ({ fabric }, tenant) => fabric.admin.revoke({ tenant, site: 'edge-a', service: 'desk' }),
    told: ['REVOKED'],
    grant: (scene, tenant) => newCredentials(scene, tenant, 'desk'),
  },
  {
    what: 'a service that was revoked, and is given new credentials',
    take: ({ fabric }, tenant) => fabric.admin.revoke({ tenant, site: 'edge-a', service: 'tally' }),
    told: ['NO_INSTANCE', 'UNREACHABLE'],
    grant: (scene, tenant) => newCredentials(scene, tenant, 'tally'),
  },
  {
    what: 'a service that was deleted, and is made anew',
    take: ({ fabric }, tenant) =>
      fabric.admin.delete({ kind: 'service', tenant, site: 'edge-a', name: 'tally', force: true }),
    told: ['NO_ROUTE', 'NO_INSTANCE', 'UNREACHABLE'],
    grant: (scene, tenant) => newCredentials(scene, tenant, 'tally'),
  },
  {
    what: 'a policy that was deleted, and is applied again',
    take: ({ fabric }, tenant) =>
      fabric.admin.delete({ kind: 'policy', tenant, name: allowAll('tally').name, force: true }),
    told: ['NO_ROUTE', 'DENIED'],
    grant: ({ fabric }) => fabric.admin.apply([allowAll('tally')]),
  },
];

function regrantOf({ what, take, told, grant }: Right): Step<FaultScene> {
  return {
    name: `${what}: calls go through again by themselves`,
    async run(scene, scale, say) {
      const tenant = scene.fabric.fabric.summary.tenants[0] ?? '';
      const [lane] = scene.lanes(0).filter(({ name }) => name === insideTheEdge);
      if (!lane) throw new Error(`the scene has no lane ${insideTheEdge}`);
      await take(scene, tenant);
      const refused = await until('callers are told', async () => {
        const code = await codeOf(lane);
        return told.includes(code) && code;
      });
      await grant(scene, tenant);
      const granted = performance.now();
      await scene.healed(60_000);
      const healed = performance.now() - granted;
      say(`${what}: ${refused}, then ${Math.round(healed)} ms`);
      return [
        atMost(`${what}: calls in every direction go through after`, ' ms', healMs * scale.patience, healed),
      ];
    },
  };
}

/** Rights that are taken away and granted again, while the programs go on. */
export const regrants: Scenario<FaultScene> = {
  name: 'regrants',
  title: 'Rights that are taken and granted again',
  about:
    'No program is started anew: the SDK goes on trying with what its credentials file holds at the moment. Callers are told ' +
    'meanwhile; the clock starts with the grant.',
  open: () => startFaultScene(),
  steps: rights.map(regrantOf),
};
