import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { queuesFor } from './leaf/attackers.ts';
import { connectRawLeaf, type RawLeaf, type RawLeafOptions } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';

/**
 * What a taken-over site can have the hub's own server do. A message to the subject that a source of the hub is
 * delivered on may be a flow-control request, and the server publishes its answer, an empty message, to whatever
 * reply it names, in CONTROL and with no permissions asked; a JetStream request is answered likewise.
 */
describe('taken-over site - the hub’s server', () => {
  let scene: Scene;
  let hub: JetStreamManager;
  let heard: string[];
  const links: RawLeaf[] = [];

  beforeAll(async () => {
    scene = await startScene();
    const control = await scene.control();
    hub = await jetstreamManager(control, { checkAPI: false });
    heard = [];
    for (const subject of ['control.>', 'admin.>']) {
      control.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
    }
    await control.flush();
  }, 90_000);
  afterEach(() => {
    for (const link of links.splice(0)) link.close();
  });
  afterAll(() => scene?.close());

  async function open(creds: string, claims: Partial<RawLeafOptions> = {}): Promise<RawLeaf> {
    const leaf = await connectRawLeaf({ ...scene.hub, creds, name: 'raw', cluster: 'raw', ...claims });
    links.push(leaf);
    return leaf;
  }

  /** The ways to have the server answer: each sends one request that names `reply`. */
  const mirrors: [string, (leaf: RawLeaf, reply: string) => void][] = [
    [
      'a source’s flow control',
      (leaf, reply) => {
        for (const what of ['AUDIT', 'FLOW']) {
          leaf.publish(`deliver.edge-b.${what}`, '', { status: '100 FlowControl Request', reply });
          const headers = { 'Nats-Consumer-Stalled': reply };
          leaf.publish(`deliver.edge-b.${what}`, '', { status: '100 Idle Heartbeat', headers });
        }
      },
    ],
    [
      'the reset of its mirror',
      (leaf, reply) => leaf.publish('$JS.cloud.API.CONSUMER.RESET.KV_compiled.edge-b', '', { reply }),
    ],
  ];

  /** Subjects by which an answer would do harm, the gravest last. */
  const targets = [
    'control.edge-a.reflected',
    'control.cloud.reflected',
    'admin.any.root.reflected',
    '$KV.documents.policy.acme.reflected',
    '$KV.documents.policy.acme.report-quotes',
    '$KV.compiled.edge-a.reflected',
    'audit.acme.cloud.gw-1.access',
    'audit.acme.cloud.registry.admin',
    '$JS.API.CONSUMER.DELETE.AUDIT_cloud.gw-1',
    '$JS.API.STREAM.PURGE.AUDIT',
    '$JS.API.STREAM.DELETE.FLOW_cloud',
  ];

  /** All that must stay as it is while nobody honest does anything. */
  async function state(): Promise<string[]> {
    const found: string[] = [];
    for await (const { config, created, state: now } of hub.streams.list()) {
      const mine = config.name === 'FLOW' ? '' : `${now.first_seq}-${now.last_seq} ${now.messages}`;
      found.push(`${config.name} ${created} ${mine} consumers ${now.consumer_count}`);
    }
    return found.sort();
  }

  describe.each(mirrors)('by %s', (_name, ask) => {
    it.each(targets)('reflection - the server publishes nothing to %s', async (target) => {
      const leaf = await open(scene.leafCreds.control);
      leaf.subscribe('$JSC.R.cloud.*.KV_compiled.edge-b.*');
      await leaf.flush();
      const before = await state();
      heard.splice(0);
      ask(leaf, target);
      expect(await leaf.flush()).toBe(true);
      // The twin: the same words bring an answer where the site may have one.
      await until('the server answers', () => {
        leaf.publish('$JS.cloud.API.CONSUMER.RESET.KV_compiled.edge-b', '', {
          reply: '$JSC.R.cloud.attack.KV_compiled.edge-b.twin',
        });
        return leaf.heard.some(({ subject }) => subject.endsWith('.twin'));
      });
      expect(await state()).toEqual(before);
      expect(heard.filter((subject) => subject.endsWith('reflected'))).toEqual([]);
    });
  });

  it('traces - a traced call tells a site no address and no server of another', async () => {
    const leaf = await open(scene.leafCreds.acme);
    leaf.subscribe('_INBOX.edge-b.>');
    await leaf.flush();
    const trace = '_INBOX.edge-b.desk.c.trace';
    const subject = 'call.edge-b.desk.edge-a.quotes.v1.say';
    await until('the call without a trace is answered', async () => {
      const queues = queuesFor(leaf.interest, subject);
      leaf.publish(subject, '{}', {
        reply: '_INBOX.edge-b.desk.c.t',
        queues,
        headers: { 'Nats-Trace-Dest': trace },
      });
      leaf.publish(subject, '{}', { reply: '_INBOX.edge-b.desk.c.twin', queues });
      await leaf.flush();
      return leaf.heard.some((each) => each.subject.endsWith('.twin'));
    });
    await leaf.flush();
    const told = leaf.heard.filter((each) => each.subject === trace).map(({ body }) => body);
    expect(told.filter((body) => body.includes('127.0.0.1') || body.includes('"name":"edge-a"'))).toEqual([]);
  });

  it('links - claiming the name of another site’s server does not cut that site off', async () => {
    const fine = async () =>
      (await Promise.allSettled([scene.call(scene.report, 'quotes', 'say', 'edge-a')]))[0];
    await until('calls to edge-a go through', () => scene.call(scene.report, 'quotes', 'say', 'edge-a'));
    const claims = { name: 'edge-a', cluster: 'edge-a', remoteAccount: scene.tenantAccount };
    const failed: unknown[] = [];
    for (let round = 0; round < 20; round += 1) {
      const leaf = await open(scene.leafCreds.acme, claims);
      await leaf.flush();
      const outcome = await fine();
      if (outcome?.status === 'rejected') failed.push(outcome.reason);
      leaf.close();
    }
    expect(failed.length).toBe(0);
  });
});
