import path from 'node:path';
import { fabricLayout, readProcesses } from '@causeway/fabric';
import { encodeJson } from '@causeway/protocol';
import { type Causeway, CausewayError } from '@causeway/sdk';
import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';

const clockwork = {
  kind: 'api',
  service: 'clockwork',
  version: '1.0.0',
  endpoints: { tick: { request: { type: 'integer' }, reply: { type: 'integer' } } },
} as const;
const policy = (effect: 'allow' | 'deny', more: object = {}) =>
  JSON.stringify({ kind: 'policy', name: 'tick', from: {}, to: { service: 'clockwork' }, effect, ...more });

let fabric: TestFabric;
let caller: Causeway;

beforeAll(async () => {
  fabric = await startTestFabric();
  const server = await fabric.connect('edge-a', 'clockwork');
  await server.serve(clockwork, { tick: (n) => n + 1 });
  caller = await fabric.connect('edge-b', 'user');
}, 60_000);
afterAll(() => fabric?.[Symbol.asyncDispose]());

const run = (args: string[], input = '') => causeway(['--dir', fabric.dir, ...args], { input });
const apply = async (document: string, ...more: string[]) => {
  const { code, stdout, stderr } = await run(['apply', '-f', '-', '-o', 'json', ...more], document);
  return { code, stderr, reply: JSON.parse(stdout || 'null') };
};
const processId = async (name: string) => {
  const id = (await readProcesses(fabricLayout(fabric.dir).processes))[name];
  if (id === undefined) throw new Error(`there is no process ${name}`);
  return id;
};
const outcome = () =>
  caller.call({ service: 'clockwork', major: 1, endpoint: 'tick', site: undefined }, 1).then(
    () => 'OK',
    (error: unknown) => CausewayError.from(error).code,
  );
/** What sites are told for a change: it is stored with the record of the act, whose revision is the next. */
const toldWith = (revision: number) => revision + 1;
const standingOf = async (site: string) => {
  const { sites } = await fabric.admin.status();
  return sites.find(({ name }) => name === site)?.standing;
};

