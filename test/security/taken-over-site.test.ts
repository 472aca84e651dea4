import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';
import type { Attacker, AttackLink, Way } from './leaf/attackers.ts';
import { jetStreamRequests } from './leaf/requests.ts';
import { type Scene, startScene } from './leaf/scene.ts';

let scene: Scene;
let control: NatsConnection;
let hubGateway: NatsConnection;
beforeAll(async () => {
  scene = await startScene();
  control = await scene.control();
  const creds = path.join(fabricLayout(scene.fabric.dir).site('cloud').creds, 'gateway-acme.creds');
  hubGateway = await scene.witness('cloud', creds, '_INBOX.cloud.gateway.witness');
}, 90_000);
afterAll(() => scene?.close());

/** Each has a way in that the hub accepts; what they claim to be differs. */
const attackers: [string, (scene: Scene) => Attacker | undefined][] = [
  ['a rewritten edge server', ({ rogue }) => rogue],
  ['a raw leaf', ({ raw }) => raw],
  ['a raw leaf claiming to be the cloud', ({ pretenders }) => pretenders[0]],
  ['a raw leaf claiming to be edge-a', ({ pretenders }) => pretenders[1]],
  ['a raw leaf claiming to be a hub', ({ pretenders }) => pretenders[2]],
];

describe.each(attackers)('taken-over site - %s', (_name, choose) => {
  let attacker: Attacker;
  let turn = 0;
  beforeAll(() => {
    attacker = choose(scene) as Attacker;
  });

  /** Opens a link for one attack alone: the hub cuts a raw one at its first forbidden word. */
  async function on<T>(way: Way, attack: (link: AttackLink) => Promise<T>): Promise<T> {
    const link = await attacker.open(way);
    try {
      return await attack(link);
    } finally {
      await link.close();
    }
  }

  /** A call that edge-b may make, made by hand; resolves with what came back, or undefined. */
  async function ownCall(link: AttackLink, subject: string, call = 'own'): Promise<string | undefined> {
    turn += 1;
    const from = subject.split('.')[2];
    const reply = `_INBOX.edge-b.${from}.attack.t${turn}`;
    link.subscribe(`_INBOX.edge-b.${from}.>`);
    await link.flush();
    link.publish(subject, '{}', { reply, headers: { 'Causeway-Call': `${call}-${turn}` } });
    const answer = await until('an answer', () => link.heard.find(({ subject: at }) => at === reply), {
      timeout: 500,
    }).catch(() => undefined);
    // An empty one is a server's own "no responders".
    return answer?.body || undefined;
  }

  const granted = 'call.edge-b.desk.edge-a.quotes.v1.say';

  /** The link's machinery works: what the site may do, it can do. */
  async function expectGranted(link: AttackLink): Promise<void> {
    const answer = await until('the granted call is answered', () => ownCall(link, granted));
    expect(JSON.parse(answer)).toEqual({ by: 'quotes' });
  }

  it('identity - cannot call under the name of another site, by its subject or by the one shown', async () => {
    const before = scene.served.length;
    const ghost = `ghost-${turn}`;
    const targets = ['edge-a.quotes', 'any.quotes', 'edge-a.vault', 'cloud.risk'];
    for (const site of ['cloud', 'edge-a']) {
      for (const target of targets) {
        for (const reply of [`_INBOX.${site}.${ghost}.c.t`, `_INBOX.edge-b.${ghost}.c.t`, undefined]) {
          await on('acme', async (link) => {
            link.publish(`call.${site}.${ghost}.${target}.v1.say`, '{}', reply ? { reply } : {});
            await link.flush();
          });
        }
        // The same words, shown to the receiver by way of a reply subject that only servers use.
        await on('acme', async (link) => {
          await link.disguise(granted, `call.${site}.${ghost}.${target}.v1.say`, '{}');
          await link.flush();
        });
      }
    }
    // A plain receiver is deceived by that, so the machinery works.
    const shown: string[] = [];
    const plain = hubGateway.subscribe('call.edge-b.*.cloud.decoy.v1.*', {
      callback: (_error, message) => void shown.push(message.subject),
    });
    await hubGateway.flush();
    await until('the receiver sees another subject than was sent', async () => {
      await on('acme', async (link) => {
        await link.flush();
        await link.disguise(
          'call.edge-b.desk.cloud.decoy.v1.say',
          `call.cloud.${ghost}.any.decoy.v1.say`,
          '{}',
        );
        await link.flush();
      });
      return shown.includes(`call.cloud.${ghost}.any.decoy.v1.say`);
    });
    plain.unsubscribe();
    // The twin: under its own name the call reaches the gateway, which records it.
    await on('acme', async (link) => {
      await until('the call in its own name', () =>
        ownCall(link, `call.edge-b.${ghost}.edge-a.quotes.v1.say`),
      );
      await expectGranted(link);
    });
    const records = await until('the twin is recorded', async () => {
      const all = await readRecords(scene.fabric);
      const ghosts = all.filter(({ from }) => from.service === ghost);
      return ghosts.length > 0 && ghosts;
    });
    expect(records.filter(({ from }) => from.site !== 'edge-b')).toEqual([]);
    expect(scene.served.slice(before).filter((line) => line !== 'quotes edge-b.desk')).toEqual([]);
  });

  it('identity - cannot give a receipt for another site', async () => {
    const receipt = (revision: number) => JSON.stringify({ gateway: 'gw-1', revision });
    // Revisions that no site is told of, so that no gateway gives a receipt of them by itself.
    for (let round = 0; round < 2; round += 1) {
      turn += 1;
      const unheard = `unheard-of-${turn}-${attackers.findIndex(([, choose]) => choose(scene) === attacker)}`;
      await scene.fabric.admin.apply([{ ...grantTo('edge-a', unheard), to: { service: unheard } }]);
    }
    const { revision: last, sites } = await scene.fabric.admin.status();
    const forged = last - 1;
    for (const { wanted } of sites) expect(wanted).toBeLessThan(forged);
    const revisions = async () => {
      const status = await scene.fabric.admin.status();
      return Object.fromEntries(status.sites.map(({ name, gateways }) => [name, gateways[0]?.revision]));
    };
    const expectOthersUntouched = (known: Record<string, number | null | undefined>) => {
      for (const site of ['edge-a', 'cloud']) expect(known[site]).toBeLessThan(forged);
    };
    for (const site of ['edge-a', 'cloud']) {
      for (const reply of [`_INBOX.${site}.gateway.gw-1.t`, '_INBOX.edge-b.gateway.gw-1.t']) {
        await on('control', async (link) => {
          link.publish(`control.${site}.receipt`, receipt(forged), { reply });
          await link.flush();
        });
        expectOthersUntouched(await revisions());
      }
      await on('control', async (link) => {
        await link.disguise('control.edge-b.receipt', `control.${site}.receipt`, receipt(forged));
        await link.flush();
      });
      expectOthersUntouched(await revisions());
    }
    // The twin: its own receipt counts, and spoils what is known of itself alone.
    const known = await until('its own receipt is taken', async () => {
      await on('control', async (link) => {
        link.publish('control.edge-b.receipt', receipt(last), { reply: '_INBOX.edge-b.gateway.gw-1.t' });
        await link.flush();
      });
      const seen = await revisions();
      return seen['edge-b'] === last && seen;
    });
    expectOthersUntouched(known);
  });

  it('hearing - hears no call, reply or inbox but its own while others talk', async () => {
    const everything = ['>', '*', '*.>', 'call.>', 'call.*.*.any.>', 'call.cloud.>', 'call.*.*.edge-a.>'];
    everything.push('_INBOX.>', '_INBOX.cloud.>', '_INBOX.edge-a.>', '_INBOX.*.*.>', 'serve.>', 'answer.>');
    everything.push('registry.>', 'notify.>', '$JS.>', '$SYS.>', '_R_.>', '$SRV.>');
    await on('acme', async (link) => {
      await link.flush();
      for (const subject of everything) {
        link.subscribe(subject);
        for (const queue of ['gw-1', 'q', ...new Set(link.interest.map((each) => each.queue ?? 'x'))]) {
          link.subscribe(subject, queue, 1000);
        }
      }
      // Also the very patterns that others listen on, which the hub must show where they are inboxes.
      for (const { subject } of link.interest)
        if (/^_INBOX\.(cloud|edge-a)\./.test(subject)) link.subscribe(subject);
      expect(await link.flush()).toBe(true);
      for (let round = 0; round < 5; round += 1) {
        await scene.call(scene.report, 'quotes');
        await scene.call(scene.report, 'vault', 'say', 'edge-a');
        await scene.call(scene.trader, 'risk', 'say', 'cloud');
        await scene.call(scene.trader, 'risk');
      }
      await expectGranted(link);
      expect(link.heard.map(({ subject }) => subject).filter(isForeignToTenantLink)).toEqual([]);
    });
    // Literal subjects of others: refused, and nothing is heard on them.
    for (const subject of ['call.cloud.report.any.quotes.v1.say', 'call.cloud.report.edge-a.vault.v1.say']) {
      await on('acme', async (link) => {
        link.subscribe(subject);
        await link.flush();
        await scene.call(scene.report, 'quotes');
        await scene.call(scene.report, 'vault', 'say', 'edge-a');
        await link.flush();
        expect(link.heard.map((each) => each.subject).filter(isForeignToTenantLink)).toEqual([]);
      });
    }
  });

  it('reach - without a policy there is no way to another site’s service, and with one only that', async () => {
    const before = scene.served.length;
    await on('acme', async (link) => {
      await expectGranted(link);
      for (const subject of [
        'edge-a.vault.v1.say',
        'any.vault.v1.say',
        'cloud.risk.v1.say',
        'any.risk.v1.say',
      ]) {
        expect(await ownCall(link, `call.edge-b.desk.${subject}`), subject).toBeUndefined();
      }
      expect(await ownCall(link, 'call.edge-b.desk.edge-a.quotes.v1.shout')).toContain('"DENIED"');
      expect(await ownCall(link, 'call.edge-b.intern.edge-a.quotes.v1.say')).toContain('"NO_ROUTE"');
      expect(await ownCall(link, 'call.edge-b.desk.edge-a.quotes.v1.nothing')).toMatch(
        /NO_SUCH_ENDPOINT|DENIED/,
      );
      // There is no route, and so none that the hub would show.
      expect(link.interest.filter(({ subject }) => /^call\..*\.(vault|risk)\./.test(subject))).toEqual([]);
    });
    expect(scene.served.slice(before).filter((line) => line !== 'quotes edge-b.desk')).toEqual([]);
  });

  it('state - hears nothing of CONTROL but what is its own, while policies and records of others move', async () => {
    const everything = [
      '>',
      '*.>',
      '$JS.>',
      '$KV.>',
      '$JSC.>',
      '$JS.FC.>',
      'mirror.>',
      'deliver.>',
      'control.>',
    ];
    everything.push(
      'admin.>',
      'discovery.>',
      'enroll.>',
      'audit.>',
      'flow.>',
      'from.>',
      '_INBOX.>',
      '$SYS.>',
    );
    everything.push('collect.>', 'collect.edge-a.>', 'in.>', 'peer.>', '$JS.edge-a.>');
    everything.push('mirror.edge-a.>', '_INBOX.cloud.>', '$KV.compiled.edge-a.>', '$JS.*.API.>');
    await on('control', async (link) => {
      for (const subject of everything) {
        link.subscribe(subject);
        link.subscribe(subject, 'q', 1000);
      }
      expect(await link.flush()).toBe(true);
      turn += 1;
      await scene.fabric.admin.apply([
        grantTo('edge-a', `moves-${turn}`),
        grantTo('edge-b', `moves-b-${turn}`),
      ]);
      await scene.call(scene.report, 'quotes');
      // The twin: what is said to this site comes by.
      const reply = `_INBOX.edge-b.gateway.gw-1.state${turn}`;
      const beat = JSON.stringify({ protocol: 1, gateway: 'gw-1', revision: 1 });
      await until('an answer to the site', async () => {
        link.publish('control.edge-b.renew', beat, { reply });
        await link.flush();
        return link.heard.some(({ subject }) => subject === reply);
      });
      await until('a change reached edge-a', async () => {
        const { sites } = await scene.fabric.admin.status();
        const edge = sites.find(({ name }) => name === 'edge-a');
        return edge !== undefined && (edge.gateways[0]?.revision ?? 0) >= edge.wanted;
      });
      await link.flush();
      expect(link.heard.map(({ subject }) => subject).filter(isForeignToControlLink)).toEqual([]);
      expect(link.heard.filter(({ body }) => body.includes(`moves-${turn}`))).toEqual([]);
    });
    // Subjects by which another's tables, receipts and records travel, named to the letter.
    for (const subject of [
      '_INBOX.edge-a.gateway.gw-1.changed',
      'control.edge-a.renew',
      '$JS.edge-a.API.CONSUMER.MSG.NEXT.AUDIT.cloud',
      '$JS.edge-a.API.CONSUMER.RESET.FLOW.cloud',
    ]) {
      await on('control', async (link) => {
        link.subscribe(subject);
        await link.flush();
        await scene.call(scene.report, 'quotes');
        expect(link.heard.filter((each) => each.subject === subject)).toEqual([]);
      });
    }
  });

  it('state - cannot ask the hub’s JetStream for anything', async () => {
    const jsm = await jetstreamManager(control);
    const before = await assets(control);
    const inbox = '_INBOX.edge-b.gateway.gw-1.attack';
    const asked: string[] = [];
    const prefixes = ['$JS.cloud.API.'];
    // Without a domain, the rewritten server is asked itself.
    if (attacker !== scene.rogue) prefixes.push('$JS.API.');
    if (!scene.pretenders.includes(attacker)) prefixes.push('$JS.edge-a.API.');
    for (const api of jetStreamRequests()) {
      for (const prefix of prefixes) {
        await on('control', async (link) => {
          link.subscribe('_INBOX.edge-b.gateway.>');
          link.publish(`${prefix}${api.subject}`, api.body, { reply: `${inbox}.${asked.length}` });
          asked.push(`${prefix}${api.subject}`);
          await link.flush();
          const answers = link.heard.filter(({ subject, body }) => subject.startsWith(inbox) && body !== '');
          expect(answers, api.subject).toEqual([]);
        });
      }
    }
    // The twin: by the very inbox, what it may ask of the registry is answered.
    await on('control', async (link) => {
      link.subscribe('_INBOX.edge-b.gateway.>');
      await link.flush();
      await until('the registry answers', async () => {
        const beat = JSON.stringify({ protocol: 1, gateway: 'gw-1', revision: 1 });
        link.publish('control.edge-b.renew', beat, { reply: inbox });
        await link.flush();
        return link.heard.some(({ subject, body }) => subject === inbox && body.includes('revision'));
      });
    });
    expect(await assets(control)).toEqual(before);
    const moved = async () => (await jsm.consumers.info('AUDIT_cloud', 'cloud')).delivered.stream_seq;
    expect(await moved()).toBeGreaterThan(0);
  });
});

