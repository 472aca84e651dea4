import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { fabricLayout, readProcesses } from '@causeway/fabric';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { collectInboxes } from './leaf/attackers.ts';
import { expectAnswered, expectCollected, openLink } from './leaf/liveness.ts';
import type { RawLeaf } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';

/** What a taken-over site can do to the registry by the mere size and number of what it sends. */
describe('taken-over site - floods', () => {
  let scene: Scene;
  let ops: JetStreamManager;
  const links: RawLeaf[] = [];

  beforeAll(async () => {
    scene = await startScene();
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

  it('flooding - messages with 40,000 headers keep the registry from nothing', async () => {
    const leaf = await open();
    for (const stream of ['AUDIT', 'FLOW']) leaf.subscribe(`$JS.edge-b.API.CONSUMER.RESET.${stream}.cloud`);
    const inboxes = await until('the cloud listens for records', () => {
      const found = collectInboxes(leaf.interest);
      return found.length >= 2 && found;
    });
    // To decode one such message takes the client more than 17 s: whoever does so answers nobody meanwhile.
    const headers = Object.fromEntries(
      Array.from({ length: 40_000 }, (_, at) => [`h${at.toString(36)}`, '']),
    );
    const shown = 'audit.acme.edge-b.gw-1.access';
    const answered = new Set<string>();
    /** Answers each RESET that has come, as the site's server does too. */
    const answerResets = () => {
      for (const { subject, reply } of leaf.heard) {
        if (!subject.startsWith('$JS.') || reply === undefined || answered.has(reply)) continue;
        answered.add(reply);
        leaf.publish(reply, '', { headers });
      }
    };
    for (const inbox of inboxes) {
      for (const body of ['', 'x']) {
        leaf.publish(`${inbox}.1`, body, { headers });
        leaf.publish(`${inbox}.1`, body, { headers, status: '100 Idle Heartbeat' });
        for (const dseq of [1, 2, 3]) {
          const reply = `$JS.ACK.AUDIT.cloud.1.${dseq}.${dseq}.1764000000000000000.0@${shown}`;
          leaf.publish(`${inbox}.1`, body, { headers, reply });
        }
      }
    }
    expect(await leaf.flush()).toBe(true);
    await until('the collector goes back to what it has', () => {
      answerResets();
      return answered.size > 0;
    });
    answerResets();
    expect(await leaf.flush()).toBe(true);
    await expectAnswered(leaf);
    await expectCollected(scene, ops);
    await scene.fabric.admin.status();
  });

  it('flooding - a flood fills nobody’s memory, also behind a message that cannot be stored', async () => {
    const run = promisify(execFile);
    const { registry } = await readProcesses(fabricLayout(scene.fabric.dir).processes);
    const megabytes = async () => {
      const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(registry)]);
      return Number(stdout) / 1024;
    };
    const creds = path.join(fabricLayout(scene.fabric.dir).site('edge-b').creds, 'broker.creds');
    const broker = await scene.witness('edge-b', creds, '_INBOX.edge-b.broker.owner');
    const own = await jetstreamManager(broker, { checkAPI: false });
    const leaf = await open();
    const inboxes = await until('the cloud listens for records', () => {
      const found = collectInboxes(leaf.interest);
      return found.length >= 2 && found;
    });
    await expectAnswered(leaf);
    const subject = 'audit.acme.edge-b.gw-1.access';
    const ack = (stream: number, delivery: number) =>
      `$JS.ACK.AUDIT.cloud.1.${stream}.${delivery}.1764000000000000000.9@${subject}`;
    const before = await megabytes();
    let most = before;
    // With a stamp and a position it is longer than what the hub's server takes: who tries to store it tries for ever.
    const long = 'x'.repeat(1_048_550);
    const log = path.join(fabricLayout(scene.fabric.dir).logs, 'registry.log');
    const taken = async () => (await readFile(log, 'utf8')).includes('"too large"');
    await until(
      'the long message comes in its turn, and is refused',
      async () => {
        const { delivered } = await own.consumers.info('AUDIT', 'cloud');
        const reply = ack(delivered.stream_seq + 1, delivered.consumer_seq + 1);
        for (const inbox of inboxes) leaf.publish(`${inbox}.1`, long, { reply });
        expect(await leaf.flush()).toBe(true);
        return until('the refusal', taken, { timeout: 500 });
      },
      { timeout: 30_000 },
    );
    const { delivered } = await own.consumers.info('AUDIT', 'cloud');
    const junk = 'x'.repeat(200_000);
    for (let round = 0; round < 60; round += 1) {
      for (let at = 1; at <= 20; at += 1) {
        for (const inbox of inboxes) {
          const number = round * 20 + at + 1;
          leaf.publish(`${inbox}.1`, junk, {
            reply: ack(delivered.stream_seq + number, delivered.consumer_seq + number),
          });
        }
      }
      expect(await leaf.flush()).toBe(true);
      most = Math.max(most, await megabytes());
    }
    expect(most - before).toBeLessThan(100);
    await expectAnswered(leaf);
    await expectCollected(scene, ops);
  });

  it('flooding - callers that it makes up use up no room of the counters of the site that refuses them', async () => {
    const link = await scene.raw.open('acme');
    try {
      await link.flush();
      for (let n = 0; n < 300; n += 1) {
        const reply = `_INBOX.edge-b.made-${n}.c.t${n}`;
        link.publish(`call.edge-b.made-${n}.edge-a.quotes.v1.nothing`, '1', { reply });
      }
      expect(await link.flush()).toBe(true);
      const counted = async () => {
        const filter = { subjects_filter: 'from.edge-a.flow.edge-a.acme.edge-b.>' };
        const { state } = await ops.streams.info('FLOW', filter);
        return Object.keys(state.subjects ?? {}).filter((subject) => /made-|\.-\./.test(subject));
      };
      const calls = 'from.edge-a.flow.edge-a.acme.edge-b.-.quotes.v1.any.calls';
      await until('all of them are counted', async () => {
        if (!(await counted()).includes(calls)) return false;
        const { val } =
          (await ops.streams.getMessage('FLOW', { last_by_subj: calls }))?.json<{ val: string }>() ?? {};
        return val === '300';
      });
      expect((await counted()).filter((subject) => subject.includes('made-'))).toEqual([]);
    } finally {
      await link.close();
    }
  });
});
