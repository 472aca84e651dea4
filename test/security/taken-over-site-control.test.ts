import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { connectAdmin, fabricLayout, hubAddress, readSite, siteUrl } from '@causeway/fabric';
import { createKeys } from '@causeway/identity';
import { connectNats, systemClock, systemRandom } from '@causeway/transport';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecords } from '../support/records.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { connectRawLeaf } from './leaf/raw-leaf.ts';
import { type Scene, startScene } from './leaf/scene.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent };

let scene: Scene;
let control: NatsConnection;
beforeAll(async () => {
  scene = await startScene();
  control = await scene.control();
}, 90_000);
afterAll(() => scene?.close());

const layoutOf = () => fabricLayout(scene.fabric.dir);
const edgeB = (file: string) => path.join(layoutOf().site('edge-b').creds, file);

/** Connects with credentials at a site's server; rejects where it refuses. */
async function tryConnect(site: string, creds: string): Promise<void> {
  const connection = await connectNats({
    servers: siteUrl(await readSite(scene.fabric.dir, site)),
    ca: scene.hub.ca,
    credentials: creds,
    inboxPrefix: '_INBOX.nobody',
    name: 'thief',
    random: systemRandom,
    logger: silent,
  });
  await connection.close();
}

describe('taken-over site - reflection', () => {
  /** Collects what comes on subjects at a connection; shown to hear by `ownWord`. */
  function listen(connection: NatsConnection, subjects: readonly string[]): string[] {
    const heard: string[] = [];
    for (const subject of subjects) {
      connection.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
    }
    return heard;
  }

  it('reflection - a gateway answers into no subject but an inbox of the caller', async () => {
    const { witness, leafCreds, hub } = scene;
    const creds = layoutOf().site('edge-a').creds;
    const quotes = await scene.fabric.identity('edge-a', 'quotes');
    const asQuotes = await witness('edge-a', quotes, '_INBOX.edge-a.quotes.witness');
    const asTrader = await witness(
      'edge-a',
      await scene.fabric.identity('edge-a', 'trader'),
      '_INBOX.edge-a.trader.witness',
    );
    const asGateway = await witness(
      'edge-a',
      path.join(creds, 'gateway-acme.creds'),
      '_INBOX.edge-a.gateway.witness',
    );
    const asReport = await witness(
      'cloud',
      await scene.fabric.identity('cloud', 'report'),
      '_INBOX.cloud.report.witness',
    );
    const heard = [
      listen(asQuotes, ['serve.edge-a.quotes.>', 'notify.edge-a.quotes.>']),
      listen(asTrader, ['_INBOX.edge-a.trader.>', 'notify.edge-a.trader.>']),
      listen(asGateway, ['registry.edge-a.>', 'answer.edge-a.>']),
      listen(asReport, ['_INBOX.cloud.report.>']),
    ];
    for (const connection of [asQuotes, asTrader, asGateway, asReport]) await connection.flush();

    const leaf = await connectRawLeaf({ ...hub, creds: leafCreds.acme, name: 'raw', cluster: 'raw' });
    leaf.subscribe('_INBOX.edge-b.>');
    await leaf.flush();
    const replies = [
      'serve.edge-a.quotes.victim.v1.shout',
      'serve.edge-a.vault.victim.v1.say',
      'notify.edge-a.quotes.victim',
      'registry.edge-a.quotes.victim',
      'answer.edge-a.quotes.gw-1.victim',
      'call.edge-a.trader.edge-a.quotes.v1.victim',
      '_INBOX.edge-a.trader.c.victim',
      '_INBOX.cloud.report.c.victim',
      '_INBOX.edge-b.other.c.victim',
      '_INBOX.edge-b.desk.victim',
      '_INBOX.edge-b.desk.c.t.victim',
      '_INBOX.edge-b.desk.*.victim',
      '$JS.ACK.a.b.1.1.1.1.1@_INBOX.edge-b.desk.c.victim',
      '_R_.victim',
    ];
    const subject = 'call.edge-b.desk.edge-a.quotes.v1.say';
    const queues = async () =>
      until('the route to quotes', () => {
        const found = leaf.interest.find(
          (each) => each.subject === 'call.edge-b.*.edge-a.quotes.v1.*',
        )?.queue;
        return found && [found];
      });
    for (const [index, reply] of replies.entries()) {
      leaf.publish(subject, '{}', {
        reply,
        queues: await queues(),
        headers: { 'Causeway-Call': `reflect-${index}` },
      });
    }
    expect(await leaf.flush()).toBe(true);
    // The twins: a proper inbox is answered, and each witness hears what it is there to hear.
    leaf.publish(subject, '{}', { reply: '_INBOX.edge-b.desk.c.twin', queues: await queues() });
    await until('the answer in the proper inbox', () =>
      leaf.heard.some((each) => each.subject === '_INBOX.edge-b.desk.c.twin'),
    );
    await scene.call(scene.report, 'quotes', 'say', 'edge-a');
    await scene.call(scene.trader, 'risk', 'say', 'cloud');
    for (const [index, list] of heard.entries()) await until(`witness ${index} hears`, () => list.length > 0);
    // All of them came as far as the gateway, and it kept a record that says why it was silent.
    const refused = await until('a record of each', async () => {
      const records = await readRecords(scene.fabric);
      const mine = records.filter(({ call }) => call.startsWith('reflect-'));
      return new Set(mine.map(({ call }) => call)).size >= replies.length - 1 && mine;
    });
    const all = await readRecords(scene.fabric);
    expect(all.filter(({ to }) => to.endpoint === 'victim')).toEqual([]);
    for (const record of refused) {
      expect(record).toMatchObject({
        from: { site: 'edge-b', service: 'desk' },
        decision: 'denied',
        code: 'DENIED',
      });
    }
    expect(heard.flat().filter((each) => each.includes('victim'))).toEqual([]);
    expect(leaf.heard.filter((each) => each.subject.includes('victim'))).toEqual([]);
    leaf.close();
  });

  it('reflection - the registry answers a site into no subject but an inbox of its gateway', async () => {
    const { witness, leafCreds, hub } = scene;
    const asGateway = await witness(
      'edge-a',
      path.join(layoutOf().site('edge-a').creds, 'gateway.creds'),
      '_INBOX.edge-a.gateway.gw-1.witness',
    );
    const heard = [
      listen(control, ['control.>', 'admin.>', '_INBOX.cloud.registry.victim.>']),
      listen(asGateway, ['_INBOX.edge-a.gateway.gw-1.>']),
    ];
    await control.flush();
    await asGateway.flush();
    const leaf = await connectRawLeaf({ ...hub, creds: leafCreds.control, name: 'raw', cluster: 'raw' });
    leaf.subscribe('_INBOX.edge-b.gateway.>');
    const beat = JSON.stringify({ protocol: 1, gateway: 'gw-1', revision: 1 });
    const replies = [
      'control.edge-a.victim',
      'control.edge-b.victim',
      'admin.any.root.victim',
      '_INBOX.edge-a.gateway.gw-1.victim',
      '_INBOX.cloud.registry.victim.t',
      '_INBOX.admin.any.root.victim',
      '_INBOX.edge-b.broker.victim.t',
      '$KV.documents.policy.acme.victim',
      '$KV.compiled.edge-a.victim',
      'discovery.acme.quotes.v1.victim',
      'audit.acme.cloud.registry.admin',
      '_INBOX.cloud.gateway.gw-1.victim',
      '_INBOX.edge-a.gateway.gw-1.changed',
      'collect.edge-a.victim.1',
      '$JS.edge-a.API.CONSUMER.RESET.AUDIT.cloud',
      '$JS.API.STREAM.PURGE.AUDIT_cloud',
    ];
    const jsm = await jetstreamManager(control, { checkAPI: false });
    const sizes = async () => {
      const infos = await Promise.all(['KV_documents', 'AUDIT_cloud'].map((name) => jsm.streams.info(name)));
      return infos.map(({ config, state }) => `${config.name} ${state.last_seq}`);
    };
    const before = await sizes();
    for (const reply of replies) leaf.publish('control.edge-b.renew', beat, { reply });
    leaf.publish('control.edge-b.renew', beat, { reply: '_INBOX.edge-b.gateway.gw-1.twin' });
    await until('the answer in the proper inbox', () =>
      leaf.heard.some(({ subject }) => subject === '_INBOX.edge-b.gateway.gw-1.twin'),
    );
    for (const [index, list] of heard.entries()) await until(`witness ${index} hears`, () => list.length > 0);
    expect(heard.flat().filter((subject) => subject.includes('victim'))).toEqual([]);
    expect(await sizes()).toEqual(before);
    leaf.close();
  });
});

