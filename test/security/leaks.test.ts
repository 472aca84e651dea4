import { isIPv4, isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { fabricLayout, openConsole, readProcesses, readSite, tailRecords } from '@causeway/fabric';
import type { CallContext } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { headers as createHeaders, type Msg } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawInstance } from '../support/raw-instance.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { admitWitnesses, type Witnesses } from './support/witness.ts';

/**
 * Everything that crosses a site or tenant boundary passes through an account of the hub: the tenants' (calls, replies,
 * errors), CONTROL (what sites and administrators say to the registry and are told, tables, records on their way) and OPS
 * (announcements, records, counters, what consoles read). A witness in each writes all of it down while a fabric does all
 * that it can; no host, address or port of it may be in there.
 */

/** One message, as text: subject, headers, body. */
interface Captured {
  readonly account: string;
  readonly subject: string;
  readonly text: string;
}

const tenants = ['acme', 'globex'];
const edges = ['edge-a', 'edge-b'];
const accounts = ['CONTROL', 'OPS', ...tenants];

let fabric: TestFabric;
let witnesses: Witnesses;
const captured: Captured[] = [];
/** Names, addresses and ports of this machine, this fabric's servers, and its processes' folder. */
let secrets: string[];
let ports: number[];

/**
 * JetStream at the hub and the hub's own parts speak of connections among themselves; nobody else may listen
 * to these subjects (the escape matrices try).
 */
const withinTheHub = (subject: string) => subject.startsWith('$JS.') || subject.startsWith('$SYS.');

function note(account: string, message: Msg): void {
  if (withinTheHub(message.subject)) return;
  const headers = [...(message.headers ?? [])].map(([name, values]) => `${name}: ${values.join(', ')}`);
  const data = Buffer.from(message.data).toString('utf8');
  const isSite = account === 'CONTROL' && message.subject.startsWith('$KV.documents.site.');
  const body = isSite && data ? withoutCertificateHosts(data) : data;
  const text = [message.subject, ...headers, body].join('\n');
  captured.push({ account, subject: message.subject, text });
}

/**
 * The registry keeps for what its sites' certificates may be in the documents of sites: that one field, on its way into
 * the store that it alone writes and reads. Whatever else is in there, and wherever else the field turns up, is scanned.
 */
function withoutCertificateHosts(site: string): string {
  const { hosts: _, ...document } = JSON.parse(site) as Record<string, unknown>;
  return JSON.stringify(document);
}

/** The text, and what the tokens in it say. */
function* readings(text: string): Iterable<string> {
  yield text;
  for (const [, claims = ''] of text.matchAll(/\beyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/g)) {
    yield Buffer.from(claims, 'base64url').toString('utf8');
  }
}

/** Whether a text has a name or address in it; a name may be as short as another word, but is none within one. */
function names(text: string, secret: string): boolean {
  const plain = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.-])${plain}(?![\\w-])`, 'i').test(text);
}

/** Hosts, addresses and ports in a text. */
function leaksIn(text: string): string[] {
  const found = new Set<string>();
  for (const reading of readings(text)) {
    for (const secret of secrets) if (names(reading, secret)) found.add(secret);
    for (const [candidate] of reading.matchAll(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g)) {
      if (isIPv4(candidate)) found.add(candidate);
    }
    for (const [candidate] of reading.matchAll(/[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*/g)) {
      if (isIPv6(candidate) && candidate !== '::') found.add(candidate);
    }
    for (const port of ports) {
      if (new RegExp(`[^\\s",]:${port}\\b|port\\W{1,4}${port}\\b`, 'i').test(reading))
        found.add(`port ${port}`);
    }
  }
  return [...found];
}

const api = (tenant: string, version = '1.0.0', more: object = {}) => ({
  kind: 'api',
  tenant,
  service: 'quotes',
  version,
  endpoints: {
    latest: { request: { type: 'object' }, reply: {} },
    fail: { request: {}, reply: {} },
    slow: { request: {}, reply: {} },
  },
  ...more,
});
const policy = (tenant: string, name: string, more: object) => ({
  ...{ kind: 'policy', tenant, name, effect: 'allow' },
  ...{ from: { service: 'desk' }, to: { service: 'quotes' } },
  ...more,
});

/** What a library says when its database is away, with everything that must not be told. */
const disaster = () =>
  `connect ECONNREFUSED 127.0.0.1:${ports[0]}, ::1:${ports[1]}, tls://localhost:${ports[0]}, fe80::1; ` +
  `getaddrinfo ENOTFOUND ${hostname()}`;

async function serve(tenant: string, site: string): Promise<void> {
  const causeway = await fabric.connect(site, 'quotes', tenant);
  await causeway.serve(
    api(tenant) as never,
    {
      latest: (_: unknown, { caller }: CallContext) => caller,
      fail: () => {
        throw new Error(disaster());
      },
      slow: () => new Promise(() => {}),
    } as never,
  );
}

