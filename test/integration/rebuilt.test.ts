import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, readProcesses } from '@causeway/fabric';
import { streamNames } from '@causeway/nats-server';
import type { Causeway } from '@causeway/sdk';
import { connectNats, systemRandom } from '@causeway/transport';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { headers as createHeaders } from 'nats';
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

/** What no registry compiled: that `watcher`, and one that is no identity at all, see an API `ghost`. */
const ghosts = ['see.acme.watcher', 'see.acme.nobody'] as const;
const ghostly = {
  apis: [{ service: 'ghost', major: 1, version: '1.0.0', sites: ['cloud'], endpoints: {} }],
};

describe('rebuilt', () => {
  let fabric: TestFabric;
  let caller: Causeway;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    await fabric.admin.apply([
      {
        kind: 'policy',
        name: 'tick',
        from: { service: 'user' },
        to: { service: 'clockwork' },
        effect: 'allow',
      },
    ]);
    const server = await fabric.connect('edge-a', 'clockwork');
    await server.serve(clockwork, { tick: (n) => n + 1 });
    caller = await fabric.connect('edge-a', 'user');
    await until('the first call', () => tick(0));
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  const tick = (n: number) => caller.service<typeof clockwork>('clockwork', 1).tick(n, { timeout: 5_000 });
  const processes = () => readProcesses(fabricLayout(fabric.dir).processes);
  const subjectOf = (site: string, key: string) => `$KV.compiled.${site}.${key}`;

  /** Runs with the rights of whoever writes a site's part of `compiled`: its broker, or the registry at the hub. */
  async function asWriter<T>(
    site: string,
    run: (jsm: JetStreamManager, store: (key: string, value: unknown) => Promise<unknown>) => Promise<T>,
  ): Promise<T> {
    const layout = fabricLayout(fabric.dir);
    const atHub = site === 'cloud';
    const connection = await connectNats({
      servers: fabric.url(site),
      ca: await readFile(fabric.ca, 'utf8'),
      credentials: path.join(
        atHub ? layout.registry : layout.site(site).creds,
        atHub ? 'registry.creds' : 'broker.creds',
      ),
      inboxPrefix: atHub ? '_INBOX.cloud.registry' : `_INBOX.${site}.broker`,
      name: 'test writer',
      random: systemRandom,
      logger: silent,
    });
    try {
      const jsm = await jetstreamManager(connection);
      const js = jsm.jetstream();
      return await run(jsm, (key, value) =>
        js.publish(subjectOf(site, key), JSON.stringify(value), { headers: createHeaders() }),
      );
    } finally {
      await connection.close();
    }
  }

  const stored = (jsm: JetStreamManager, site: string, key: string) =>
    jsm.streams.getMessage(streamNames.compiled, { last_by_subj: subjectOf(site, key) });

  const keysOf = (site: string) =>
    asWriter(site, async (jsm) => {
      const { state } = await jsm.streams.info(streamNames.compiled, { subjects_filter: '>' });
      return Object.keys(state.subjects ?? {}).sort();
    });

  it('rebuilt - an edge’s streams deleted under its running gateway come back, with the table', async () => {
    const before = await keysOf('edge-a');
    expect(before).toContain(subjectOf('edge-a', 'serve.acme.clockwork.v1'));
    const gateway = (await processes())['gateway edge-a'];
    const recorded = async () => (await readRecords(fabric)).filter(({ code }) => code === 'OK').length;
    const earlier = await until('the earlier calls are in the cloud', recorded);
    await asWriter('edge-a', async (jsm) => {
      const { compiled, audit, flow } = streamNames;
      for (const stream of [compiled, audit, flow]) await jsm.streams.delete(stream);
    });
    // Without the table on disk, the gateway keeps what it knows in force.
    expect(await tick(1)).toBe(2);
    await until(
      'the table is back',
      async () => {
        expect(await keysOf('edge-a')).toEqual(before);
        return true;
      },
      { timeout: 45_000, every: 250 },
    );
    expect(await tick(2)).toBe(3);
    expect((await processes())['gateway edge-a']).toBe(gateway);
    // What changes from here on is stored and applied.
    await fabric.admin.apply([
      {
        kind: 'policy',
        name: 'tick',
        from: { service: 'user' },
        to: { service: 'clockwork' },
        effect: 'deny',
      },
    ]);
    await until('the change is in force', () =>
      tick(3).then(
        () => false,
        ({ code }: { code?: string }) => code === 'DENIED' || code === 'NO_ROUTE',
      ),
    );
    await fabric.admin.apply([
      {
        kind: 'policy',
        name: 'tick',
        from: { service: 'user' },
        to: { service: 'clockwork' },
        effect: 'allow',
      },
    ]);
    await until('calls go on', () => tick(4));
    await until('calls are recorded as before', async () => (await recorded()) >= earlier + 3, {
      timeout: 30_000,
      every: 250,
    });
  }, 120_000);

  it('rebuilt - a hub whose tables are made anew: what they do not hold is void at every site', async () => {
    const sites = ['cloud', 'edge-a'];
    const sees = async (site: string) => {
      const watcher = await fabric.connect(site, 'watcher');
      return (await watcher.discover()).some(({ service }) => service === 'ghost');
    };
    for (const site of sites) {
      await fabric.connect(site, 'watcher');
      await asWriter(site, async (jsm, store) => {
        for (const key of ghosts) await store(key, ghostly);
        await store('revision', (await stored(jsm, site, 'revision'))?.json());
      });
      await until(`the ghost shows at ${site}`, () => sees(site));
    }
    const { registry } = await processes();
    await asWriter('cloud', (jsm) => jsm.streams.delete(streamNames.compiled));
    process.kill(registry as number, 'SIGKILL');
    for (const site of sites) {
      await until(`the ghost is gone at ${site}`, async () => !(await sees(site)), { timeout: 45_000 });
    }
    const created = await asWriter(
      'cloud',
      async (jsm) => (await jsm.streams.info(streamNames.compiled)).created,
    );
    await asWriter('edge-a', async (jsm) => {
      const mark = (await stored(jsm, 'edge-a', 'position'))?.json();
      expect(mark).toMatchObject({ bucket: created });
      const [known, unknown] = await Promise.all(ghosts.map((key) => stored(jsm, 'edge-a', key)));
      expect(known?.json()).toEqual({ apis: [] });
      expect(unknown?.header.get('KV-Operation')).toBe('DEL');
    });
    await until('calls go on', () => tick(5));
  }, 120_000);
});
