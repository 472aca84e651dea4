import type { Causeway } from '@causeway/sdk';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import type { AttackLink } from './leaf/attackers.ts';
import { connectRawLeaf } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';

const calls = 100;
/** What a hostile leaf may guess a queue group to be called. */
const guesses = ['gw-1', 'gw', 'gateway', 'quotes', 'quotes.v1', 'cloud', 'edge-a', 'any', 'acme', 'q', '_'];
const weights = [1, 100_000, 2_147_483_647];

describe('taken-over site - routes', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene();
  }, 90_000);
  afterAll(() => scene?.close());

  /** How many of so many calls succeed, by name of the site or as anycast. */
  async function succeed(from: Causeway, service: string, site?: string): Promise<number> {
    let good = 0;
    for (let round = 0; round < calls; round += 10) {
      const ten = Array.from({ length: 10 }, () => scene.call(from, service, 'say', site));
      for (const { status } of await Promise.allSettled(ten)) if (status === 'fulfilled') good += 1;
    }
    return good;
  }

  /** The subjects by which calls to an API that edge-b may not host travel, wide and narrow. */
  const lures = [
    'call.cloud.*.any.quotes.v1.*',
    'call.cloud.*.edge-a.quotes.v1.*',
    'call.cloud.*.any.vault.v1.*',
    'call.*.*.any.quotes.v1.*',
    'call.*.*.any.>',
    'call.*.*.edge-a.>',
    'call.cloud.>',
    'call.>',
    '>',
  ];

  /** Joins the groups of that name on every lure; each must be taken, or the attack has not begun. */
  async function lure(link: AttackLink, queues: readonly (string | undefined)[]): Promise<void> {
    for (const subject of lures) {
      for (const queue of queues) for (const weight of weights) link.subscribe(subject, queue, weight);
    }
    expect(await link.flush()).toBe(true);
  }

  for (const choose of ['raw', 'rogue'] as const) {
    it(`hijack - ${choose}: no call to an API of others is lost, whatever it listens for`, async () => {
      const link = await scene[choose].open('acme');
      await link.flush();
      const seen = [...new Set(link.interest.flatMap(({ queue }) => (queue === undefined ? [] : [queue])))];
      await lure(link, [undefined, ...guesses, ...seen]);
      try {
        expect(await succeed(scene.report, 'quotes')).toBe(calls);
        expect(await succeed(scene.report, 'quotes', 'edge-a')).toBe(calls);
        expect(await succeed(scene.trader, 'risk', 'cloud')).toBe(calls);
        expect(link.heard.filter(({ subject }) => subject.startsWith('call.cloud'))).toEqual([]);
      } finally {
        await link.close();
      }
    });
  }

  it('hijack - it is the secret name that keeps calls from being swallowed: who knew it could', async () => {
    const jsm = await jetstreamManager(await scene.control(), { checkAPI: false });
    const key = '$KV.compiled.edge-a.serve.acme.quotes.v1';
    const stored = await jsm.streams.getMessage('KV_compiled', { last_by_subj: key });
    const { routes } = stored?.json<{ routes: Record<string, { any: string; named: string }> }>() ?? {};
    const secret = routes?.cloud;
    expect(secret?.any).toMatch(/^[\w-]{20,}$/);

    const link = await scene.raw.open('acme');
    await link.flush();
    // The hub shows a leaf the groups of its own calls, and no others.
    expect(link.interest.map(({ queue }) => queue)).toContain(routes?.['edge-b']?.any);
    expect(link.interest.map(({ queue }) => queue)).not.toContain(secret?.any);
    expect(link.interest.map(({ queue }) => queue)).not.toContain(secret?.named);
    link.subscribe('call.cloud.*.any.quotes.v1.*', secret?.any, 100_000);
    expect(await link.flush()).toBe(true);
    try {
      expect(await succeed(scene.report, 'quotes')).toBeLessThan(calls / 2);
    } finally {
      await link.close();
    }
    await until('all is well once it is gone', () => scene.call(scene.report, 'quotes'));
  });
});