/** Calls that succeed, fail in each way that there is, or reach nobody. */
async function callEverything(tenant: string, site: string): Promise<string[]> {
  const desk = await fabric.connect(site, 'desk', tenant);
  const stranger = await fabric.connect(site, 'stranger', tenant);
  const outcomes: string[] = [];
  const call = async (as: typeof desk, service: string, endpoint: string, input: unknown, at?: string) => {
    const to = { service, major: 1, endpoint, site: at };
    await as.call(to, input, { timeout: 1_500 }).then(
      () => outcomes.push('OK'),
      ({ code, message }: { code: string; message: string }) => {
        outcomes.push(code);
        captured.push({ account: tenant, subject: `error at ${site}`, text: message });
      },
    );
  };
  for (const at of [undefined, 'cloud', ...edges]) await call(desk, 'quotes', 'latest', {}, at);
  for (const at of edges) await call(desk, 'quotes', 'fail', null, at);
  await call(desk, 'quotes', 'slow', null);
  await call(desk, 'quotes', 'latest', 'no object');
  await call(desk, 'quotes', 'nothing', {});
  await call(desk, 'nobody', 'latest', {});
  await call(desk, 'quotes', 'latest', {}, 'nowhere');
  await call(stranger, 'quotes', 'latest', {});
  for (let n = 0; n < 4; n += 1) await call(desk, 'limited', 'x', {});
  return outcomes;
}

beforeAll(async () => {
  fabric = await startTestFabric({ edges, tenants });
  const sites = await Promise.all(['cloud', ...edges].map((site) => readSite(fabric.dir, site)));
  ports = sites.flatMap((site) => Object.values(site.ports));
  const addresses = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  );
  secrets = [
    ...new Set([
      hostname(),
      'localhost',
      fabric.dir,
      ...sites.flatMap(({ host, listen }) => [host, listen]),
      ...addresses.filter((address) => address.length > 4),
    ]),
  ];
  witnesses = await admitWitnesses(fabric, ['cloud']);
  for (const account of accounts) {
    const { connection } = await witnesses.at('cloud', account);
    connection.subscribe('>', { callback: (_error, message) => note(account, message) });
    await connection.flush();
  }
}, 120_000);
afterAll(async () => {
  await witnesses?.close();
  await fabric?.[Symbol.asyncDispose]();
});