describe('taken-over site - credentials', () => {
  it('credentials - those of its leaf links are refused to clients, at the hub and at its own server', async () => {
    for (const creds of Object.values(scene.leafCreds)) {
      await expect(tryConnect('cloud', creds)).rejects.toMatchObject({ code: 'REVOKED' });
      await expect(tryConnect('edge-b', creds)).rejects.toMatchObject({ code: 'REVOKED' });
      const leaf = await connectRawLeaf({ ...scene.hub, creds, name: 'raw', cluster: 'raw' });
      expect(await leaf.flush()).toBe(true);
      leaf.close();
    }
  });

  it('credentials - those of its own account and system account are worth nothing elsewhere', async () => {
    const files = ['gateway.creds', 'broker.creds', 'auditor.creds', 'system.creds'];
    // At once, since the hub looks for an account that it does not know for some seconds.
    await Promise.all(
      files.map(async (file) => {
        await expect(tryConnect('edge-b', edgeB(file)), file).resolves.toBeUndefined();
        await expect(tryConnect('cloud', edgeB(file)), file).rejects.toMatchObject({ code: 'REVOKED' });
        await expect(tryConnect('edge-a', edgeB(file)), file).rejects.toMatchObject({ code: 'REVOKED' });
        await expect(
          connectRawLeaf({ ...scene.hub, creds: edgeB(file), name: 'raw' }),
          file,
        ).rejects.toThrow();
      }),
    );
  });

  it('credentials - its tenant gateway is no leaf, and hears only its own site at the hub', async () => {
    const creds = edgeB('gateway-acme.creds');
    await expect(connectRawLeaf({ ...scene.hub, creds, name: 'raw' })).rejects.toThrow(/Authorization/);
    const atHub = await scene.witness('cloud', creds, '_INBOX.edge-b.gateway.thief');
    const refused: string[] = [];
    const heard: string[] = [];
    const foreign = [
      'call.>',
      'call.cloud.>',
      'call.*.*.any.quotes.>',
      'call.*.*.edge-a.>',
      'serve.>',
      '_INBOX.cloud.>',
    ];
    for (const subject of foreign) {
      atHub.subscribe(subject, {
        callback: (error, message) => void (error ? refused : heard).push(error ? subject : message.subject),
      });
    }
    await scene.call(scene.report, 'quotes');
    await until('all refused', () => refused.length === foreign.length);
    expect(heard).toEqual([]);
  });
});

