import { readSite } from '@causeway/fabric';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { collectInboxes, queuesFor } from './leaf/attackers.ts';
import { connectRawLeaf, type RawLeaf, type RawLeafOptions } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';
import { allCounted } from './support/counted.ts';
import { linksOf } from './support/doors.ts';

/**
 * What a taken-over site can have the hub's own server do. JetStream publishes its answers, flow control among them,
 * to whatever reply a message names, in the account and with no permissions asked; so nothing that a site says may
 * come as far as JetStream at the hub, and what comes to our own programs is answered into inboxes of the site alone.
 */
describe('taken-over site - the hub’s server', () => {
  let scene: Scene;
  let hub: JetStreamManager;
  let ops: JetStreamManager;
  let heard: string[];
  /** Where the cloud listens for the records and counters of edge-b. */
  let collecting: string[];
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
    ops = await jetstreamManager(await scene.ops(), { checkAPI: false });
    const leaf = await open(scene.leafCreds.control);
    // The hub tells a site's link where the cloud listens for its answers.
    collecting = await until('the cloud listens for records', () => {
      const found = collectInboxes(leaf.interest);
      return found.length >= 2 && found.map((inbox) => `${inbox}.1`);
    });
    leaf.close();
    // Counters come some time after the calls that the scene began with.
    await until('all blocks of the scene are counted, and the counters in the cloud', () => allCounted(ops));
    await settled();
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

  const beat = JSON.stringify({ protocol: 1, gateway: 'gw-1', revision: 1 });
  const delivered = '$JS.ACK.AUDIT.cloud.1.1.1.1764000000000000000.0';

  /**
   * The ways to have a server or a program at the hub answer: each sends requests that name `reply`, and says whether
   * these are words that the site's link may say at all; at any other the hub closes it.
   */
  const mirrors: [string, boolean, (leaf: RawLeaf, reply: string) => void][] = [
    [
      'a source’s flow control',
      false,
      (leaf, reply) => {
        for (const what of ['AUDIT', 'FLOW']) {
          leaf.publish(`deliver.edge-b.${what}`, '', { status: '100 FlowControl Request', reply });
          const headers = { 'Nats-Consumer-Stalled': reply };
          leaf.publish(`deliver.edge-b.${what}`, '', { status: '100 Idle Heartbeat', headers });
        }
      },
    ],
    [
      'the reset of a consumer',
      false,
      (leaf, reply) => leaf.publish('$JS.cloud.API.CONSUMER.RESET.KV_compiled.edge-b', '', { reply }),
    ],
    [
      'a request without a domain',
      false,
      (leaf, reply) => leaf.publish('$JS.API.STREAM.INFO.KV_compiled', '', { reply }),
    ],
    [
      'an acknowledgement',
      false,
      (leaf, reply) => leaf.publish('$JS.ACK.KV_compiled.gw-1.1.1.1.1.1', '+NXT', { reply }),
    ],
    [
      'flow control among what the cloud collects',
      true,
      (leaf, reply) => {
        for (const inbox of ['collect.edge-b.matrix.1', ...collecting]) {
          leaf.publish(inbox, '', { status: '100 FlowControl Request', reply });
          const headers = { 'Nats-Consumer-Stalled': reply, 'Nats-Last-Consumer': '7' };
          leaf.publish(inbox, '', { status: '100 Idle Heartbeat', headers });
          leaf.publish(inbox, 'x', { reply: `${delivered}@${reply}` });
        }
      },
    ],
    [
      'a word to the registry',
      true,
      (leaf, reply) => {
        for (const op of ['renew', 'compiled', 'receipt', 'register', 'matrix']) {
          leaf.publish(`control.edge-b.${op}`, beat, { reply });
        }
      },
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
    'in.x.from.edge-a.audit.acme.edge-a.gw-1.access',
    '$JS.API.CONSUMER.DELETE.AUDIT_cloud.gw-1',
    '$JS.API.STREAM.PURGE.AUDIT_cloud',
    '$JS.API.STREAM.PURGE.KV_documents',
    '$JS.API.STREAM.DELETE.FLOW_cloud',
  ];

  /** All that must stay as it is while nobody honest does anything. */
  async function state(): Promise<string[]> {
    const found: string[] = [];
    for (const manager of [hub, ops]) {
      for await (const { config, created, state: now } of manager.streams.list()) {
        const mine = `${now.first_seq}-${now.last_seq} ${now.messages}`;
        found.push(`${config.name} ${created} ${mine} consumers ${now.consumer_count}`);
      }
    }
    return found.sort();
  }

  /** The state, once nothing honest is on its way any more. */
  async function settled(): Promise<string[]> {
    let before = await state();
    return until(
      'everything honest has been stored',
      async () => {
        const now = await state();
        const same = now.join('\n') === before.join('\n');
        before = now;
        return same && now;
      },
      { every: 60 },
    );
  }

  describe.each(mirrors)('by %s', (_name, mayBeSaid, ask) => {
    it.each(targets)('reflection - nothing at the hub publishes to %s', async (target) => {
      const before = await settled();
      heard.splice(0);
      const leaf = await open(scene.leafCreds.control);
      ask(leaf, target);
      const alive = await leaf.flush();
      if (mayBeSaid) expect(alive).toBe(true);
      // The twin: what the site may ask is answered, in its own inbox; by then the rest has been seen to.
      const honest = await open(scene.leafCreds.control);
      honest.subscribe('_INBOX.edge-b.gateway.>');
      await until('the registry answers', () => {
        honest.publish('control.edge-b.renew', beat, { reply: '_INBOX.edge-b.gateway.gw-1.twin' });
        return honest.heard.some(({ subject }) => subject === '_INBOX.edge-b.gateway.gw-1.twin');
      });
      expect(heard.filter((subject) => subject === target)).toEqual([]);
      expect(await settled()).toEqual(before);
    });
  });

  it('traces - a traced call tells a site no routable address; what it does show is the sites’ names', async () => {
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
    // Should servers further on tell as well, they have had the time.
    await until(
      'another server tells',
      () => leaf.heard.some(({ body }) => /"server":\{"name":"edge/.test(body)),
      {
        timeout: 1_000,
      },
    ).catch(() => undefined);
    const told = leaf.heard.filter((each) => each.subject === trace).map(({ body }) => body);
    // The hub's own event comes, so there is something to look at.
    expect(told.length).toBeGreaterThan(0);
    const addresses = told.flatMap((body) => body.match(/\b\d{1,3}(\.\d{1,3}){3}\b|\[[0-9a-f:]+\]/gi) ?? []);
    expect(addresses.filter((address) => !/^(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])$/.test(address))).toEqual([]);
    const fabricPorts = (
      await Promise.all(['cloud', 'edge-a', 'edge-b'].map((site) => readSite(scene.fabric.dir, site)))
    ).flatMap(({ ports }) => Object.values(ports));
    expect(fabricPorts.length).toBeGreaterThan(6);
    const numbers = told.flatMap((body) => body.match(/(?<![\w.-])\d{4,5}(?![\w.-])/g) ?? []).map(Number);
    expect(numbers.filter((number) => fabricPorts.includes(number))).toEqual([]);
    // And the name that would let it take a site's links over stays secret.
    const { cluster } = await readSite(scene.fabric.dir, 'edge-a');
    expect(cluster).toMatch(/^[\w-]{16,}$/);
    expect(told.filter((body) => body.includes(cluster as string))).toEqual([]);
  });

  /** Identities of the hub's connections to an edge's server. */
  async function idsOf(site: string): Promise<number[]> {
    const links = await linksOf(scene.fabric);
    return links.filter(({ name }) => name === site).map(({ id }) => id);
  }

  it('links - claiming the name of another site’s server, and any cluster one can guess, cuts nobody off', async () => {
    const before = await idsOf('edge-a');
    expect(before).toHaveLength(2);
    const accounts = [scene.tenantAccount, 'acme', undefined];
    for (const cluster of ['edge-a', 'cloud', 'edge-b', 'causeway', 'nats', '$CLUSTER', undefined]) {
      for (const remoteAccount of accounts) {
        for (const creds of Object.values(scene.leafCreds)) {
          const claims = { name: 'edge-a', ...(cluster ? { cluster } : { cluster: '' }) };
          const leaf = await open(creds, { ...claims, ...(remoteAccount ? { remoteAccount } : {}) });
          await leaf.flush();
          leaf.close();
        }
      }
    }
    await scene.call(scene.report, 'quotes', 'say', 'edge-a');
    const now = await idsOf('edge-a');
    for (const id of before) expect(now).toContain(id);
  });

  it('links - it is the secret cluster name that keeps a site linked: who knew it could cut the link', async () => {
    const before = await idsOf('edge-a');
    const { cluster } = await readSite(scene.fabric.dir, 'edge-a');
    const leaf = await open(scene.leafCreds.acme, {
      name: 'edge-a',
      cluster: cluster as string,
      remoteAccount: scene.tenantAccount,
    });
    await leaf.flush();
    await until('the honest link is cut', async () => {
      const now = await idsOf('edge-a');
      return before.some((id) => !now.includes(id));
    });
    leaf.close();
    await until('it comes back', () => scene.call(scene.report, 'quotes', 'say', 'edge-a'));
  });
});
