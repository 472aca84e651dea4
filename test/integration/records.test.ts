import { fabricLayout, openConsole, readProcesses, recount, verifyChains } from '@causeway/fabric';
import type { AuditRecord } from '@causeway/protocol';
import type { Causeway, CausewayError } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const tally = {
  kind: 'api',
  service: 'tally',
  version: '1.0.0',
  endpoints: { add: { request: { type: 'integer' }, reply: { type: 'integer' }, idempotent: true } },
} as const;

const ports = { clock: systemClock, random: systemRandom, logger: silent };

describe('records', () => {
  let fabric: TestFabric;
  let caller: Causeway;
  let remote: Causeway;
  /** Outcome by id of every call that was answered by a gateway, as its caller saw it. */
  const seen = new Map<string, string>();

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    await fabric.admin.apply([
      {
        kind: 'policy',
        name: 'all',
        from: {},
        to: { service: 'tally' },
        effect: 'allow',
        limits: { concurrency: 50 },
      },
    ]);
    const server = await fabric.connect('edge-a', 'tally');
    await server.serve(tally, { add: (n) => n + 1 });
    caller = await fabric.connect('edge-a', 'local');
    remote = await fabric.connect('cloud', 'remote');
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  async function call(from: Causeway, timeout = 1_000): Promise<string> {
    try {
      await from.service<typeof tally>('tally', 1).add(1, { timeout });
      return 'OK';
    } catch (error) {
      return (error as CausewayError).code;
    }
  }

  async function withConsole<T>(
    run: (console: Awaited<ReturnType<typeof openConsole>>) => Promise<T>,
  ): Promise<T> {
    const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'any', from: 'beginning' }, ports);
    try {
      return await run(console);
    } finally {
      await console.close();
    }
  }

  const handled = (records: readonly AuditRecord[]) =>
    records.filter(({ decision }) => decision !== 'reported');

  it('records - every reply has exactly one record, chains verify, counters equal a recount', async () => {
    await until('the remote caller gets through', async () => (await call(remote)) === 'OK');
    const outcomes = await Promise.all(
      Array.from({ length: 400 }, (_, index) => call(index % 2 === 0 ? caller : remote, 5_000)),
    );
    expect(new Set(outcomes)).toEqual(new Set(['OK', 'TOO_MANY_CONCURRENT']));
    const answered = outcomes.length;
    const records = await until('all records are in the cloud', async () => {
      const all = handled(await readRecords(fabric));
      return all.length > answered ? all : undefined;
    });
    expect(new Set(records.map(({ call: id }) => id)).size).toBe(records.length);
    const okRecords = records.filter(({ code }) => code === 'OK').length;
    // One more for the first call of the remote caller, at least.
    expect(okRecords).toBeGreaterThan(outcomes.filter((code) => code === 'OK').length);
    const report = await until('counters equal the records', () =>
      withConsole(async (console) => {
        const found = await recount(console);
        return found.differences.length === 0 && found.calls >= BigInt(records.length) ? found : undefined;
      }),
    );
    expect(report.differences).toEqual([]);
    const chains = await withConsole((console) => verifyChains(console, () => {}));
    expect(chains.problems).toEqual([]);
    expect(chains.chains.map(({ source }) => source)).toContain('edge-a');
  });

  it('records - a gateway that is killed under load goes on with its chain, and counters stay equal', async () => {
    const before = (await withConsole((console) => verifyChains(console, () => {}))).chains.find(
      ({ source }) => source === 'edge-a',
    );
    let stop = false;
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!stop) seen.set(`${seen.size}`, await call(caller, 500));
      }),
    );
    await until('the load runs', () => seen.size > 200);
    const pid = (await readProcesses(fabricLayout(fabric.dir).processes))['gateway edge-a'];
    process.kill(pid as number, 'SIGKILL');
    await until('the gateway is back', async () => {
      const next = (await readProcesses(fabricLayout(fabric.dir).processes))['gateway edge-a'];
      return next !== undefined && next !== pid;
    });
    const mark = seen.size;
    await until(
      'calls succeed again',
      () => [...seen.values()].slice(mark).filter((code) => code === 'OK').length > 50,
      { timeout: 30_000 },
    );
    stop = true;
    await load;
    const report = await until('counters equal the records', () =>
      withConsole(async (console) => {
        const chains = await verifyChains(console, () => {});
        const found = await recount(console);
        const chain = chains.chains.find(({ source }) => source === 'edge-a');
        const grown = chain !== undefined && chain.last > (before?.last ?? 0);
        return found.differences.length === 0 && grown ? { chains, found } : undefined;
      }),
    );
    expect(report.chains.problems).toEqual([]);
    const ok = [...seen.values()].filter((code) => code === 'OK').length;
    const records = handled(await readRecords(fabric));
    expect(new Set(records.map(({ call: id }) => id)).size).toBe(records.length);
    expect(
      records.filter(({ code, from }) => code === 'OK' && from.service === 'local').length,
    ).toBeGreaterThan(ok / 2);
  });

  it('records - the registry killed and started again: what stood stands, and policies still change', async () => {
    const pid = (await readProcesses(fabricLayout(fabric.dir).processes)).registry;
    process.kill(pid as number, 'SIGKILL');
    await expect(call(caller)).resolves.toBe('OK');
    await until('the registry is back', async () => {
      const next = (await readProcesses(fabricLayout(fabric.dir).processes)).registry;
      return next !== undefined && next !== pid && (await fabric.admin.get('policies')).items.length === 1;
    });
    await fabric.admin.apply([
      { kind: 'policy', name: 'no', from: { service: 'local' }, to: { service: 'tally' }, effect: 'deny' },
    ]);
    await until('the new policy is in force', async () => (await call(caller)) === 'NO_ROUTE');
  });
});