describe('taken-over site - consumers', () => {
  it('consumers - an operator’s console has no right to make one, and so none to publish by one', async () => {
    const keys = createKeys('user', systemRandom);
    const admin = await connectAdmin(scene.fabric.dir, ports);
    const { jwt, name } = await admin.console({ key: keys.publicKey, tenant: 'acme', from: 'beginning' });
    const { url, ca } = await hubAddress(scene.fabric.dir);
    const inboxPrefix = `_INBOX.ops.acme.${name}`;
    const console = await connectNats({
      servers: url,
      ca,
      credentials: { jwt, seed: keys.seed },
      inboxPrefix,
      name: 'console',
      random: systemRandom,
      logger: silent,
    });
    try {
      const heard: string[] = [];
      const ops = await scene.ops();
      ops.subscribe('_INBOX.cloud.registry.evil', {
        callback: (_error, message) => void heard.push(message.reply ?? ''),
      });
      await ops.flush();
      for (const consumer of [`ops-${name}`, 'evil']) {
        for (const filter of ['', '.from.edge-a.audit.acme.edge-a.gw-1.access']) {
          const config = {
            durable_name: consumer,
            deliver_subject: '_INBOX.cloud.registry.evil',
            ack_policy: 'none',
            deliver_policy: 'all',
            ...(filter ? { filter_subject: filter.slice(1) } : {}),
          };
          const body = JSON.stringify({ stream_name: 'AUDIT', config, action: '' });
          const create = console.request(`$JS.API.CONSUMER.CREATE.AUDIT.${consumer}${filter}`, body, {
            timeout: 1_000,
          });
          await expect(create).rejects.toThrow(/[Pp]ermission/);
          const durable = console.request(`$JS.API.CONSUMER.DURABLE.CREATE.AUDIT.${consumer}`, body, {
            timeout: 1_000,
          });
          await expect(durable).rejects.toThrow(/[Pp]ermission/);
        }
      }
      // Nor may it ask about its own; the twin: what that has for it comes to its inbox.
      const info = console.request(`$JS.API.CONSUMER.INFO.AUDIT.ops-${name}`, '', { timeout: 2_000 });
      await expect(info).rejects.toThrow(/[Pp]ermission/);
      const records: string[] = [];
      console.subscribe(`${inboxPrefix}.audit`, {
        callback: (_error, message) => void records.push(message.subject),
      });
      await until('its records', () => records.length > 0);
      expect(heard.filter((reply) => reply.startsWith('$JS.ACK'))).toEqual([]);
    } finally {
      await console.close();
      await admin.close();
    }
  });
});

