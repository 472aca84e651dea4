import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type AdminClient, connectAdmin, fabricLayout, openConsole } from '@causeway/fabric';
import { createKeys, formatCreds, parseCreds } from '@causeway/identity';
import type { Causeway } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { isHarmless, publishCells, subscribeCells } from './support/cells.ts';
import { rawClient } from './support/raw-client.ts';
import { issue } from './support/roster.ts';
import { instanceOf } from './support/subject-match.ts';
import { accountAt, admitWitnesses, type Witnesses } from './support/witness.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent };
const sites = ['cloud', 'edge-a', 'edge-b'];
const tenants = ['acme', 'globex'] as const;
const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { say: { request: {}, reply: {} } },
} as const;
const target = { service: 'quotes', major: 1, endpoint: 'say', site: undefined };

let fabric: TestFabric;
let witnesses: Witnesses;
const desks = new Map<string, Causeway>();
const admins = new Map<string, AdminClient>();

/** Two tenants with services of the same names on the same sites; what each says bears its name. */
beforeAll(async () => {
  fabric = await startTestFabric({ tenants, watchdogMs: 500 });
  for (const tenant of tenants) {
    await fabric.admin.apply([
      { kind: 'policy', name: 'all', tenant, from: {}, to: { service: 'quotes' }, effect: 'allow' },
    ]);
    for (const site of sites) {
      const server = await fabric.connect(site, 'quotes', tenant);
      await server.serve(manifest, { say: () => ({ of: tenant }) });
    }
    const desk = await fabric.connect('edge-a', 'desk', tenant);
    desks.set(tenant, desk);
    await until('it can be called', () => desk.call(target, {}), { timeout: 20_000 });
    const { jwt, seed } = await issue(fabric, 'admin', 'amy', { tenant });
    const folder = path.join(fabric.dir, '..', 'admins');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = path.join(folder, `${tenant}.creds`);
    await writeFile(file, formatCreds(jwt, seed), { mode: 0o600 });
    admins.set(tenant, await connectAdmin(fabric.dir, ports, file));
  }
  witnesses = await admitWitnesses(fabric, sites);
}, 120_000);
afterAll(async () => {
  for (const admin of admins.values()) await admin.close();
  await witnesses?.close();
  await fabric?.[Symbol.asyncDispose]();
});

const acme = () => admins.get('acme') as AdminClient;