/** What a link into the tenant's account has no business with. */
function isForeignToTenantLink(subject: string): boolean {
  return !/^(_INBOX\.edge-b\.|call\.[^.]+\.[^.]+\.edge-b\.|call\.edge-b\.|\$JS\.EVENT\.|\$LDS\.)/.test(
    subject,
  );
}

/** What a link into CONTROL has no business with. */
function isForeignToControlLink(subject: string): boolean {
  const own = [
    /^_INBOX\.edge-b\.gateway\./,
    /^\$JS\.edge-b\.API\.CONSUMER\.(MSG\.NEXT|RESET)\.(AUDIT|FLOW)\.cloud$/,
    // Of the attacker's own server, which hands its owner his own words too.
    /^control\.edge-b\.renew$/,
    /^\$JS\.EVENT\./,
    /^\$LDS\./,
  ];
  return !own.some((pattern) => pattern.test(subject));
}

/** A grant that changes what the site is told: who calls from there sees another API. */
function grantTo(site: string, name: string): object {
  return {
    kind: 'policy',
    name,
    from: { site, service: name },
    to: { service: 'quotes', major: 1, endpoints: ['say'], site: 'edge-a' },
    effect: 'allow',
  };
}

/** Streams and consumers of CONTROL by name, with when they were made: what must outlive every attack. */
async function assets(connection: NatsConnection): Promise<string[]> {
  const jsm = await jetstreamManager(connection);
  const found: string[] = [];
  for await (const { config, created } of jsm.streams.list()) {
    found.push(`${config.name} ${created} ${JSON.stringify(config.subjects ?? [])}`);
    for await (const consumer of jsm.consumers.list(config.name)) {
      // Consoles come and go.
      if (!consumer.name.startsWith('ops-'))
        found.push(`${config.name}/${consumer.name} ${consumer.created}`);
    }
  }
  return found.sort();
}
