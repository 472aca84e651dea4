import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type AdminClient,
  addService,
  ailments,
  connectAdmin,
  openConsole,
  type SiteSettings,
  tailRecords,
} from '@causeway/fabric';
import type { AuditRecord } from '@causeway/protocol';
import { type Causeway, CausewayError, connect } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import type { StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent as silentLogger } from '../support/silent-logger.ts';
import { openTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { buildImage, whyNoDocker } from './image.ts';
import { createParts, type Parts } from './parts.ts';

const noDocker = await whyNoDocker();
if (noDocker) process.stderr.write(`containers: skipped, for ${noDocker}\n`);

const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
const quotes = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: {
    latest: { request: { type: 'object' }, reply: { type: 'object' } },
    history: { request: { type: 'object' }, reply: { type: 'object' } },
  },
} as const;
const policy = {
  kind: 'policy',
  name: 'risk-reads-quotes',
  from: { site: 'cloud', service: 'risk' },
  to: { service: 'quotes', major: 1, endpoints: ['latest'], site: 'edge-a' },
  effect: 'allow',
};

describe.skipIf(noDocker !== undefined)('containers', () => {
  const undo: (() => PromiseLike<void>)[] = [];
  const opened = <T extends AsyncDisposable>(thing: T): T => {
    undo.push(() => thing[Symbol.asyncDispose]());
    return thing;
  };
  let parts: Parts;
  let dir: string;
  let admin: AdminClient;
  let service: Causeway;
  let caller: Causeway;

  beforeAll(async () => {
    const folder = opened(await openTemporaryFolder('causeway-containers-'));
    const image = opened(await buildImage('scratch'));
    const volumes = path.join(folder.path, 'volumes');
    await mkdir(volumes);
    parts = opened(await createParts({ image: image.name, volumes }));
    await parts.start('init');
    const [hub, edge] = await Promise.all([parts.start('hub'), parts.start('edge-a')]);
    await Promise.all(['registry', 'gateway-cloud', 'gateway-edge-a'].map(parts.start));

    dir = path.join(folder.path, 'view');
    await viewFromHere(path.join(volumes, 'admin'), dir, hub);
    admin = await connectAdmin(dir, ports);
    undo.push(() => admin.close());
    const healthy = async () => {
      const found = ailments(await admin.status(), ['cloud', 'edge-a'], ['acme']);
      if (found.length > 0) throw new Error(found.join('; '));
      return true;
    };
    await until('the fabric is healthy', healthy, { timeout: 60_000 }).catch((error: Error) => {
      throw new Error(`${error.message}\n${parts.logs()}`);
    });

    await admin.apply([policy]);
    const join = async (site: string, name: string, container: StartedTestContainer) => {
      const creds = path.join(folder.path, `${name}.creds`);
      await addService(admin, { tenant: 'acme', site, service: name, out: creds }, systemRandom);
      const url = `tls://${container.getHost()}:${container.getMappedPort(4222)}`;
      const causeway = await connect({
        url,
        creds,
        ca: path.join(dir, 'pki', 'ca.pem'),
        logger: silentLogger,
      });
      undo.push(() => causeway.close());
      return causeway;
    };
    service = await join('edge-a', 'quotes', edge);
    caller = await join('cloud', 'risk', hub);
    await service.serve(quotes, {
      latest: (_, { caller: from }) => ({ price: 42, for: `${from.site}/${from.service}` }),
      history: () => ({ prices: [] }),
    });
  });
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });

  const call = (endpoint: string) =>
    caller.call({ service: 'quotes', major: 1, endpoint, site: 'edge-a' }, { symbol: 'MSFT' });
  const recordOf = (endpoint: string) =>
    until(`the record of the call of ${endpoint}`, async () => {
      const records = await readRecords(dir, admin);
      return records.find((record) => record.to.endpoint === endpoint && record.site === 'edge-a');
    });

  it('containers - a call from the cloud reaches a service behind the edge, and is recorded', async () => {
    // A service that is new at an edge has the tenant's link come back with other rights, which loses what is under way.
    // Calls of any site cross it only with them: from then on it stays.
    const anySite = { service: 'quotes', major: 1, endpoint: 'latest', site: undefined };
    await until('quotes can be reached by whoever asks any site', () => caller.call(anySite, {}));
    const reply = await until('quotes can be reached from the cloud', () => call('latest'));
    expect(reply).toEqual({ price: 42, for: 'cloud/risk' });
    expect(await recordOf('latest')).toMatchObject({
      tenant: 'acme',
      from: { site: 'cloud', service: 'risk' },
      to: { service: 'quotes', major: 1, endpoint: 'latest' },
      decision: 'allowed',
      policy: 'risk-reads-quotes',
      code: 'OK',
    });
  });

  it('containers - a call that no policy allows is refused at the edge, and is recorded', async () => {
    // A call without a route never got to the edge, and may be made again. Whatever else comes back stands.
    const refusal = await until('the call gets to the edge', async () => {
      const outcome = await call('history').catch((error: unknown) => error);
      if (outcome instanceof CausewayError && ['NO_ROUTE', 'UNREACHABLE'].includes(outcome.code))
        throw outcome;
      return { outcome };
    });
    expect(refusal.outcome).toMatchObject({ code: 'DENIED', number: 403 });
    expect(await recordOf('history')).toMatchObject({
      from: { site: 'cloud', service: 'risk' },
      decision: 'denied',
      code: 'DENIED',
      reason: expect.stringContaining('history'),
    });
  });

  it('containers - causeway status, run beside them, finds nothing wrong', async () => {
    await parts.start('admin');
    // It ends with 1 where something is wrong, and then the start rejects.
    expect(parts.logs()).toMatch(/^admin: edge-a\/gw-1 +up/m);
  });

  it('containers - a part sees its own site, and what it must not change it cannot', async () => {
    const program = `
      const { lookup } = require('node:dns/promises');
      const { readdirSync, writeFileSync } = require('node:fs');
      const fails = (act) => { try { act(); return null; } catch (error) { return error.code; } };
      (async () => console.log(JSON.stringify({
        sites: readdirSync('/fabric/sites'),
        fabric: readdirSync('/fabric').sort(),
        base: ['bin', 'lib', 'usr', 'home'].filter((name) => readdirSync('/').includes(name)),
        written: fails(() => writeFileSync('/opt/causeway/x', '')),
        found: (await Promise.allSettled(['edge-a', 'hub', 'registry'].map((name) => lookup(name)))).map((each) => each.status),
      })))();`;
    expect(JSON.parse(await parts.evaluate('gateway-edge-a', program))).toEqual({
      sites: ['edge-a'],
      fabric: ['founded', 'pki', 'run', 'sites'],
      base: [],
      written: 'EROFS',
      found: ['fulfilled', 'rejected', 'rejected'],
    });
  });

  it('containers - the hub runs the configuration of this repository, which it cannot change', async () => {
    const file = '/fabric/sites/cloud/nats/hub.conf';
    const program = `
      const { readFileSync } = require('node:fs');
      const mount = readFileSync('/proc/mounts', 'utf8').split('\\n').find((line) => line.includes('${file}'));
      console.log(JSON.stringify({ text: readFileSync('${file}', 'utf8'), mode: mount?.split(' ')[3]?.split(',')[0] }));`;
    const text = await readFile(
      path.join(import.meta.dirname, '..', '..', 'nats-config', 'hub.conf'),
      'utf8',
    );
    expect(JSON.parse(await parts.evaluate('hub', program))).toEqual({ text, mode: 'ro' });
  });
});

/** The administrator's folder as it is used outside the containers: there the hub has another address. */
async function viewFromHere(volume: string, dir: string, hub: StartedTestContainer): Promise<void> {
  await cp(volume, dir, { recursive: true });
  const file = path.join(dir, 'sites', 'cloud', 'site.json');
  const settings = JSON.parse(await readFile(file, 'utf8')) as SiteSettings;
  const moved = {
    ...settings,
    host: hub.getHost(),
    ports: { ...settings.ports, client: hub.getMappedPort(4222) },
  };
  await writeFile(file, JSON.stringify(moved));
}

async function readRecords(dir: string, admin: AdminClient): Promise<AuditRecord[]> {
  const console = await openConsole(dir, admin, { tenant: 'any', from: 'beginning' }, ports);
  try {
    const records: AuditRecord[] = [];
    const reading = tailRecords(console, {
      record: (record) => records.push(record),
      damaged: (subject, problem) => {
        throw new Error(`damaged block on ${subject}: ${problem}`);
      },
    });
    await reading.caughtUp;
    await reading.stop();
    return records;
  } finally {
    await console.close();
  }
}
