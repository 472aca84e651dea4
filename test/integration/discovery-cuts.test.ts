import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, readProcesses } from '@causeway/fabric';
import { streamNames } from '@causeway/nats-server';
import type { DiscoveredApi } from '@causeway/protocol';
import type { WatchEvent } from '@causeway/sdk';
import { connectNats, systemRandom } from '@causeway/transport';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCauseway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

/** Watching what a service may call, while one part after the other is killed: nothing is lost and nothing repeated. */

type Told = WatchEvent | { event: 'listed'; apis: DiscoveredApi[] };

let fabric: TestFabric;
let applied = 0;

/** What was told, folded; each event that says what was known already is a fault. */
function createFold() {
  const list = new Map<string, string>();
  const faults: string[] = [];
  return {
    faults,
    list: () => [...list.values()].sort(),
    take(told: Told) {
      if (told.event === 'listed') {
        for (const api of told.apis) list.set(api.service, JSON.stringify(api));
        return;
      }
      const { event, service, api } = told;
      const old = list.get(service);
      const text = JSON.stringify(api);
      if (event === 'withdrawn' ? old === undefined : (event === 'published') !== (old === undefined)) {
        faults.push(`${event} ${service}`);
      }
      if (text !== undefined && text === old) faults.push(`${service} was told twice`);
      if (api) list.set(service, text);
      else list.delete(service);
    },
  };
}

let sdk: ReturnType<typeof createFold>;
let command: ReturnType<typeof startCauseway>;

/** What the command has printed so far, folded. */
function printed() {
  const fold = createFold();
  const lines = command.stdout().split('\n').slice(0, -1);
  for (const line of lines) fold.take(JSON.parse(line) as Told);
  return fold;
}

const discovered = async () => {
  const desk = await fabric.connect('edge-a', 'desk');
  return (await desk.discover()).map((api) => JSON.stringify(api)).sort();
};

/** Applies a change, and waits until both watchers know what `discover` gives then. */
async function change(): Promise<void> {
  applied += 1;
  const service = `api-${applied % 4}`;
  await until(
    'the change is applied',
    async () => {
      await fabric.admin.apply([
        {
          kind: 'api',
          service,
          version: `1.0.${applied}`,
          endpoints: { x: { request: {}, reply: {} } },
        },
      ]);
      return true;
    },
    { timeout: 30_000, every: 250 },
  );
}

async function agree(): Promise<void> {
  await until(
    'both watchers know what there is',
    async () => {
      const list = await discovered();
      expect(list.some((api) => api.includes(`"1.0.${applied}"`))).toBe(true);
      expect(sdk.list()).toEqual(list);
      expect(printed().list()).toEqual(list);
      return true;
    },
    { timeout: 45_000, every: 100 },
  );
  expect(sdk.faults).toEqual([]);
  expect(printed().faults).toEqual([]);
}

const kill = async (name: string) => {
  const pid = (await readProcesses(fabricLayout(fabric.dir).processes))[name];
  expect(pid, name).toBeGreaterThan(0);
  process.kill(pid as number, 'SIGKILL');
};

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
  const server = await fabric.connect('cloud', 'api-0');
  const manifest = {
    kind: 'api',
    service: 'api-0',
    version: '1.0.0',
    endpoints: { x: { request: {}, reply: {} } },
  };
  await server.serve(manifest as never, { x: () => 0 } as never);
  for (const n of [1, 2, 3]) {
    const other = await fabric.connect('cloud', `api-${n}`);
    await other.serve({ ...manifest, service: `api-${n}` } as never, { x: () => 0 } as never);
  }
  await fabric.admin.apply([
    { kind: 'policy', name: 'desk', from: { service: 'desk' }, to: { service: '*' }, effect: 'allow' },
  ]);
  const desk = await fabric.connect('edge-a', 'desk');
  await until('it sees them', async () => (await desk.discover()).length === 4);

  sdk = createFold();
  const watching = await fabric.connect('edge-a', 'desk');
  sdk.take({
    event: 'listed',
    apis: [...(await watching.discover({ onChange: (event) => sdk.take(event) }))],
  });

  const creds = await fabric.identity('edge-a', 'desk');
  command = startCauseway(['--dir', fabric.dir, 'discover', '--as', creds, '--watch', '-o', 'json']);
  await until('the command has the list', () => printed().list().length === 4);
});
afterAll(async () => {
  command?.kill('SIGKILL');
  await fabric?.[Symbol.asyncDispose]();
});

describe('discovery cuts', () => {
  for (const part of ['gateway edge-a', 'server edge-a', 'registry', 'server cloud', 'gateway cloud']) {
    it(`discovery cuts - ${part} is killed: what changes meanwhile and after is told, once`, async () => {
      await change();
      await agree();
      await kill(part);
      await change();
      await agree();
      await change();
      await agree();
    }, 120_000);
  }

  it('discovery cuts - a hub whose tables are made anew: nobody is told what he knows', async () => {
    const layout = fabricLayout(fabric.dir);
    const connection = await connectNats({
      servers: fabric.url('cloud'),
      ca: await readFile(fabric.ca, 'utf8'),
      credentials: path.join(layout.registry, 'registry.creds'),
      inboxPrefix: '_INBOX.cloud.registry',
      name: 'test',
      random: systemRandom,
      logger: silent,
    });
    await (await jetstreamManager(connection)).streams.delete(streamNames.compiled);
    await connection.close();
    await kill('registry');
    await change();
    await agree();
  }, 120_000);

  it('discovery cuts - Ctrl-C ends the command, with exit code 0', async () => {
    command.kill('SIGINT');
    expect((await command.ended).code).toBe(0);
    expect(command.stderr()).not.toContain('Error');
  });
});