describe('tenants as peers', () => {
  it('peers - nothing that a role of one says or hears crosses into the other, at any server', {
    timeout: 180_000,
  }, async () => {
    const ca = await readFile(fabric.ca, 'utf8');
    const escaped: string[] = [];
    let cells = 0;
    for (const site of sites) {
      const { publicKey: accountKey } = await accountAt(fabric, site, 'globex');
      const around = {
        ...{ sites, tenants, others: ['quotes', 'desk', 'gw-2'], domain: site, accountKey },
        streams: { AUDIT: ['gw-1', site], KV_compiled: ['gw-1'] },
      };
      const witness = await witnesses.at(site, 'globex');
      const layout = fabricLayout(fabric.dir).site(site);
      for (const [role, name, file] of [
        ['service', 'quotes', await fabric.identity(site, 'quotes', 'acme')],
        ['gateway', 'gw-1', path.join(layout.creds, 'gateway-acme.creds')],
      ] as const) {
        const holder = { kind: 'tenant', role, name, site, hosts: ['quotes'] } as const;
        const client = await rawClient(fabric.url(site), ca, parseCreds(await readFile(file, 'utf8')));
        const mark = `peer ${role} ${site}`;
        const ear = witness.connection.subscribe('>', {
          callback: (_, message) => {
            if (message.string().startsWith(mark)) escaped.push(`${mark} said ${message.subject}`);
          },
        });
        await witness.connection.flush();
        const said = publishCells(holder, around).filter(({ subject }) => isHarmless(subject));
        for (const { subject } of said) client.connection.publish(subject, mark);
        await client.settle();
        await witness.connection.flush();
        ear.unsubscribe();
        const heard = subscribeCells(holder, around);
        for (let start = 0; start < heard.length; start += 200) {
          const some = heard.slice(start, start + 200).map(({ subject }) => ({
            subject,
            subscription: client.connection.subscribe(subject, {
              callback: (error, message) => {
                if (!error && message.string() === `to ${mark}`) escaped.push(`${mark} heard ${subject}`);
              },
            }),
          }));
          await client.settle();
          for (const { subject } of some) witness.connection.publish(instanceOf(subject), `to ${mark}`);
          await witness.connection.flush();
          await client.settle();
          for (const { subscription } of some) subscription.unsubscribe();
        }
        cells += said.length + heard.length;
        await client.close();
      }
    }
    expect(escaped).toEqual([]);
    expect(cells).toBeGreaterThan(1_000);
  });

  it('peers - services of the same names at the same sites answer their own tenant alone', async () => {
    for (const tenant of tenants) {
      const desk = desks.get(tenant) as Causeway;
      for (const site of [undefined, ...sites]) {
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => desk.call(target, {}, site === undefined ? {} : { site })),
        );
        expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
          new Set([JSON.stringify({ of: tenant })]),
        );
      }
    }
  });

  it('peers - an administrator of one sees of the other neither documents, links, nor that they are there', async () => {
    for (const kind of ['apis', 'policies', 'services', 'instances', 'routes'] as const) {
      const { items } = await acme().get(kind);
      expect(items.length).toBeGreaterThan(0);
      expect(items.filter(({ tenant }) => tenant !== 'acme')).toEqual([]);
    }
    const status = await acme().status();
    const all = JSON.stringify([status, (await acme().get('sites')).items]);
    expect(all).toContain('acme');
    expect(all).not.toContain('globex');
  });

  it('peers - an administrator of one can do nothing to the other', async () => {
    const before = (await fabric.admin.status()).revision;
    const key = createKeys('user', systemRandom).publicKey;
    const from = { site: 'edge-a', service: 'desk' };
    const policy = { kind: 'policy', name: 'all', tenant: 'globex', from: {}, to: { service: 'quotes' } };
    const tries: [string, () => Promise<unknown>][] = [
      ['apply', () => acme().apply([{ ...policy, effect: 'deny' }])],
      ['delete policy', () => acme().delete({ kind: 'policy', tenant: 'globex', name: 'all' })],
      ['delete api', () => acme().delete({ kind: 'api', tenant: 'globex', name: 'quotes.v1' })],
      [
        'delete service',
        () => acme().delete({ kind: 'service', tenant: 'globex', site: 'edge-a', name: 'desk', force: true }),
      ],
      ['revoke', () => acme().revoke({ tenant: 'globex', site: 'edge-a', service: 'desk' })],
      ['issue', () => acme().issue({ tenant: 'globex', site: 'edge-a', service: 'desk', key })],
      ['console', () => acme().console({ tenant: 'globex', key, from: 'beginning' })],
      ['console of all', () => acme().console({ tenant: 'any', key, from: 'beginning' })],
      [
        'explain',
        () =>
          acme().explain({ tenant: 'globex', from, to: { service: 'quotes', major: 1, endpoint: 'say' } }),
      ],
      ['revoke site', () => acme().revokeSite('edge-b')],
      ['remove site', () => acme().removeSite('edge-b', { force: true })],
      ['add tenant', () => acme().addTenant('initech')],
      ['remove tenant', () => acme().removeTenant('globex', { force: true })],
      ['remove itself', () => acme().removeTenant('acme', { force: true })],
    ];
    for (const [what, attempt] of tries) {
      const outcome = await attempt().then(
        () => 'done',
        (error: unknown) => (error as { code?: string }).code,
      );
      expect(`${what}: ${outcome}`).toBe(`${what}: DENIED`);
    }
    expect((await fabric.admin.status()).revision).toBe(before);
  });

  it('peers - a console of one reads records and counters of that one alone', async () => {
    const console = await openConsole(fabric.dir, acme(), { tenant: 'acme', from: 'beginning' }, ports);
    try {
      const seen = new Set<string>();
      const counted = new Set<string>();
      const audit = console.readAudit(({ subject }) => void seen.add(subject));
      const flow = console.readFlow(({ subject }) => void counted.add(subject));
      await until('both have come', () => seen.size > 0 && counted.size > 0, { timeout: 20_000 });
      await audit.caughtUp;
      await flow.caughtUp;
      expect([...seen].filter((subject) => subject.split('.')[3] !== 'acme')).toEqual([]);
      expect([...counted].filter((subject) => subject.split('.')[4] !== 'acme')).toEqual([]);
      await audit.stop();
      await flow.stop();
    } finally {
      await console.close();
    }
  });
});