describe('taken-over site - replies', () => {
  let scene: Scene;
  const waiting: (() => void)[] = [];
  const positions = 'call.cloud.report.edge-b.positions.v1.say';
  beforeAll(async () => {
    scene = await startScene();
    const slow = await scene.fabric.connect('edge-a', 'slow');
    await slow.serve(
      {
        kind: 'api',
        service: 'slow',
        version: '1.0.0',
        endpoints: { say: { request: {}, reply: {} } },
      } as const,
      {
        say: async () => {
          await new Promise<void>((resolve) => waiting.push(resolve));
          return { by: 'slow' };
        },
      },
    );
    await scene.fabric.admin.apply(
      [
        ['slow', 'edge-a'],
        ['positions', 'edge-b'],
      ].map(([service, site]) => ({
        kind: 'policy',
        name: `report-${service}`,
        from: { site: 'cloud', service: 'report' },
        to: { service, major: 1, endpoints: ['say'], site },
        effect: 'allow',
      })),
    );
  }, 90_000);
  afterAll(() => scene?.close());

  /** A call to edge-a that an instance has in hand. Links of sites come back while they learn what they host. */
  async function callSlow(): Promise<{ reply: Promise<unknown> }> {
    let reply: Promise<unknown> | undefined;
    await until('the second call is under way', () => {
      reply ??= scene.call(scene.report, 'slow', 'say', 'edge-a');
      reply.catch(() => {
        reply = undefined;
      });
      return waiting.length > 0;
    });
    return { reply: reply as Promise<unknown> };
  }

  it('replies - who answers one call cannot answer another, and junk in an inbox resolves none', async () => {
    const { leafCreds, hub } = scene;
    const leaf = await connectRawLeaf({ ...hub, creds: leafCreds.acme, name: 'raw', cluster: 'raw' });
    try {
      // What comes to its own site is its own: it answers a call, and that answer counts.
      leaf.subscribe('call.cloud.*.edge-b.positions.v1.*');
      await leaf.flush();
      const first = scene.call(scene.report, 'positions', 'say', 'edge-b');
      const asked = await until('the call to edge-b', () =>
        leaf.heard.find(({ subject }) => subject === positions),
      );
      leaf.publish(asked.reply as string, '{"by":"raw"}');
      await expect(first).resolves.toEqual({ by: 'raw' });

      // Another call of the same caller, to edge-a: the inbox is known to the leaf, the token is not.
      const second = await callSlow();
      const [inbox, used = ''] = [asked.reply?.replace(/[^.]+$/, ''), asked.reply?.split('.').at(-1)];
      const bumped = Buffer.from(used, 'base64url');
      bumped[bumped.length - 1] = ((bumped.at(-1) ?? 0) + 1) % 256;
      const tokens = [
        used,
        bumped.toString('base64url'),
        used.slice(0, -1),
        `${used}.x`,
        '*',
        '>',
        '1',
        '2',
        't',
      ];
      for (const token of tokens) {
        leaf.publish(`${inbox}${token}`, '{"by":"forged"}');
        leaf.publish(`${inbox}${token}`, '', { status: '503' });
        leaf.publish(`${inbox}${token}`, '{"by":"forged"}', { reply: `$JS.ACK.a.b.1.1.1.1.1@${inbox}*` });
      }
      expect(await leaf.flush()).toBe(true);
      for (const answer of waiting.splice(0)) answer();
      await expect(second.reply).resolves.toEqual({ by: 'slow' });
    } finally {
      leaf.close();
    }
  });

  it('replies - the tokens of a caller’s calls have nothing in common', async () => {
    const { leafCreds, hub } = scene;
    const leaf = await connectRawLeaf({ ...hub, creds: leafCreds.acme, name: 'raw', cluster: 'raw' });
    try {
      leaf.subscribe('call.cloud.*.edge-b.positions.v1.*');
      await leaf.flush();
      const made = Array.from({ length: 20 }, () => scene.call(scene.report, 'positions', 'say', 'edge-b'));
      await until('all calls came', () => leaf.heard.length >= 20);
      for (const { reply } of leaf.heard) leaf.publish(reply as string, '{"by":"raw"}');
      await Promise.all(made);
      const tokens = leaf.heard.map(({ reply }) => reply?.split('.').at(-1) ?? '');
      for (const token of tokens) expect(token).toMatch(/^[\w-]{24}$/);
      // Not shorter: of 20 random texts of 4 characters two are alike once in 50,000 runs.
      for (const length of [8, 12]) {
        expect(new Set(tokens.map((token) => token.slice(0, length))).size).toBe(20);
        expect(new Set(tokens.map((token) => token.slice(-length))).size).toBe(20);
      }
    } finally {
      leaf.close();
    }
  });
});