describe('leaks', () => {
  it('leaks - a host, an address and a port are found, wherever they are planted', async () => {
    const { connection } = await witnesses.at('cloud', 'acme');
    const token = `eyJhbGciOiJub25lIn0.${Buffer.from('{"host":"198.51.100.7"}').toString('base64url')}.c2ln`;
    const planted: [string, string, string][] = [
      ['planted.body', JSON.stringify({ at: hostname() }), hostname()],
      ['planted.v4', 'connect to 203.0.113.9 failed', '203.0.113.9'],
      ['planted.v6', 'connect to 2001:db8::5 failed', '2001:db8::5'],
      ['planted.port', `{"port":${ports[0]}}`, `port ${ports[0]}`],
      ['planted.url', `tls://cloud:${ports[0]}`, `port ${ports[0]}`],
      ['planted.token', token, '198.51.100.7'],
      ['planted.header', '', '203.0.113.10'],
    ];
    for (const [subject, body, secret] of planted) {
      const headers = createHeaders();
      if (subject === 'planted.header') headers.set('Where', secret);
      connection.publish(subject, body, { headers });
    }
    await until(
      'all of it is heard',
      () => captured.filter(({ subject }) => subject.startsWith('planted.')).length === 7,
    );
    for (const [subject, , secret] of planted) {
      const { text = '' } = captured.find((each) => each.subject === subject) ?? {};
      expect([subject, leaksIn(text)]).toEqual([subject, expect.arrayContaining([secret])]);
    }
    captured.length = 0;
    expect(leaksIn('version 1.2.3 at 12:30:45, 2026-12-24T18:00:00Z, {"bytes":10}')).toEqual([]);
  });

  it('leaks - nothing that crosses a boundary names a host, an address or a port of the fabric', async () => {
    // Publishing, granting, refusing, by administrators and services, at all sites, for both tenants.
    for (const tenant of tenants) {
      for (const site of ['cloud', ...edges]) await serve(tenant, site);
      await fabric.admin.apply([
        policy(tenant, 'desk', {}),
        policy(tenant, 'limited', { to: { service: 'limited' }, limits: { rate: 1, burst: 1 } }),
      ]);
    }
    const limited = await rawInstance(fabric, 'edge-b', {
      ...{ kind: 'api', version: '1.0.0', service: 'limited' },
      endpoints: { x: { request: {}, reply: {} } },
    } as never);
    limited.onRequest = (message) => {
      const headers = createHeaders();
      headers.set('Nats-Service-Error-Code', '500');
      headers.set('Nats-Service-Error', disaster());
      message.respond(disaster(), { headers });
    };
    const watchers = await Promise.all(tenants.map((tenant) => fabric.connect('edge-a', 'desk', tenant)));
    for (const watcher of watchers) {
      await until('it may call', async () => (await watcher.discover()).length > 0);
      await watcher.discover({
        onChange: (event) => captured.push({ account: 'sdk', subject: 'event', text: JSON.stringify(event) }),
      });
    }
    const outcomes = [
      ...(await callEverything('acme', 'edge-a')),
      ...(await callEverything('globex', 'cloud')),
    ];
    expect([...new Set(outcomes)]).toEqual(
      expect.arrayContaining(['OK', 'SERVICE_ERROR', 'INVALID_REQUEST', 'NO_ROUTE', 'DEADLINE_EXCEEDED']),
    );
    const deprecated = { date: '2027-03-31', note: 'call v2' };
    await fabric.admin.apply([api('acme', '1.0.1', { deprecated })]);
    await fabric.admin.apply([{ kind: 'policy' }]).catch(() => {});
    await fabric.admin.apply([api('globex', '1.0.0', { endpoints: {} })]).catch(() => {});
    await fabric.admin.delete({ kind: 'policy', tenant: 'globex', name: 'desk', force: true });
    await fabric.admin.get('instances');
    await fabric.admin.get('sites');
    await fabric.admin.status();
    await fabric.identity('edge-b', 'fired');
    await fabric.admin.revoke({ tenant: 'acme', site: 'edge-b', service: 'fired' });
    // A tenant's administrator, and one who asks for nonsense.
    const control = await witnesses.at('cloud', 'CONTROL');
    for (const op of ['status', 'get', 'apply', 'nonsense']) {
      control.connection.publish(`admin.acme.tester.${op}`, '{"kind":"sites"}', {
        reply: `_INBOX.admin.acme.tester.c.${op}`,
      });
    }
    await until('the administrator is answered', () =>
      captured.some(({ subject }) => subject === '_INBOX.admin.acme.tester.c.status'),
    );

    // Parts die and come back.
    const processes = await readProcesses(fabricLayout(fabric.dir).processes);
    for (const part of ['gateway edge-a', 'registry', 'server edge-b'])
      process.kill(processes[part] as number, 'SIGKILL');
    await until('all is well again', async () => (await callEverything('acme', 'edge-a'))[3] === 'OK', {
      timeout: 60_000,
      every: 500,
    });

    await until('the registry answers', () => fabric.admin.status(), { timeout: 60_000, every: 250 });

    // A console reads records and counters.
    for (const tenant of ['any', ...tenants]) {
      const console = await openConsole(
        fabric.dir,
        fabric.admin,
        { tenant, from: 'beginning' },
        {
          ...{ clock: systemClock, random: systemRandom, logger: silent },
        },
      );
      const reading = tailRecords(console, {
        record: (record) =>
          captured.push({ account: 'console', subject: 'record', text: JSON.stringify(record) }),
        damaged: (subject, problem) => expect.fail(`${subject} ${problem}`),
      });
      await reading.caughtUp;
      await reading.stop();
      await console.close();
    }
    const kinds = (account: string, prefix: string) =>
      captured.filter((each) => each.account === account && each.subject.startsWith(prefix)).length;
    // A test that heard nothing would find nothing.
    for (const [account, prefix] of [
      ['acme', 'call.'],
      ['acme', '_INBOX.'],
      ['globex', 'call.'],
      ['CONTROL', 'control.edge-a.renew'],
      ['CONTROL', '$KV.compiled.'],
      ['CONTROL', '_INBOX.edge-a.gateway.'],
      ['CONTROL', 'collect.'],
      ['CONTROL', '_INBOX.admin.'],
      ['CONTROL', 'audit.'],
      ['OPS', 'discovery.'],
      ['OPS', 'from.'],
      ['sdk', 'event'],
      ['console', 'record'],
    ] as const) {
      expect([account, prefix, kinds(account, prefix) > 0]).toEqual([account, prefix, true]);
    }
    const leaks = captured
      .map(({ account, subject, text }) => ({
        account,
        subject,
        found: leaksIn(text),
        text: text.slice(0, 400),
      }))
      .filter(({ found }) => found.length > 0);
    expect(leaks.slice(0, 5)).toEqual([]);
    await limited.close();
    expect(captured.length).toBeGreaterThan(500);
  }, 240_000);
});