describe('in force', () => {
  it('in force - what apply waited for decides the very next call, and sites that it does not concern count', async () => {
    const allowed = await apply(policy('allow'), '--wait');
    expect(allowed).toMatchObject({
      code: 0,
      reply: { inForce: { done: true, have: 3, of: 3, missing: [] } },
    });
    expect(await outcome()).toBe('OK');
    const denied = await apply(policy('deny', { reason: 'closed' }), '--wait');
    expect(denied.reply.inForce.sites).toContainEqual(
      expect.objectContaining({ site: 'edge-a', state: 'in-force', wanted: toldWith(denied.reply.revision) }),
    );
    expect(['DENIED', 'NO_ROUTE']).toContain(await outcome());
    const deleted = await run(['delete', 'policy', 'tick', '--wait']);
    expect(deleted).toMatchObject({ code: 0 });
    expect(deleted.stdout).toMatch(/deleted as of revision \d+\nrevision \d+ is in force at 3\/3 sites\n$/);
    // Once more what stands: it is asked about all that concerns it, and changes nothing.
    await apply(policy('allow'), '--wait');
    const again = await apply(policy('allow'), '--wait');
    expect(again.reply).toMatchObject({ changes: [{ change: 'unchanged' }], inForce: { done: true } });
    const elsewhere = JSON.stringify({
      ...{ kind: 'policy', name: 'none', from: {}, to: { service: 'nobody' }, effect: 'allow' },
    });
    const { reply } = await apply(elsewhere, '--wait');
    expect(reply.inForce.sites.map(({ wanted }: { wanted: unknown }) => wanted)).toEqual([null, null, null]);
  });

  it('in force - bad input: no time, nothing to wait for, a revision that never was', async () => {
    for (const [args, said] of [
      [['--wait', '--timeout', 'soon'], /Expected a time such as 500ms, 2s or 1m/],
      [['--wait', '--timeout', '0s'], /Expected a time/],
      [['--timeout', '2s'], /--timeout says how long to --wait; give both/],
      [['--wait', '--dry-run'], /--wait and --dry-run do not go together/],
    ] as const) {
      const refused = await run(['apply', '-f', '-', ...args], policy('allow'));
      expect([refused.code, refused.stdout]).toEqual([2, '']);
      expect(refused.stderr).toMatch(said);
    }
    await expect(fabric.admin.inForce({ revision: 1_000_000 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      reason: expect.stringMatching(/there is no revision 1000000; the last is \d+/),
    });
    await expect(fabric.admin.inForce({ revision: 1, since: 2 })).rejects.toMatchObject({
      pointer: '/since',
    });
  });

  it('in force - a receipt counts for its own site and a revision that was; nonsense is refused', async () => {
    const creds = path.join(fabric.dir, 'sites/edge-b/creds/gateway.creds');
    const hostile = await rawClient(fabric, 'edge-b', creds, '_INBOX.edge-b.gateway.gw-1');
    const say = async (body: unknown) => {
      const reply = await hostile.request('control.edge-b.receipt', encodeJson(body), {
        timeout: 5_000,
        noMux: true,
        reply: '_INBOX.edge-b.gateway.gw-1.receipt',
      });
      return reply.json<{ code?: string; reason?: string }>();
    };
    try {
      const before = await standingOf('edge-b');
      expect(await say({ gateway: 'gw-1', revision: 1_000_000 })).toMatchObject({
        code: 'INVALID_REQUEST',
        reason: expect.stringMatching(/edge-b acknowledges revision 1000000; the last is \d+/),
      });
      for (const body of ['x', [], { gateway: 'gw-1' }, { gateway: 'gw-1', revision: -1 }, { revision: 1 }]) {
        expect(await say(body)).toMatchObject({ code: 'INVALID_REQUEST' });
      }
      expect(await say({ gateway: 'gw-9', revision: 1 })).toMatchObject({ code: 'DENIED' });
      expect(await standingOf('edge-b')).toEqual(before);
      // The broker lets nobody speak for another site.
      await expect(
        hostile.request('control.edge-a.receipt', encodeJson({ gateway: 'gw-1', revision: 1 }), {
          timeout: 1_000,
        }),
      ).rejects.toThrow();
    } finally {
      await hostile.close();
    }
  });

  it('in force - a gateway that is there and does not follow fails the wait; once it does, all is well', async () => {
    const gateway = await processId('gateway edge-a');
    process.kill(gateway, 'SIGSTOP');
    try {
      const stuck = await apply(policy('deny'), '--wait', '--timeout', '1s');
      expect(stuck.code).toBe(1);
      expect(stuck.reply.inForce).toMatchObject({
        done: false,
        have: 2,
        of: 3,
        missing: [{ site: 'edge-a', state: 'behind', behindSince: expect.any(Number) }],
      });
      expect(stuck.stderr).toMatch(
        /is stored, but not in force everywhere yet: edge-a has revision \d+ of \d+/,
      );
    } finally {
      process.kill(gateway, 'SIGCONT');
    }
    await until('edge-a has it', async () => (await standingOf('edge-a'))?.state === 'in-force', {
      timeout: 30_000,
    });
  });

  it('in force - a site whose link is cut is named with its time, and catches up when it is back', async () => {
    const server = await processId('server edge-a');
    const cut = Date.now();
    process.kill(server, 'SIGSTOP');
    let wanted = 0;
    try {
      const away = await apply(policy('allow'), '--wait', '--timeout', '40s');
      wanted = toldWith(away.reply.revision);
      expect(away.code).toBe(0);
      expect(away.reply.inForce).toMatchObject({ done: true, have: 2, of: 3 });
      const [missing] = away.reply.inForce.missing;
      expect(missing).toMatchObject({ site: 'edge-a', state: 'unreachable', wanted });
      expect(Math.abs(missing.unreachableSince - cut)).toBeLessThan(10_000);
      const status = await run(['status']);
      expect(status.code).toBe(1);
      expect(status.stdout).toMatch(
        /in force at 2\/3 sites\n {2}edge-a has revision \d+ of \d+, behind since .*; not reachable since/,
      );
    } finally {
      process.kill(server, 'SIGCONT');
    }
    await until('edge-a has caught up', async () => (await standingOf('edge-a'))?.revision === wanted, {
      timeout: 60_000,
      every: 250,
    });
    await until('calls go through', async () => (await outcome()) === 'OK', { timeout: 30_000 });
    const { reply } = await apply(policy('allow'), '--wait', '--timeout', '40s');
    expect(reply.inForce).toMatchObject({ done: true, have: 3, of: 3 });
  }, 150_000);

  it('in force - a registry killed between storing and compiling completes when it is started again', async () => {
    const registry = await processId('registry');
    process.kill(registry, 'SIGSTOP');
    const creds = path.join(fabricLayout(fabric.dir).registry, 'registry.creds');
    const writer = await rawClient(fabric, 'cloud', creds, '_INBOX.cloud.registry');
    const document = { ...JSON.parse(policy('deny')), tenant: 'acme' };
    const { seq } = await jetstream(writer).publish('$KV.documents.policy.acme.tick', encodeJson(document));
    await writer.close();
    process.kill(registry, 'SIGKILL');
    const reached = await until(
      'the revision is in force everywhere',
      async () => {
        const reply = await fabric.admin.inForce({ revision: seq, wait: 1_000 }).catch(() => undefined);
        // Whoever was not heard of yet does not count as out of reach.
        expect(reply?.sites.filter(({ state }) => state === 'unreachable') ?? []).toEqual([]);
        return reply?.done ? reply : undefined;
      },
      { timeout: 40_000 },
    );
    expect(reached.sites.find(({ site }) => site === 'edge-a')?.revision).toBeGreaterThanOrEqual(seq);
    expect(['DENIED', 'NO_ROUTE']).toContain(await outcome());
  }, 90_000);
});
