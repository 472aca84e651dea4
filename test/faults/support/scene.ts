import type { Causeway } from '@causeway/sdk';
import { startTestFabric, type TestFabric } from '../../support/fabric.ts';
import { until } from '../../support/until.ts';
import { adder } from './adder.ts';
import { type Balance, balanceOf, faultsOf } from './ledger.ts';
import type { Lane, LoadedCall } from './load.ts';

/** Trace of the calls that only try whether calls go through. */
const untraced = `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`;

/** The lane that needs neither the cloud nor the link. */
export const insideTheEdge = 'inside the edge';

/** Lets everybody call this service. */
export const allowAll = (service: string, audit: 'prompt' | 'strict' = 'prompt') => ({
  kind: 'policy',
  name: `all-${service}`,
  from: {},
  to: { service },
  effect: 'allow',
  audit,
});

/** How the calls of a lane are made; `timeout` in milliseconds, 2000 where absent. */
export interface LaneOptions {
  readonly timeout?: number;
  readonly retry?: number;
}

/** A cloud and an edge with a service each, and callers in every direction. */
export interface FaultScene extends AsyncDisposable {
  readonly fabric: TestFabric;
  /** Each time that a service ran: when, and its caller's deadline; ms since the epoch. */
  readonly served: readonly { readonly at: number; readonly deadline: number }[];
  /** Inside the edge, inside the cloud, and across the link both ways. */
  lanes(rate: number, options?: LaneOptions): Lane[];
  /** As `lanes`, but to this service, by those who call the edge. */
  lanesTo(service: string, rate: number): Lane[];
  /** Resolves when calls in every direction succeed. */
  healed(timeout?: number): Promise<void>;
  /** Resolves when a call of each of these lanes succeeds. */
  goThrough(lanes: readonly Lane[], timeout?: number): Promise<void>;
  /** The balance of these calls, once nothing is on its way any more; that of the last try where it does not come right. */
  settled(calls: readonly LoadedCall[], timeout?: number): Promise<Balance>;
}

/** Starts one; `audit` is what its policies say of records. */
export async function startFaultScene({ audit }: { audit?: 'prompt' | 'strict' } = {}): Promise<FaultScene> {
  await using stack = new AsyncDisposableStack();
  const fabric = stack.use(await startTestFabric({ edges: ['edge-a'] }));
  await fabric.admin.apply(['tally', 'ledger', 'till'].map((service) => allowAll(service, audit)));
  const served: { at: number; deadline: number }[] = [];
  for (const [service, site] of [
    ['tally', 'edge-a'],
    ['ledger', 'cloud'],
  ] as const) {
    const server = await fabric.connect(site, service);
    await server.serve(adder(service), {
      add: (n: number, { deadline }) => {
        served.push({ at: Date.now(), deadline });
        return n + 1;
      },
    });
  }
  const edge = await fabric.connect('edge-a', 'desk');
  const cloud = await fabric.connect('cloud', 'office');
  const directions: [name: string, from: Causeway, service: string][] = [
    [insideTheEdge, edge, 'tally'],
    ['inside the cloud', cloud, 'ledger'],
    ['cloud to edge', cloud, 'tally'],
    ['edge to cloud', edge, 'ledger'],
  ];

  const laneOf = (
    name: string,
    from: Causeway,
    service: string,
    rate: number,
    options: LaneOptions = {},
  ): Lane => ({
    name,
    rate,
    repeats: options.retry !== undefined,
    call: async (number, traceparent) => {
      const to = { service, major: 1, endpoint: 'add', site: undefined };
      const sum = await from.call(to, number, { timeout: 2_000, ...options, traceparent });
      if (sum !== number + 1) throw new Error(`${number} + 1 is not ${sum}`);
    },
  });
  const lanes = (rate: number, options?: LaneOptions) =>
    directions.map(([name, from, service]) => laneOf(name, from, service, rate, options));
  const lanesTo = (service: string, rate: number) =>
    [edge, cloud].map((from, at) =>
      laneOf(`${at === 0 ? 'edge' : 'cloud'} to the ${service}`, from, service, rate),
    );

  async function goThrough(through: readonly Lane[], timeout = 30_000): Promise<void> {
    for (const { name, call } of through) {
      const succeeds = async () => {
        await call(1, untraced);
        return true;
      };
      await until(`a call ${name} succeeds`, succeeds, { timeout });
    }
  }
  const healed = (timeout?: number) => goThrough(lanes(0), timeout);
  await healed();

  const owned = stack.move();
  return {
    fabric,
    served,
    lanes,
    lanesTo,
    goThrough,
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
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
