import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ChainReport, sealBlock } from '@causeway/audit';
import { fabricLayout, openConsole, readCounters, recount, verifyChains } from '@causeway/fabric';
import { createKeys } from '@causeway/identity';
import { subjects as subjectGrammar } from '@causeway/protocol';
import type { Causeway } from '@causeway/sdk';
import { createSigner, systemClock, systemRandom } from '@causeway/transport';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { collectInboxes } from './leaf/attackers.ts';
import { connectRawLeaf, type RawLeaf, type RawPublish } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent };

describe('taken-over site - records', () => {
  let scene: Scene;
  let hub: JetStreamManager;
  /** The site's own JetStream, which is the attacker's now. */
  let own: JetStreamManager;
  let desk: Causeway;
  let leaf: RawLeaf;

  beforeAll(async () => {
    scene = await startScene();
    hub = await jetstreamManager(await scene.ops());
    const creds = fabricLayout(scene.fabric.dir).site('edge-b').creds;
    own = await jetstreamManager(
      await scene.witness('edge-b', path.join(creds, 'broker.creds'), '_INBOX.edge-b.broker.owner'),
      { checkAPI: false },
    );
    await scene.fabric.admin.apply([
      {
        kind: 'policy',
        name: 'inside-b',
        from: { site: 'edge-b', service: 'desk' },
        to: { service: 'positions', major: 1, endpoints: ['say'], site: 'edge-b' },
        effect: 'allow',
      },
    ]);
    const positions = await scene.fabric.connect('edge-b', 'positions');
    await positions.serve(
      {
        kind: 'api',
        service: 'positions',
        version: '1.0.0',
        endpoints: { say: { request: {}, reply: {} } },
      } as const,
      { say: () => ({ by: 'positions' }) },
    );
    desk = await scene.fabric.connect('edge-b', 'desk');
    await until('positions can be reached', () => scene.call(desk, 'positions', 'say', 'edge-b'));
    leaf = await connectRawLeaf({
      ...scene.hub,
      creds: scene.leafCreds.control,
      name: 'raw',
      cluster: 'raw',
    });
  }, 90_000);
  afterAll(async () => {
    leaf?.close();
    await scene?.close();
  });

  async function withConsole<T>(
    work: (console: Awaited<ReturnType<typeof openConsole>>) => Promise<T>,
  ): Promise<T> {
    const options = { tenant: 'any', from: 'beginning' } as const;
    const console = await openConsole(scene.fabric.dir, scene.fabric.admin, options, ports);
    try {
      return await work(console);
    } finally {
      await console.close();
    }
  }
  const verify = (): Promise<ChainReport> => withConsole((console) => verifyChains(console, () => {}));

  /** Everything that honest sites have done so far is stored and counted in the cloud. */
  async function settled(): Promise<void> {
    await until('the counters of honest sites have taken in all their blocks', () =>
      withConsole(async (console) => {
        const { watermarks } = await readCounters(console);
        const { chains } = await verifyChains(console, () => {});
        // Administrators' acts are counted by nobody: the registry says how far their chains go.
        const marks = new Map([...watermarks, ...console.actChains]);
        const honest = chains.filter(({ source }) => source !== 'edge-b');
        return honest.every(({ source, gateway, tenant, last }) => {
          const mark = marks.get(`${source}/${gateway}/${tenant}`);
          return mark === last;
        });
      }),
    );
  }

  let marks = 0;

  /**
   * Has the cloud collect messages as if the site's own stream had delivered them: each bears the next number that
   * the cloud waits for. A harmless one goes first and is waited for, so that those behind it were taken up too; where
   * the numbers were not right, the collector goes back to what it has and the next attempt finds them.
   */
  async function deliver(
    what: 'AUDIT' | 'FLOW',
    messages: readonly { subject: string; body: string; more?: RawPublish }[],
  ): Promise<void> {
    marks += 1;
    const mark =
      what === 'AUDIT'
        ? `audit.acme.edge-b.mark-${marks}.access`
        : `flow.edge-b.acme.edge-b.desk.positions.v1.say.mark-${marks}`;
    const first = { subject: mark, body: '{"val":"1"}', more: { headers: { 'Nats-Incr': '1' } } };
    const attempt = async () => {
      const { delivered } = await own.consumers.info(what, 'cloud');
      const inboxes = collectInboxes(leaf.interest);
      expect(inboxes.length).toBeGreaterThan(1);
      // Which inbox is which the site cannot see; those of others see numbers that are wrong, and go back.
      for (const inbox of inboxes) {
        let { consumer_seq: dseq, stream_seq: sseq } = delivered;
        for (const { subject, body, more } of [first, ...messages]) {
          dseq += 1;
          sseq += 1;
          const reply = `$JS.ACK.${what}.cloud.1.${sseq}.${dseq}.${Date.now()}000000.0`;
          leaf.publish(`${inbox}.1`, body, { ...more, reply: `${reply}@${subject}` });
        }
      }
      expect(await leaf.flush()).toBe(true);
      const taken = async () => (await subjectsOf(what))[`from.edge-b.${mark}`] === 1;
      return until('the first of them', taken, { timeout: 500 });
    };
    await until(`forged messages are taken as the ${what} of the site`, attempt, { timeout: 30_000 });
  }

  /** Tenant and site of all that stands in the hub's stream under the stamp of a site. */
  const namesOf = (subjects: Readonly<Record<string, number>>, source: string) =>
    new Set(
      Object.keys(subjects).flatMap((subject) => {
        const stamped = subjectGrammar.auditFrom.parse(subject) ?? subjectGrammar.flowFrom.parse(subject);
        const parsed = stamped ?? subjectGrammar.watermarkFrom.parse(subject);
        // What is in no grammar would show, too.
        if (!parsed) return [subject];
        return parsed.source === source ? [`${parsed.tenant}.${parsed.site}`] : [];
      }),
    );

  /** Why the registry says that it refused what edge-b delivered; it says so at a limited rate. */
  async function refusals(collecting: 'audit' | 'flow'): Promise<string[]> {
    const text = await readFile(path.join(fabricLayout(scene.fabric.dir).logs, 'registry.log'), 'utf8');
    const lines = text.split('\n').filter((line) => line.includes('"refusal"'));
    const told = lines.map(
      (line) => JSON.parse(line) as { [name in 'site' | 'collecting' | 'refusal']?: string },
    );
    return told
      .filter((line) => line.site === 'edge-b' && line.collecting === collecting)
      .map(({ refusal }) => String(refusal));
  }

  const subjectsOf = async (stream: string) =>
    (await hub.streams.info(stream, { subjects_filter: '>' })).state.subjects ?? {};

  it('records - what it forges of others stays outside, of itself is kept and named by verification; honest chains stay whole', async () => {
    await settled();
    const before = await verify();
    expect(before.problems).toEqual([]);
    const honest = await subjectsOf('AUDIT');

    const real = await hub.streams.getMessage('AUDIT', {
      last_by_subj: 'from.edge-a.audit.acme.edge-a.gw-1.access',
    });
    const headersOf = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, real?.header.get(name) ?? '']));
    const genuine = headersOf(real?.header.keys().filter((name) => name.startsWith('Causeway-')) ?? []);
    const body = Buffer.from(real?.data ?? []).toString();
    expect(genuine['Causeway-Site']).toBe('edge-a');
    const thief = createSigner(createKeys('user', systemRandom).seed);
    const record = JSON.parse(body.split('\n')[0] ?? '') as Parameters<
      typeof sealBlock
    >[0]['records'][number];
    const forge = (site: string, gateway: string, seq: number) => {
      const records = [{ ...record, site }] as Parameters<typeof sealBlock>[0]['records'];
      const prev = '0'.repeat(64);
      return sealBlock({ tenant: 'acme', site, gateway, class: 'access', seq, prev, records }, (bytes) =>
        thief.sign(bytes),
      );
    };
    const sealed = (block: ReturnType<typeof forge>, subject = block.subject) => ({
      subject,
      body: Buffer.from(block.body).toString(),
      more: { headers: block.headers },
    });
    const chain = before.chains.find(({ source }) => source === 'edge-a');
    const next = (chain?.last ?? 0) + 1;
    await deliver('AUDIT', [
      // Another site's block, word for word, under its own subject, under the forger's, and under one that pretends
      // to be stamped.
      { subject: 'audit.acme.edge-a.gw-1.access', body, more: { headers: genuine } },
      { subject: 'audit.acme.edge-b.gw-1.access', body, more: { headers: genuine } },
      { subject: 'from.edge-a.audit.acme.edge-a.gw-1.access', body, more: { headers: genuine } },
      // Blocks of its own making: for edge-a, for its own gateway, for one that nobody knows.
      sealed(forge('edge-a', 'gw-1', next)),
      sealed(forge('cloud', 'gw-1', next)),
      sealed(forge('edge-a', 'gw-1', next), 'audit.acme.edge-b.gw-1.access'),
      // Of tenants that are not at the site, or nowhere.
      { subject: 'audit.globex.edge-b.gw-1.access', body: 'x' },
      { subject: 'audit.any.edge-b.registry.admin', body: 'x' },
      sealed(forge('edge-b', 'gw-1', 1_000)),
      sealed(forge('edge-b', 'gw-9', 1)),
      // The id of edge-a's next block: the cloud keeps no such ids, so that block is not taken for a repeat.
      {
        subject: 'audit.acme.edge-b.gw-1.access',
        body: 'x',
        more: { headers: { 'Nats-Msg-Id': `acme.edge-a.gw-1.${next}` } },
      },
      // Headers that erase where a stream admits them.
      { subject: 'audit.acme.edge-b.gw-1.access', body: 'x', more: { headers: { 'Nats-TTL': '1' } } },
      // A message that would take the place of all others, and positions that are not the site's to say.
      { subject: 'audit.acme.edge-b.gw-1.access', body: 'x', more: { headers: { 'Nats-Rollup': 'all' } } },
      {
        subject: 'audit.acme.edge-b.gw-1.access',
        body: 'x',
        more: {
          headers: {
            'Causeway-Copied-Sequence': '9007199254740991',
            'Causeway-Copied-From': 'never',
            'causeway-copied-sequence': '9007199254740991',
            'Nats-Expected-Last-Sequence': '1',
            'Nats-Expected-Stream': 'FLOW',
            'Nats-Batch-Id': 'matrix',
            'Nats-Batch-Sequence': '1',
            'Nats-Incr': '1',
          },
        },
      },
      { subject: 'audit.acme.edge-b.last.access', body: 'x' },
    ]);
    await until('the forged blocks of its own are stored, stamped with the site they came from', async () => {
      const subjects = await subjectsOf('AUDIT');
      return (
        subjects['from.edge-b.audit.acme.edge-b.gw-1.access'] !== undefined &&
        subjects['from.edge-b.audit.acme.edge-b.last.access'] === 1 &&
        subjects['from.edge-b.audit.acme.edge-b.gw-9.access'] === 1
      );
    });
    // What names another site or a tenant that the site does not have was stored under the forger's stamp once, for
    // verification to name (`wrong-site`, which it still does, packages/audit). Now it does not get in: under the
    // stamp of a site stand its own names and its own tenants, whatever it delivers.
    expect(namesOf(await subjectsOf('AUDIT'), 'edge-b')).toEqual(new Set(['acme.edge-b']));
    await until('the registry has told what it refused', async () => {
      const told = await refusals('audit');
      return told.includes('of another site') && told.includes('of a tenant that the site does not have');
    });
    // Honest sites go on meanwhile.
    await scene.call(scene.trader, 'risk', 'say', 'cloud');
    await until('the block whose id was taken and one after it are there', async () => {
      // Calls that end together share a block: it takes calls at two times.
      await scene.call(scene.report, 'quotes', 'say', 'edge-a');
      const report = await verify();
      return (report.chains.find(({ source }) => source === 'edge-a')?.last ?? 0) > next;
    });

    const after = await verify();
    expect(after.unlisted).toBe(0);
    expect(new Set(after.problems.map(({ kind }) => kind))).toEqual(
      new Set(['malformed', 'bad-signature', 'unknown-signer']),
    );
    for (const { chain: accused, kind, text } of after.problems) {
      if (kind === 'malformed') expect(text).toMatch(/^from\.edge-b\./);
      else expect(accused?.source).toBe('edge-b');
    }
    // Nothing that the site said of position, batch or expectation came through: the cloud knows its own.
    const kept = await hub.streams.getMessage('AUDIT', {
      last_by_subj: 'from.edge-b.audit.acme.edge-b.last.access',
    });
    expect(Number(kept?.header.get('Causeway-Copied-Sequence'))).toBeLessThan(10_000);
    expect(kept?.header.get('Causeway-Copied-From')).toMatch(/^\d{4}-/);
    // Nothing was erased, and no block of an honest chain was lost, changed or added.
    expect((await hub.streams.info('AUDIT')).state.first_seq).toBe(1);
    const subjects = await subjectsOf('AUDIT');
    for (const [subject, count] of Object.entries(honest))
      expect(subjects[subject]).toBeGreaterThanOrEqual(count);
    expect(
      Object.keys(subjects).filter((subject) => !/^from\.(cloud|edge-a|edge-b)\./.test(subject)),
    ).toEqual([]);
    const nameOf = ({ source, gateway, tenant }: ChainReport['chains'][number]) =>
      `${source}/${gateway}/${tenant}`;
    const honestChains = (report: ChainReport) =>
      new Set(report.chains.filter(({ source }) => source !== 'edge-b').map(nameOf));
    // Those of the gateways, and the registry's of what administrators did; none was added.
    const known = new Set(['cloud/gw-1/acme', 'edge-a/gw-1/acme', 'cloud/registry/acme']);
    expect(honestChains(before)).toEqual(known);
    expect(honestChains(after)).toEqual(known);
    for (const chain of before.chains.filter((each) => each.source !== 'edge-b')) {
      const now = after.chains.find((each) => nameOf(each) === nameOf(chain));
      expect(now).toMatchObject({ first: 1 });
      expect(now?.last).toBeGreaterThanOrEqual(chain.last);
      expect(now?.blocks).toBe(now?.last);
    }
  });

  it('counters - what it counts under another site’s name stays outside, and its own numbers are its own', async () => {
    await settled();
    const values = await withConsole(readCounters);
    const honest = [...values.values].filter(([subject]) => /^flow\.(edge-a|cloud)\./.test(subject));
    const stolen = honest.find(
      ([subject]) => subject.startsWith('flow.edge-a.') && subject.endsWith('.calls'),
    );
    const subject = stolen?.[0] ?? '';
    expect(subject).not.toBe('');
    const counter = (name: string, value: string) => ({
      subject: name,
      body: JSON.stringify({ val: value }),
      more: { headers: { 'Nats-Incr': value } },
    });
    const ownName = 'flow.edge-b.acme.edge-b.desk.positions.v1.say.calls';
    await deliver('FLOW', [
      counter(subject, '1000000'),
      counter(`from.edge-a.${subject}`, '1000000'),
      counter('flow.edge-a.acme.gateway.gw-1.blocks', '1000000'),
      counter('flow.edge-a.acme.gateway.registry.blocks', '1000000'),
      counter('flow.edge-b.globex.edge-b.desk.positions.v1.say.calls', '1000000'),
      counter('flow.edge-b.any.gateway.registry.blocks', '1000000'),
      // No number that a counter comes to.
      ...['+1000000', '-1', '1e3', '', '9'.repeat(41)].map((value) => counter(`${ownName}-odd`, value)),
      { subject: `${ownName}-odd`, body: 'x' },
      counter(ownName, '1000000'),
    ]);
    await until('the counter under its own name is stored', async () => {
      const last = await hub.streams.getMessage('FLOW', { last_by_subj: `from.edge-b.${ownName}` });
      return last?.string() === '{"val":"1000000"}';
    });
    // Counters of others were stored under the forger's stamp once, and counted for nobody. Now they do not get in,
    // and neither does what is no number: under the stamp of a site stand its own names alone.
    const stored = await subjectsOf('FLOW');
    expect(namesOf(stored, 'edge-b')).toEqual(new Set(['acme.edge-b']));
    expect(stored[`from.edge-b.${ownName}-odd`]).toBeUndefined();
    await until('the registry has told what it refused', async () => {
      const told = await refusals('flow');
      return told.includes('of another site') && told.includes('no value of a counter');
    });
    const now = await withConsole(readCounters);
    for (const [name, value] of honest) expect(now.values.get(name), name).toBe(value);
    expect(now.watermarks.get('edge-a/gw-1/acme')).toBe(values.watermarks.get('edge-a/gw-1/acme'));
    const { differences } = await withConsole(recount);
    expect(differences.length).toBeGreaterThan(0);
    for (const difference of differences)
      expect(difference.subject).toMatch(/^(from\.edge-b\.)?flow\.edge-b\./);
  });

  it('records - blocks of its own that it keeps back or erases show as a gap', async () => {
    const chainOf = async () => {
      const report = await verify();
      return { report, last: report.chains.find(({ source }) => source === 'edge-b')?.last ?? 0 };
    };
    const before = await chainOf();
    // The cloud has been given other messages under the numbers that the site's next blocks bear: they stay away.
    const found = await until(
      'a later block of the site',
      async () => {
        // Many at a time: to verify a chain that is behind its counters takes seconds.
        for (let n = 0; n < 40; n += 1) await scene.call(desk, 'positions', 'say', 'edge-b');
        const { report, last } = await chainOf();
        return last > before.last && report;
      },
      { timeout: 20_000, every: 50 },
    );
    const gaps = found.problems.filter(({ chain, kind }) => chain?.source === 'edge-b' && kind === 'gap');
    expect(gaps.length).toBeGreaterThan(0);
    expect(found.problems.filter(({ chain, kind }) => kind === 'gap' && chain?.source !== 'edge-b')).toEqual(
      [],
    );
  });

  it('records - what is no subject of a record is not collected, and stands in nobody’s way', async () => {
    const before = new Set(Object.keys(await subjectsOf('AUDIT')));
    await deliver('AUDIT', [
      { subject: 'from.edge-a.audit.acme.edge-a.*.access', body: 'x' },
      { subject: 'from.edge-a.audit.acme.edge-a.gw-1.>', body: 'x' },
      { subject: 'from.edge-a.audit.acme.edge-a.gw-1.access', body: 'x' },
      { subject: 'from.edge-a..access', body: 'x' },
      { subject: 'audit.acme.edge-b.*.access', body: 'x' },
      { subject: 'audit.>', body: 'x' },
      { subject: 'audit.acme.edge-b.gw-1.access.more', body: 'x' },
      { subject: 'flow.edge-b.acme.gateway.gw-1.blocks', body: '{"val":"1"}' },
      { subject: '$JS.API.STREAM.PURGE.AUDIT', body: '' },
      { subject: 'audit.acme.edge-b.behind.access', body: 'x' },
    ]);
    // The twin behind them, which is a record's subject, is taken and stamped.
    await until(
      'the twin',
      async () => (await subjectsOf('AUDIT'))['from.edge-b.audit.acme.edge-b.behind.access'],
    );
    const added = Object.keys(await subjectsOf('AUDIT')).filter((subject) => !before.has(subject));
    expect(added.map((subject) => subject.replace(/mark-\d+/, 'mark')).sort()).toEqual([
      'from.edge-b.audit.acme.edge-b.behind.access',
      'from.edge-b.audit.acme.edge-b.mark.access',
    ]);
  });
});
