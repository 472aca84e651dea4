import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout, joinSite, up } from '@causeway/fabric';
import { describeCertificate, parseCreds } from '@causeway/identity';
import { findNatsServer } from '@causeway/nats-server';
import { type Causeway, CausewayError, connect, type ManifestOf } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doorOf } from '../security/support/doors.ts';
import { knock, type Pass } from '../security/support/knock.ts';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { startProgram } from '../support/run-program.ts';
import { silent } from '../support/silent-logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { clockAhead, resetClocks, setClocks, type WrongClocks } from '../support/wrong-clocks.ts';

const minute = 60_000;
/** The clock of one site's gateway is a minute ahead, that of the other's a minute behind. */
const ofGateways: WrongClocks = { 'gateway edge-a': minute, 'gateway edge-b': -minute };
const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
} as const satisfies ManifestOf;
const sites = ['edge-a', 'edge-b'];
const patient = { timeout: 30_000 };
/** How far a gateway may be off the hub's clock by what it measured, on a busy machine; ms. */
const slack = 500;
const ports = { clock: systemClock, random: systemRandom, logger: silent };

let fabric: TestFabric;
let desk: Causeway;

const policy = (service: string, more: object = {}) => ({
  ...{ kind: 'policy', tenant: 'acme', name: service, from: { service }, to: { service: 'quotes' } },
  ...{ effect: 'allow', ...more },
});
const time = (ms: number) => new Date(ms).toISOString();

const outcome = (who: Causeway, site: string | undefined) =>
  who.call({ service: 'quotes', major: 1, endpoint: 'latest', site }, null, { timeout: 5_000 }).then(
    () => 'OK',
    (error: unknown) => CausewayError.from(error).code,
  );
const outcomes = (who: Causeway) => Promise.all(sites.map((site) => outcome(who, site)));
const becomes = (who: Causeway, code: string) =>
  until(`calls give ${code}`, async () => (await outcomes(who)).every((each) => each === code), patient);

async function passOf(file: string): Promise<Required<Pass>> {
  return parseCreds(await readFile(file, 'utf8'));
}
async function verdicts(pass: Pass): Promise<Set<string>> {
  const doors = await Promise.all(['cloud', ...sites].map((site) => doorOf(fabric, site, 'client')));
  return new Set(await Promise.all(doors.map((door) => knock(door, pass))));
}
/** The registry is killed, and another one is up, with this clock. */
async function restartRegistry(ahead: number): Promise<void> {
  setClocks({ ...ofGateways, registry: ahead });
  const pid = fabric.fabric.processes.registry as number;
  process.kill(pid, 'SIGKILL');
  await until(
    'another registry answers',
    async () => {
      const now = fabric.fabric.processes.registry;
      return now !== undefined && now !== pid && fabric.admin.status();
    },
    patient,
  );
}

beforeAll(async () => {
  setClocks(ofGateways);
  fabric = await startTestFabric({ edges: sites });
  await fabric.admin.apply([policy('desk')]);
  for (const site of sites) {
    await (await fabric.connect(site, 'quotes')).serve(manifest, { latest: () => site });
  }
  desk = await fabric.connect('cloud', 'desk');
  await becomes(desk, 'OK');
}, 120_000);
afterAll(async () => {
  resetClocks();
  await fabric?.[Symbol.asyncDispose]();
});

