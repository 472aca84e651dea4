import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { longestTestMs, midnightHookMs, untilFarFromMidnight } from '../support/far-from-midnight.ts';
import { until } from '../support/until.ts';
import { expectAnswered, openLink } from './leaf/liveness.ts';
import type { RawLeaf } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';

const day = 86_400_000;

interface Reply {
  readonly code?: string;
  readonly shares?: { granted: number; refused?: string }[];
}

/** What a taken-over site can have of quotas: shares of what it serves, and nothing of others. */
describe('taken-over site - quotas', { timeout: longestTestMs }, () => {
  let scene: Scene;
  let hub: JetStreamManager;
  let leaf: RawLeaf;
  let asked = 0;

  /** Asks the registry as edge-b's gateway. */
  async function ask(subject: string, shares: object[]): Promise<Reply> {
    asked += 1;
    const reply = `_INBOX.edge-b.gateway.gw-1.quota${asked}`;
    leaf.publish(subject, JSON.stringify({ gateway: 'gw-1', shares }), { reply });
    const body = await until('an answer', () => leaf.heard.find((each) => each.subject === reply)?.body);
    return JSON.parse(body) as Reply;
  }
  const share = (more: object) => ({
    ...{ tenant: 'acme', policy: 'quotes-quota', from: { site: 'edge-b', service: 'desk' } },
    ...{ unit: 'calls', window: 'day', start: Math.floor(Date.now() / day) * day, need: 1_000 },
    ...more,
  });
  const stored = async () => {
    const { state } = await hub.streams.info('KV_quotas', { subjects_filter: '$KV.quotas.>' });
    return Object.keys(state.subjects ?? {});
  };

  beforeAll(async () => {
    scene = await startScene();
    hub = await jetstreamManager(await scene.control(), { checkAPI: false });
    const quota = { calls: { day: 1_000 } };
    await scene.fabric.admin.apply(
      ['quotes', 'mine'].map((service) => ({
        ...{ kind: 'policy', name: `${service}-quota`, from: { service: 'desk' }, effect: 'allow' },
        ...{ to: { service }, limits: { quota } },
      })),
    );
    const mine = await scene.fabric.connect('edge-b', 'mine');
    const endpoints = { say: { request: true, reply: true } };
    await mine.serve({ kind: 'api', service: 'mine', version: '1.0.0', endpoints }, { say: () => 0 });
    leaf = await openLink(scene);
    leaf.subscribe('_INBOX.edge-b.gateway.>');
    await leaf.flush();
  }, 90_000);
  beforeEach(untilFarFromMidnight, midnightHookMs);
  afterAll(async () => {
    leaf?.close();
    await scene?.close();
  });

  it('quotas - a site is given nothing of what it does not serve, and the ledger stays empty', async () => {
    const { shares } = await ask('control.edge-b.quota', [
      share({}),
      share({ tenant: 'beta' }),
      share({ tenant: 'any' }),
      share({ policy: 'gone' }),
      share({ policy: 'mine-quota', from: { site: 'edge-b', service: 'nobody' } }),
      share({ policy: 'mine-quota', window: 'hour', start: Math.floor(Date.now() / 3_600_000) * 3_600_000 }),
      share({ policy: 'mine-quota', start: 0 }),
      share({ policy: 'mine-quota', start: Math.floor(Date.now() / day + 10) * day }),
      share({ back: 1_000_000 }),
    ]);
    expect(shares).toHaveLength(9);
    for (const each of shares ?? []) expect(each).toEqual({ granted: 0, refused: expect.any(String) });
    expect(await stored()).toEqual([]);
    // The twin: of what it serves it is given what there is.
    const own = await ask('control.edge-b.quota', [share({ policy: 'mine-quota', need: 10 })]);
    expect(own.shares).toEqual([{ granted: 125 }]);
    expect(await stored()).toHaveLength(1);
  });

  it('quotas - neither the ledger nor another site’s name can be written to, and junk is refused', async () => {
    const before = await stored();
    for (const subject of [
      '$KV.quotas.day.0.acme.quotes-quota.edge-b.desk',
      `${before[0]}`,
      'control.edge-a.quota',
      'control.cloud.quota',
    ]) {
      const thief = await openLink(scene);
      thief.publish(subject, JSON.stringify({ gateway: 'gw-1', shares: [share({})] }), {
        reply: '_INBOX.edge-b.gateway.gw-1.steal',
      });
      expect(await thief.flush(), subject).toBe(false);
      thief.close();
    }
    for (const shares of [
      [],
      [{}],
      [share({ need: -1 })],
      [share({ need: 1e300 })],
      Array(129).fill(share({})),
    ]) {
      expect(await ask('control.edge-b.quota', shares)).toMatchObject({ code: 'INVALID_REQUEST' });
    }
    expect(await stored()).toEqual(before);
    await expectAnswered(leaf);
  });

  it('quotas - a site that asks without end is told to wait, and its renewals are answered', async () => {
    // All at once: one after the other, on a busy machine, they are no more than a site may ask.
    const replies = Array.from({ length: 200 }, () =>
      ask('control.edge-b.quota', [share({ policy: 'mine-quota', need: 0 })]),
    );
    expect((await Promise.all(replies)).map(({ code }) => code)).toContain('OVERLOADED');
    await expectAnswered(leaf);
  });
});
