import type { Causeway } from '@causeway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';

const clockwork = {
  kind: 'api',
  service: 'clockwork',
  version: '1.0.0',
  endpoints: { tick: { request: { type: 'integer' }, reply: { type: 'integer' } } },
} as const;

describe('edge alone', () => {
  let fabric: TestFabric;
  let caller: Causeway;
  let hub: number;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    await fabric.admin.apply([
      { kind: 'policy', name: 'tick', from: {}, to: { service: 'clockwork' }, effect: 'allow' },
    ]);
    const server = await fabric.connect('edge-a', 'clockwork');
    await server.serve(clockwork, { tick: (n) => n + 1 });
    caller = await fabric.connect('edge-a', 'user');
    await fabric.identity('edge-a', 'late');
    hub = fabric.fabric.processes['server cloud'] as number;
  });
  afterAll(async () => {
    process.kill(hub, 'SIGCONT');
    await fabric?.[Symbol.asyncDispose]();
  });

  it('edge alone - with the hub stopped calls inside the site go on, and are recorded in the cloud later, once', async () => {
    const tick = (n: number) => caller.service<typeof clockwork>('clockwork', 1).tick(n);
    await until('the first call', () => tick(0));
    process.kill(hub, 'SIGSTOP');
    try {
      for (let n = 0; n < 100; n += 1) expect(await tick(n)).toBe(n + 1);
      // Another instance of what the site knows already needs no cloud either.
      const second = await fabric.connect('edge-a', 'clockwork');
      const serving = await second.serve(clockwork, { tick: (n) => n + 1 });
      expect(await tick(7)).toBe(8);
      await serving.stop();
    } finally {
      process.kill(hub, 'SIGCONT');
    }
    const records = await until(
      'the records of all calls are in the cloud',
      async () => {
        const all = (await readRecords(fabric)).filter(({ decision }) => decision !== 'reported');
        return all.length >= 102 ? all : undefined;
      },
      { timeout: 30_000 },
    );
    expect(new Set(records.map(({ call }) => call)).size).toBe(records.length);
    expect(records.every(({ code }) => code === 'OK')).toBe(true);
  });
});