describe('taken-over site - claims', () => {
  const issuedAt = (jwt: string) =>
    (JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { iat: number }).iat;
  const resolved = (site: string) =>
    readFile(path.join(layoutOf().site(site).nats, 'resolver', `${scene.tenantAccount}.jwt`), 'utf8');

  it('claims - an old account claim cannot be pushed to the hub, nor does a gateway push one to its server', async () => {
    const old = await resolved('cloud');
    const victim = await scene.fabric.identity('cloud', 'leaver');
    await expect(tryConnect('cloud', victim)).resolves.toBeUndefined();
    await scene.fabric.admin.revoke({ tenant: 'acme', site: 'cloud', service: 'leaver' });
    const revoked = await until('the revocation is everywhere', async () => {
      const jwts = await Promise.all(['cloud', 'edge-a', 'edge-b'].map(resolved));
      return jwts.every((jwt) => issuedAt(jwt) > issuedAt(old)) && jwts[0];
    });

    for (const attacker of [scene.rogue, scene.raw, ...scene.pretenders]) {
      for (const way of ['acme', 'control'] as const) {
        for (const subject of [
          '$SYS.REQ.CLAIMS.UPDATE',
          `$SYS.REQ.ACCOUNT.${scene.tenantAccount}.CLAIMS.UPDATE`,
        ]) {
          const link = await attacker.open(way);
          link.publish(subject, old, { reply: '_INBOX.edge-b.gateway.gw-1.t' });
          await link.flush();
          await link.disguise(
            way === 'acme' ? 'call.edge-b.x.cloud.y.v1.z' : 'control.edge-b.renew',
            subject,
            old,
          );
          await link.flush();
          await link.close();
        }
      }
    }
    // The hub itself holds nothing back: whoever has its system account can put any claim in force.
    expect(await resolved('cloud')).toBe(revoked);
    await expect(tryConnect('cloud', victim)).rejects.toMatchObject({ code: 'REVOKED' });

    // Even where an old claim came to stand in a site's own copy of what is compiled, its gateway does not take it.
    const key = `$KV.compiled.edge-a.account.${scene.tenantAccount}`;
    const broker = path.join(layoutOf().site('edge-a').creds, 'broker.creds');
    const atEdge = await scene.witness('edge-a', broker, '_INBOX.edge-a.broker.witness');
    const jsm = await jetstreamManager(atEdge, { checkAPI: false });
    const standing = await until('the newer claim is in the copy', async () => {
      const stored = await jsm.streams.getMessage('KV_compiled', { last_by_subj: key });
      return stored?.json<{ jwt: string }>().jwt === revoked && stored;
    });
    const { seq } = await jsm.jetstream().publish(key, JSON.stringify({ jwt: old }));
    expect(seq).toBeGreaterThan(standing.seq);
    // The twin that comes behind it, a newer claim, is taken: so the gateway has seen the old one.
    await scene.fabric.identity('cloud', 'leaver-too');
    await scene.fabric.admin.revoke({ tenant: 'acme', site: 'cloud', service: 'leaver-too' });
    const seen = new Set<number>();
    await until('the newer claim is at edge-a', async () => {
      const iat = issuedAt(await resolved('edge-a'));
      seen.add(iat);
      return iat > issuedAt(revoked);
    });
    expect([...seen].filter((iat) => iat < issuedAt(revoked))).toEqual([]);
  });
});