describe('clock skew', { timeout: 120_000 }, () => {
  it('clock skew - policies begin and end on the hub’s clock at gateways that are a minute off, and these say what they have', async () => {
    const early = await fabric.connect('cloud', 'early');
    const late = await fabric.connect('cloud', 'late');
    const edge = Date.now() + 10_000;
    const { revision } = await fabric.admin.apply([
      policy('early', { expires: time(edge) }),
      policy('late', { notBefore: time(edge) }),
    ]);
    await until(
      'receipts are there',
      async () => (await fabric.admin.inForce({ revision, wait: 5_000 })).done,
    );
    expect(Date.now()).toBeLessThan(edge);
    await becomes(early, 'OK');
    expect(await outcomes(late)).toEqual(['NO_ROUTE', 'NO_ROUTE']);
    expect(Date.now()).toBeLessThan(edge);
    await Promise.all([becomes(early, 'NO_ROUTE'), becomes(late, 'OK')]);
    expect(Date.now()).toBeGreaterThan(edge - slack);
    // No later than its time either: a minute behind would be.
    expect(Date.now()).toBeLessThan(edge + 30_000);
  });

  it('clock skew - what such gateways record has the hub’s time', async () => {
    const begun = Date.now();
    for (const site of sites) expect(await outcome(desk, site)).toBe('OK');
    const ended = Date.now();
    const found = await until(
      'both records are collected',
      async () => {
        const records = (await readRecords(fabric, 'acme')).filter(({ at }) => at > begun - 2 * minute);
        return sites.every((site) => records.some((each) => each.site === site)) && records;
      },
      patient,
    );
    for (const site of sites) {
      const last = Math.max(...found.filter((each) => each.site === site).map(({ at }) => at));
      expect(last).toBeGreaterThan(begun - slack);
      expect(last).toBeLessThan(ended + slack);
    }
  });

  it('clock skew - such a gateway that starts again goes on, its site’s leases too', async () => {
    for (const site of sites) {
      const name = `gateway ${site}`;
      const pid = fabric.fabric.processes[name] as number;
      process.kill(pid, 'SIGKILL');
      await until('it runs again', () => ![undefined, pid].includes(fabric.fabric.processes[name]));
    }
    await becomes(desk, 'OK');
    // By its own clock, which is as wrong as it is to be.
    for (const site of sites) {
      const { heard } = JSON.parse(
        await readFile(path.join(fabricLayout(fabric.dir).site(site).creds, 'heard.json'), 'utf8'),
      ) as { heard: number };
      const ahead = ofGateways[`gateway ${site}`] as number;
      expect([site, Math.abs(heard - Date.now() - ahead) < 50_000]).toEqual([site, true]);
    }
    const { sites: standing } = await fabric.admin.status();
    expect(standing.flatMap(({ gateways }) => gateways).every(({ alive }) => alive)).toBe(true);
  });

  it('clock skew - a machine a minute off joins by an invitation, with a registry that is a minute ahead or behind', async () => {
    for (const [ofRegistry, ofMachine] of [
      [minute, -minute],
      [-minute, minute],
    ] as const) {
      await restartRegistry(ofRegistry);
      const site = ofMachine < 0 ? 'edge-c' : 'edge-d';
      const dir = path.join(await temporaryFolder(), site);
      const { token } = await fabric.admin.invite({ site });
      const clock = clockAhead(ofMachine);
      const there = { ...ports, clock, onProgress: () => {} };
      const joined = await joinSite({ dir, token }, there);
      expect(Math.abs(joined.clockAheadMs - (ofMachine - ofRegistry))).toBeLessThan(30_000);
      const { path: binary } = await findNatsServer({});
      setClocks({ ...ofGateways, registry: ofRegistry, [`gateway ${site}`]: ofMachine });
      const running = await up({ dir, edges: undefined, tenants: undefined, binary, ...there });
      try {
        const [{ url = '' } = {}] = running.summary.sites;
        const certificate = await readFile(
          path.join(dir, 'sites', site, 'nats', 'tls', 'server.pem'),
          'utf8',
        );
        expect(describeCertificate(certificate).notBefore).toBeLessThan(Date.now() - 10 * minute);
        const creds = await fabric.identity(site, 'desk');
        const caller = await connect({ url, creds, ca: running.summary.ca, logger: silent });
        await becomes(caller, 'OK');
        await caller.close();
        const { sites: known } = await fabric.admin.status();
        expect(known.find(({ name }) => name === site)).toMatchObject({ gateways: [{ alive: true }] });
      } finally {
        await running.stop();
        await fabric.admin.removeSite(site);
      }
    }
  });

  it('clock skew - whoever is revoked stays out, though the registry’s clock was put back by a minute since he came', async () => {
    await restartRegistry(minute);
    const pass = await passOf(await fabric.identity('edge-a', 'guest'));
    await until('he is let in', async () => [...(await verdicts(pass))].join() === 'in');
    await restartRegistry(0);
    await until('all sites have said so', async () => {
      const request = { tenant: 'acme', site: 'edge-a', service: 'guest', wait: 5_000 };
      const { sites: receipts } = await fabric.admin.revoke(request);
      return receipts?.every(({ inForce }) => inForce);
    });
    expect([...(await verdicts(pass))]).toEqual(['Authorization Violation']);
    // Who has the name from now on is not meant.
    const out = path.join(await temporaryFolder(), 'guest.creds');
    const added = await causeway(['service', 'add', 'acme/edge-a/guest', '--out', out, '--dir', fabric.dir]);
    expect(added).toMatchObject({ code: 0 });
    await until(
      'the new one is let in',
      async () => [...(await verdicts(await passOf(out)))].join() === 'in',
    );
  });

  it('clock skew - an administrator’s machine a minute off does all it does otherwise', async () => {
    for (const ahead of [minute, -minute]) {
      setClocks({ ...ofGateways, cli: ahead });
      const run = async (...args: string[]) => {
        const done = await causeway([...args, '--dir', fabric.dir]);
        expect({ args, ...done }).toMatchObject({ code: 0 });
        return done.stdout;
      };
      const { stdout: told } = await startProgram(process.execPath, ['-p', 'Date.now()']).ended;
      expect(Math.abs(Number(told) - Date.now() - ahead)).toBeLessThan(30_000);
      const folder = await temporaryFolder();
      const creds = path.join(folder, 'clerk.creds');
      const name = ahead < 0 ? 'clerk-b' : 'clerk-a';
      await run('service', 'add', `acme/cloud/${name}`, '--out', creds);
      const file = path.join(folder, 'policy.json');
      await writeFile(file, JSON.stringify(policy(name)));
      expect(await run('apply', '-f', file, '--wait')).toContain('in force');
      expect(await run('call', 'quotes.v1.latest@edge-a', 'null', '--as', creds)).toContain('edge-a');
      expect(await run('call', 'quotes.v1.latest@edge-b', 'null', '--as', creds)).toContain('edge-b');
      await run('rotate', 'service', `acme/cloud/${name}`, '--out', creds);
      await run('status');
      const before = await passOf(creds);
      await run('revoke', `acme/cloud/${name}`, '--wait', '5s');
      expect([...(await verdicts(before))]).toEqual(['Authorization Violation']);
    }
  });
});
