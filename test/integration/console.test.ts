import { fabricLayout, openConsole, readProcesses, tailRecords } from '@causeway/fabric';
import type { AuditRecord, Logger } from '@causeway/protocol';
import type { Causeway } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const clockwork = {
  kind: 'api',
  service: 'clockwork',
  version: '1.0.0',
  endpoints: { tick: { request: { type: 'integer' }, reply: { type: 'integer' } } },
} as const;

const warnings: string[] = [];
const logger: Logger = { ...silent, warn: (_, message) => void warnings.push(message) };
const ports = { clock: systemClock, random: systemRandom, logger };
const patient = { timeout: 40_000, every: 100 };

/** A console that tails the records of all tenants from now on. */
async function openTail(fabric: TestFabric) {
  const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'any', from: 'now' }, ports);
  const heard: AuditRecord[] = [];
  const start = () =>
    tailRecords(console, {
      record: (record) => void heard.push(record),
      damaged(subject, problem) {
        throw new Error(`damaged block on ${subject}: ${problem}`);
      },
    });
  const reading = start();
  await reading.caughtUp;
  return { console, heard, reading, another: start };
}

describe('console', () => {
  let fabric: TestFabric;
  let caller: Causeway;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    await fabric.admin.apply([
      { kind: 'policy', name: 'tick', from: {}, to: { service: 'clockwork' }, effect: 'allow' },
    ]);
    const server = await fabric.connect('edge-a', 'clockwork');
    await server.serve(clockwork, { tick: (n) => n + 1 });
    caller = await fabric.connect('edge-a', 'user');
    await until('the first call', () => tick(0));
    await recorded(1);
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  const tick = (n: number) => caller.service<typeof clockwork>('clockwork', 1).tick(n, { timeout: 5_000 });
  const processes = () => readProcesses(fabricLayout(fabric.dir).processes);

  async function pidOf(name: string): Promise<number> {
    const pid = (await processes())[name];
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  async function kill(name: string): Promise<void> {
    const pid = await pidOf(name);
    process.kill(pid, 'SIGKILL');
    await until(`${name} is back`, async () => (await pidOf(name)) !== pid);
  }

  async function call(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) expect(await tick(n)).toBe(n + 1);
  }

  /** All records that went before or came since, once there are so many. */
  function recorded(count: number): Promise<AuditRecord[]> {
    return until(
      `${count} records in the cloud`,
      async () => {
        const all = await readRecords(fabric);
        return all.length >= count && all;
      },
      patient,
    );
  }

  /** Ids of the calls that were recorded; there is one record for each. */
  const idsOf = (records: readonly AuditRecord[]) => records.map(({ call: id }) => id).sort();

  it('console - a tail that has heard nothing yet hears every record once, though the hub is killed', async () => {
    const before = idsOf(await readRecords(fabric));
    const tail = await openTail(fabric);
    warnings.length = 0;
    try {
      expect(tail.heard).toEqual([]);
      const killed = kill('server cloud');
      // Recorded at the edge, and stored in the cloud before the tail listens again, or after.
      await call(30);
      await killed;
      await call(30);
      const all = idsOf(await recorded(before.length + 60));
      await until('the tail has heard them', () => tail.heard.length >= 60, patient);
      // One more: what comes twice would have come before it.
      await call(1);
      await until('the tail goes on', () => tail.heard.length >= 61, patient);
      const last = tail.heard.at(-1)?.call as string;
      expect(idsOf(tail.heard)).toEqual([...all.filter((id) => !before.includes(id)), last].sort());
      expect(warnings.filter((text) => text.startsWith('console'))).toEqual([
        'console interrupted; trying again',
      ]);
    } finally {
      await tail.reading.stop();
      await tail.console.close();
    }
  }, 120_000);

  it('console - a tail goes on while the registry is killed, and after', async () => {
    const tail = await openTail(fabric);
    try {
      const killed = kill('registry');
      await call(10);
      await killed;
      await until('the tail has heard them', () => tail.heard.length >= 10, patient);
      expect(new Set(idsOf(tail.heard)).size).toBe(10);
    } finally {
      await tail.console.close();
    }
  }, 90_000);

  it('console - stopping takes no longer because the registry says nothing', async () => {
    const tail = await openTail(fabric);
    const registry = await pidOf('registry');
    process.kill(registry, 'SIGSTOP');
    try {
      warnings.length = 0;
      const waiting = tail.another();
      await kill('server cloud');
      await until('the tail asks the registry', () => warnings.includes('console interrupted; trying again'));
      const before = systemClock.monotonic();
      await waiting.stop();
      await tail.reading.stop();
      await tail.console.close();
      expect(systemClock.monotonic() - before).toBeLessThan(2_000);
      await expect(waiting.caughtUp).rejects.toThrow('was stopped');
    } finally {
      process.kill(registry, 'SIGCONT');
    }
    // A request that the administrator's connection took while it was down is lost, and known to be so after 10 s.
    await until(
      'consoles open again',
      async () => {
        const next = await openTail(fabric);
        await next.console.close();
        return true;
      },
      patient,
    );
  }, 90_000);
});
