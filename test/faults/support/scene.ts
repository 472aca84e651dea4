import type { Causeway } from '@causeway/sdk';
import { startTestFabric, type TestFabric } from '../../support/fabric.ts';
import { until } from '../../support/until.ts';
import { type Balance, balanceOf, faultsOf } from './ledger.ts';
import type { Lane, LoadedCall } from './load.ts';

const api = (service: string) =>
  ({
    kind: 'api',
    service,
    version: '1.0.0',
    endpoints: { add: { request: { type: 'integer' }, reply: { type: 'integer' }, idempotent: true } },
  }) as const;

/** A cloud and an edge with a service each, and callers in every direction. */
export interface FaultScene {
  readonly fabric: TestFabric;
  /** Each time that a service ran: when, and its caller's deadline; ms since the epoch. */
  readonly served: readonly { readonly at: number; readonly deadline: number }[];
  /** Inside the edge, inside the cloud, and across the link both ways. */
  lanes(rate: number, options?: Partial<Lane>): Lane[];
  /** Resolves when calls in every direction succeed. */
  healed(timeout?: number): Promise<void>;
  /** The balance of these calls, once nothing is on its way any more; that of the last try where it does not come right. */
  settled(calls: readonly LoadedCall[], timeout?: number): Promise<Balance>;
  close(): Promise<void>;
}

/** Starts one. */
export async function startFaultScene(): Promise<FaultScene> {
  const fabric = await startTestFabric({ edges: ['edge-a'] });
  await fabric.admin.apply(
    ['tally', 'ledger'].map((service) => ({
      kind: 'policy',
      name: `all-${service}`,
      from: {},
      to: { service },
      effect: 'allow',
    })),
  );
  const served: { at: number; deadline: number }[] = [];
  for (const [service, site] of [
    ['tally', 'edge-a'],
    ['ledger', 'cloud'],
  ] as const) {
    const server = await fabric.connect(site, service);
    await server.serve(api(service), {
      add: (n: number, { deadline }) => {
        served.push({ at: Date.now(), deadline });
        return n + 1;
      },
    });
  }
  const edge = await fabric.connect('edge-a', 'desk');
  const cloud = await fabric.connect('cloud', 'office');
  const directions: [name: string, from: Causeway, service: string][] = [
    ['inside the edge', edge, 'tally'],
    ['inside the cloud', cloud, 'ledger'],
    ['cloud to edge', cloud, 'tally'],
    ['edge to cloud', edge, 'ledger'],
  ];

  async function healed(timeout = 30_000): Promise<void> {
    for (const [name, from, service] of directions) {
      const call = () => from.call({ service, major: 1, endpoint: 'add', site: undefined }, 1);
      await until(`a call ${name} succeeds`, async () => (await call()) === 2, { timeout });
    }
  }
  await healed();

  return {
    fabric,
    served,
    lanes: (rate, options = {}) =>
      directions.map(([name, from, service]) => ({ name, from, service, endpoint: 'add', rate, ...options })),
    healed,
    async settled(calls, timeout = 30_000) {
      let last: Balance | undefined;
      await until(
        'records and counters are all in the cloud',
        async () => {
          last = await balanceOf(fabric.dir, fabric.admin, calls);
          return Object.values(faultsOf(last)).every((list) => list.length === 0);
        },
        { timeout, every: 500 },
      ).catch((error: unknown) => {
        if (!last) throw error;
      });
      return last as Balance;
    },
    close: () => fabric[Symbol.asyncDispose](),
  };
}
