import { fabricLayout, readProcesses } from '@causeway/fabric';
import type { Causeway } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';

const patient = { timeout: 30_000 };
/** How far a gateway's clock may be from that of the registry, by the time of its renewals on this machine; ms. */
const slack = 500;

describe('policy times', () => {
  let fabric: TestFabric;
  const callers = new Map<string, Causeway>();

  const outcome = async (service: string): Promise<string> => {
    const api = callers.get(service)?.service('quotes', 1);
    return api?.latest?.({}).then(
      () => 'OK',
      (error: { code: string }) => error.code,
    ) as Promise<string>;
  };
  const becomes = (service: string, wanted: string) =>
    until(`${service} hears ${wanted}`, async () => (await outcome(service)) === wanted, patient);
  const sees = (service: string, count: number) =>
    until(
      `${service} sees ${count} APIs`,
      async () => (await callers.get(service)?.discover())?.length === count,
      patient,
    );
  const policy = (service: string, more: object) => ({
    ...{ kind: 'policy', tenant: 'acme', name: service, from: { service }, to: { service: 'quotes' } },
    ...{ effect: 'allow', ...more },
  });
  const time = (ms: number) => new Date(ms).toISOString();

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'] });
    const quotes = await fabric.connect('edge-a', 'quotes');
    await quotes.serve(
      {
        ...{ kind: 'api', service: 'quotes', version: '1.0.0' },
        endpoints: { latest: { request: true, reply: true } },
      },
      { latest: () => ({}) },
    );
    for (const name of ['desk', 'risk', 'audit']) callers.set(name, await fabric.connect('edge-b', name));
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('policy times - a policy begins by itself, for calls and for what is discovered', async () => {
    const notBefore = Date.now() + 4_000;
    await fabric.admin.apply([policy('audit', { notBefore: time(notBefore) })]);
    expect([await outcome('audit'), (await callers.get('audit')?.discover())?.length]).toEqual([
      'NO_ROUTE',
      0,
    ]);
    await becomes('audit', 'OK');
    expect(Date.now()).toBeGreaterThan(notBefore - slack);
    await sees('audit', 1);
  });

  it('policy times - what begins and ends while the registry is down does so for calls at once, and is seen when it is back', async () => {
    const edge = Date.now() + 8_000;
    await fabric.admin.apply([
      policy('desk', { expires: time(edge) }),
      policy('risk', { notBefore: time(edge) }),
    ]);
    await Promise.all([becomes('desk', 'OK'), sees('desk', 1), becomes('risk', 'NO_ROUTE')]);
    const { registry } = await readProcesses(fabricLayout(fabric.dir).processes);
    // Killed, it would be back too soon.
    process.kill(registry as number, 'SIGSTOP');
    try {
      expect(Date.now()).toBeLessThan(edge);
      await Promise.all([becomes('desk', 'NO_ROUTE'), becomes('risk', 'OK')]);
      expect(Date.now()).toBeGreaterThan(edge - slack);
      // What services see is the registry's to say.
      expect((await callers.get('desk')?.discover())?.length).toBe(1);
    } finally {
      process.kill(registry as number, 'SIGKILL');
    }
    await Promise.all([sees('desk', 0), sees('risk', 1)]);
    const { sites } = await fabric.admin.explain({
      ...{ tenant: 'acme', from: { site: 'edge-b', service: 'desk' } },
      to: { service: 'quotes', major: 1, endpoint: 'latest' },
    });
    expect(sites[0]).toMatchObject({ decision: 'deny', code: 'NO_ROUTE' });
  }, 90_000);
});
