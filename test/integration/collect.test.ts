import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, openConsole, readProcesses } from '@causeway/fabric';
import { streamNames } from '@causeway/nats-server';
import type { Causeway } from '@causeway/sdk';
import { connectNats, systemClock, systemRandom } from '@causeway/transport';
import { jetstreamManager } from '@nats-io/jetstream';
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

const ports = { clock: systemClock, random: systemRandom, logger: silent };

describe('collecting', () => {
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
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  const tick = (n: number) => caller.service<typeof clockwork>('clockwork', 1).tick(n, { timeout: 5_000 });
  const processes = () => readProcesses(fabricLayout(fabric.dir).processes);

  async function kill(name: string): Promise<void> {
    const pid = (await processes())[name] as number;
    process.kill(pid, 'SIGKILL');
    await until(`${name} is back`, async () => {
      const next = (await processes())[name];
      return next !== undefined && next !== pid;
    });
  }

  /** Runs with the broker's rights at the edge. */
  async function asBroker<T>(
    run: (jsm: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
  ): Promise<T> {
    const connection = await connectNats({
      servers: fabric.url('edge-a'),
      ca: await readFile(fabric.ca, 'utf8'),
      credentials: path.join(fabricLayout(fabric.dir).site('edge-a').creds, 'broker.creds'),
      inboxPrefix: '_INBOX.edge-a.broker',
      name: 'test broker',
      random: systemRandom,
      logger: silent,
    });
    try {
      return await run(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  /** What the hub says of where each of the edge's blocks came from, in the hub's order. */
  async function copied(): Promise<{ sequence: number; created: string }[]> {
    const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'any', from: 'beginning' }, ports);
    try {
      const found: { sequence: number; created: string }[] = [];
      const reading = console.readAudit(({ subject, headers }) => {
        if (!subject.startsWith('from.edge-a.')) return;
        found.push({
          sequence: Number(headers?.get('Causeway-Copied-Sequence')),
          created: headers?.get('Causeway-Copied-From') ?? '',
        });
      });
      await reading.caughtUp;
      await reading.stop();
      return found;
    } finally {
      await console.close();
    }
  }

  async function edgeStatus() {
    const { sites } = await fabric.admin.status();
    return sites.find(({ name }) => name === 'edge-a');
  }

  it('collecting - the registry killed while an edge records: nothing lost, nothing twice', async () => {
    let made = 1;
    let going = true;
    const load = (async () => {
      while (going) {
        expect(await tick(made)).toBe(made + 1);
        made += 1;
      }
    })();
    for (let round = 1; round <= 3; round++) {
      const mark = made;
      await until('calls are made', () => made > mark + 100);
      await kill('registry');
    }
    const mark = made;
    await until('calls after the last kill', () => made > mark + 50);
    going = false;
    await load;
    const records = await until(
      'the records of all calls are in the cloud',
      async () => {
        const all = (await readRecords(fabric)).filter(({ code }) => code === 'OK');
        return all.length >= made ? all : undefined;
      },
      { timeout: 30_000, every: 250 },
    );
    expect(records).toHaveLength(made);
    expect(new Set(records.map(({ call }) => call)).size).toBe(made);
    // Every block of the site's stream, once and in order.
    const positions = await copied();
    expect(positions.map(({ sequence }) => sequence)).toEqual(positions.map((_, index) => index + 1));
    expect(new Set(positions.map(({ created }) => created)).size).toBe(1);
    const last = await asBroker(async (jsm) => (await jsm.streams.info(streamNames.audit)).state.last_seq);
    expect(positions.at(-1)?.sequence).toBe(last);
    await until('nothing lags behind', async () => {
      const status = await edgeStatus();
      return status?.recordLag === 0 && status.flowLag === 0;
    });
  }, 120_000);

  it('collecting - an edge whose copy of the table is deleted gets it back', async () => {
    const read = (jsm: Awaited<ReturnType<typeof jetstreamManager>>, key: string) =>
      jsm.streams.getMessage(streamNames.compiled, { last_by_subj: `$KV.compiled.edge-a.${key}` });
    const keysOf = () =>
      asBroker(async (jsm) => {
        const { state } = await jsm.streams.info(streamNames.compiled, { subjects_filter: '>' });
        return Object.keys(state.subjects ?? {}).sort();
      });
    const before = await keysOf();
    expect(before).toContain('$KV.compiled.edge-a.serve.acme.clockwork.v1');
    const position = await asBroker(async (jsm) => (await read(jsm, 'position'))?.json());
    await asBroker((jsm) => jsm.streams.delete(streamNames.compiled));
    // The gateway makes its streams when it starts.
    await kill('gateway edge-a');
    await until(
      'the table is back',
      async () => {
        expect(await keysOf()).toEqual(before);
        return true;
      },
      { timeout: 30_000 },
    );
    expect(await asBroker(async (jsm) => (await read(jsm, 'position'))?.json())).toEqual(position);
    await until('calls go on', () => tick(1), { timeout: 20_000 });
  }, 90_000);
});
