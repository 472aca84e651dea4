import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { collectInboxes } from './leaf/attackers.ts';
import { expectAnswered, expectCollected, openLink } from './leaf/liveness.ts';
import type { RawLeaf } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';

/**
 * What a taken-over site can say to the programs that its link reaches in the cloud: the collector of records and
 * counters, and the desk of the registry.
 */
describe('taken-over site - what the cloud takes from it', () => {
  let scene: Scene;
  let control: NatsConnection;
  let hub: JetStreamManager;
  let ops: JetStreamManager;
  const links: RawLeaf[] = [];

  beforeAll(async () => {
    scene = await startScene();
    control = await scene.control();
    hub = await jetstreamManager(control, { checkAPI: false });
    ops = await jetstreamManager(await scene.ops(), { checkAPI: false });
  }, 90_000);
  afterEach(() => {
    for (const link of links.splice(0)) link.close();
  });
  afterAll(() => scene?.close());

  async function open(): Promise<RawLeaf> {
    const leaf = await openLink(scene);
    links.push(leaf);
    return leaf;
  }

  const subjectsOf = async (stream: string) =>
    Object.keys((await ops.streams.info(stream, { subjects_filter: '>' })).state.subjects ?? {}).sort();

  it('collecting - a site cannot speak on the inboxes by which another is collected', async () => {
    // What edge-a's own streams say there, signs of life at least, shows the subjects to the letter.
    const honest = new Set<string>();
    const ear = control.subscribe('collect.edge-a.>', {
      callback: (_error, { subject }) => void honest.add(subject),
    });
    await until('edge-a is collected from', () => honest.size > 0, { timeout: 20_000 });
    ear.unsubscribe();
    const seen: string[] = [];
    const forged = 'forged for edge-a';
    const watch = control.subscribe('collect.>', {
      callback: (_error, message) => void (message.string() === forged && seen.push(message.subject)),
    });
    await control.flush();
    const before = await subjectsOf('AUDIT');
    for (const inbox of [
      ...honest,
      'collect.edge-a.x.1',
      'collect.cloud.x.1',
      'collect.x',
      'collect.edge-a',
    ]) {
      for (const shown of ['audit.acme.edge-a.gw-1.access', 'audit.acme.edge-a.forged.access']) {
        const leaf = await open();
        leaf.publish(inbox, forged, { reply: `$JS.ACK.AUDIT.cloud.1.1.1.1764000000000000000.0@${shown}` });
        expect(await leaf.flush(), inbox).toBe(false);
        expect(collectInboxes(leaf.interest).filter((each) => !each.startsWith('collect.edge-b.'))).toEqual(
          [],
        );
      }
    }
    // The twin: its own it may say there.
    const leaf = await open();
    leaf.publish('collect.edge-b.x.1', forged);
    await until('its own word', () => seen.includes('collect.edge-b.x.1'));
    expect(seen).toEqual(['collect.edge-b.x.1']);
    watch.unsubscribe();
    expect(await subjectsOf('AUDIT')).toEqual(before);
    await expectCollected(scene, ops);
  });

  it('collecting - forged deliveries of every shape stop neither the collecting of others nor the registry', async () => {
    const leaf = await open();
    const inboxes = await until('the cloud listens for records', () => {
      const found = collectInboxes(leaf.interest);
      return found.length >= 2 && found;
    });
    const numbers = ['0', '-1', '1.5', 'x', '', '1', '99', '9007199254740991', '9007199254740993', '1e300'];
    const shown = [
      'audit.acme.edge-a.gw-1.access',
      'flow.edge-a.acme.edge-a.trader.quotes.v1.say.calls',
      '$JS.API.STREAM.PURGE.AUDIT',
      'in.x.from.edge-a.audit.acme.edge-a.gw-1.access',
    ];
    const headers = {
      'Nats-Msg-Id': 'x',
      'Nats-Rollup': 'all',
      'Nats-Incr': '5',
      'Nats-Expected-Last-Sequence': '0',
      'Nats-Last-Consumer': '77',
      'Causeway-Copied-Sequence': '1',
    };
    for (const inbox of inboxes) {
      for (const subject of shown) {
        for (const sseq of numbers) {
          for (const dseq of ['1', '2', '9007199254740991']) {
            const reply = `$JS.ACK.AUDIT.cloud.1.${sseq}.${dseq}.1764000000000000000.0`;
            leaf.publish(`${inbox}.1`, 'x', { reply: `${reply}@${subject}`, headers });
            leaf.publish(`${inbox}.1`, 'x', { reply, headers });
            leaf.publish(`${inbox}.1`, 'x', { reply: `${reply}.1.1@${subject}` });
          }
        }
      }
      for (const status of [
        '100 Idle Heartbeat',
        '100 FlowControl Request',
        '404 No Messages',
        '409 x',
        '503',
        '999',
      ]) {
        leaf.publish(`${inbox}.1`, '', { status, headers });
        leaf.publish(`${inbox}.1`, '', { status, reply: 'control.edge-a.renew' });
      }
      // Answers to RESET that are none.
      for (const body of [
        '',
        'x',
        '{}',
        '[]',
        'null',
        '{"reset_seq":"x"}',
        '{"error":{}}',
        '{"created":1}',
      ]) {
        leaf.publish(`${inbox}.1`, body);
      }
    }
    expect(await leaf.flush()).toBe(true);
    await expectAnswered(leaf);
    await expectCollected(scene, ops);
    for (const stream of ['AUDIT', 'FLOW']) {
      const all = await subjectsOf(stream);
      expect(all.filter((subject) => !/^from\.(cloud|edge-a|edge-b)\.(audit|flow)\./.test(subject))).toEqual(
        [],
      );
      const { state } = await ops.streams.info(stream);
      if (stream === 'AUDIT') expect(state.first_seq).toBe(1);
    }
    // What stands under another site's name came from it.
    const last = await ops.streams.getMessage('AUDIT', { last_by_subj: 'from.edge-a.audit.>' });
    expect(last?.string()).not.toBe('x');
  });

  it('tables - a site is told its own part of what is compiled, and nothing of others', async () => {
    await scene.fabric.admin.apply([
      {
        kind: 'policy',
        name: 'hidden-from-b',
        from: { site: 'edge-a', service: 'hidden' },
        to: { service: 'vault', major: 1, endpoints: ['say'], site: 'edge-a' },
        effect: 'allow',
      },
    ]);
    const keysOf = async (site: string) => {
      const prefix = `$KV.compiled.${site}.`;
      const { state } = await hub.streams.info('KV_compiled', { subjects_filter: `${prefix}>` });
      return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    };
    const leaf = await open();
    leaf.subscribe('_INBOX.edge-b.gateway.>');
    await leaf.flush();
    const answers: Record<string, string> = {};
    for (const [index, more] of [
      {},
      { site: 'edge-a' },
      { site: '*', prefix: '>' },
      { since: -1 },
      { since: 1e300 },
      { since: 9007199254740991 },
      { gateway: 'gw-1', filter: '$KV.compiled.edge-a.>' },
    ].entries()) {
      const reply = `_INBOX.edge-b.gateway.gw-1.ask${index}`;
      leaf.publish('control.edge-b.compiled', JSON.stringify({ gateway: 'gw-1', since: 0, ...more }), {
        reply,
      });
      answers[index] = await until(
        'an answer',
        () => leaf.heard.find(({ subject }) => subject === reply)?.body,
      );
    }
    // The twin: its own part comes, whole.
    const own = JSON.parse(answers[0] as string) as { entries: { key: string }[]; full: boolean };
    expect(own.full).toBe(true);
    const mine = await keysOf('edge-b');
    expect(own.entries.length).toBeGreaterThan(0);
    expect(own.entries.map(({ key }) => key).filter((key) => !mine.includes(key))).toEqual([]);
    const foreign = (await keysOf('edge-a')).filter((key) => !mine.includes(key));
    expect(foreign.length).toBeGreaterThan(0);
    for (const body of Object.values(answers)) {
      expect(body).not.toContain('hidden');
      expect(body).not.toContain('edge-a.serve');
      for (const key of foreign) expect(body).not.toContain(`"${key}"`);
    }
    // Asked in another's name, by a subject or an inbox, nothing is told.
    for (const [subject, reply] of [
      ['control.edge-a.compiled', '_INBOX.edge-b.gateway.gw-1.steal'],
      ['control.cloud.compiled', '_INBOX.edge-b.gateway.gw-1.steal'],
      ['control.edge-b.compiled', '_INBOX.edge-a.gateway.gw-1.steal'],
    ] as const) {
      const thief = await open();
      thief.subscribe('_INBOX.edge-b.gateway.>');
      thief.publish(subject, JSON.stringify({ gateway: 'gw-1', since: 0 }), { reply });
      await thief.flush();
      // By the time that this is answered, so would the other have been.
      await expectAnswered(leaf);
      expect(thief.heard.filter((each) => each.subject.endsWith('steal'))).toEqual([]);
      // An account has few connections.
      thief.close();
    }
  });

  it('tables - a site cannot hint at changes to another, nor write what is compiled', async () => {
    const heard: string[] = [];
    const watch = control.subscribe('_INBOX.cloud.registry.>', {
      callback: (_error, message) => void (message.string() === 'forged' && heard.push(message.subject)),
    });
    await control.flush();
    for (const subject of [
      '_INBOX.edge-a.gateway.gw-1.changed',
      '_INBOX.cloud.gateway.gw-1.changed',
      '_INBOX.edge-b.gateway.gw-1.changed',
      '_INBOX.cloud.registry.witness.x',
      '$KV.compiled.edge-a.revision',
      '$KV.compiled.edge-b.revision',
      '$KV.documents.policy.acme.desk-quotes',
      'audit.acme.edge-b.gw-1.access',
      'in.x.from.edge-b.audit.acme.edge-b.gw-1.access',
      '$JS.edge-a.API.CONSUMER.MSG.NEXT.AUDIT.cloud',
      '$JS.edge-a.API.CONSUMER.RESET.AUDIT.cloud',
    ]) {
      const leaf = await open();
      leaf.publish(subject, 'forged');
      expect(await leaf.flush(), subject).toBe(false);
    }
    watch.unsubscribe();
    expect(heard).toEqual([]);
    await expectAnswered(await open());
  });

  it('desk - junk on its control subjects is refused, and the registry goes on serving others', async () => {
    const sizes = async () =>
      Promise.all(
        ['KV_documents', 'KV_compiled'].map(async (name) => (await hub.streams.info(name)).state.last_seq),
      );
    const before = await sizes();
    const bodies = [
      '',
      'x',
      '{}',
      '[]',
      'null',
      '{"gateway":"gw-1"}',
      '{"gateway":"gw-9","since":0}',
      '{"gateway":"__proto__","since":0}',
      `{"gateway":"gw-1","since":0,"more":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      JSON.stringify({ gateway: 'gw-1', padding: 'x'.repeat(900_000) }),
      JSON.stringify({ protocol: 1, gateway: 'gw-1', tenant: 'globex', service: 'vault', apis: [] }),
      JSON.stringify({ protocol: 1, gateway: 'gw-1', tenant: '__proto__', service: '*', apis: [] }),
    ];
    const leaf = await open();
    leaf.subscribe('_INBOX.edge-b.gateway.>');
    for (const op of ['register', 'withdraw', 'compiled', 'users', 'constructor', '*', 'x'.repeat(300)]) {
      for (const [index, body] of bodies.entries()) {
        leaf.publish(`control.edge-b.${op}`, body, { reply: `_INBOX.edge-b.gateway.gw-1.junk${index}` });
        leaf.publish(`control.edge-b.${op}`, body, { reply: '_INBOX.edge-b.gateway.gw-1' });
        leaf.publish(`control.edge-b.${op}`, body);
      }
    }
    expect(await leaf.flush()).toBe(true);
    await expectAnswered(leaf);
    expect(await sizes()).toEqual(before);
    await expectCollected(scene, ops);
    await scene.fabric.admin.status();
  });
});
