import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { createKeys, parseCreds } from '@causeway/identity';
import { systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { until } from '../support/until.ts';
import type { Surroundings } from './support/cells.ts';
import type { Pass } from './support/knock.ts';
import { rawClient } from './support/raw-client.ts';
import { foreignReplies, type Question, type Reflections, slips, tryReplies } from './support/replies.ts';
import type { Holder } from './support/rights.ts';
import { issue, sites } from './support/roster.ts';
import { covers } from './support/subject-match.ts';
import { admitWitnesses, type Witnesses } from './support/witness.ts';

let fabric: TestFabric;
let ca: string;
let witnesses: Witnesses;
/** Marks of calls that reached an instance. */
const served = new Set<string>();
let cells = 0;

const echo = (service: string) =>
  ({ kind: 'api', service, version: '1.0.0', endpoints: { say: { request: {}, reply: {} } } }) as const;

const around: Surroundings = {
  sites,
  tenants: ['acme'],
  others: ['quotes', 'desk', 'gw-2'],
  streams: { AUDIT: ['gw-1', 'edge-a'], KV_compiled: ['gw-1'], KV_documents: [] },
  domain: 'cloud',
  accountKey: 'matrix',
};

async function creds(file: string): Promise<Pass> {
  return parseCreds(await readFile(file, 'utf8'));
}

/** Asks with every foreign reply subject there is, and tells what came of it. */
async function ask(
  at: { site: string; pass: Pass; holder: Holder },
  ears: readonly (readonly [site: string, account: string])[],
  question: Question,
): Promise<Reflections> {
  const asker = await rawClient(fabric.url(at.site), ca, at.pass);
  const listening = await Promise.all(ears.map(([site, account]) => witnesses.at(site, account)));
  const own = (subject: string) => covers(question.own, subject) && /^[\w.-]+$/.test(subject);
  const replies = [...new Set([...foreignReplies(at.holder, around, own), ...slips(question.inbox)])];
  const result = await tryReplies(
    asker,
    listening,
    question,
    replies.filter((reply) => !own(reply)),
  );
  await asker.close();
  cells += result.cells;
  return result;
}

beforeAll(async () => {
  fabric = await startTestFabric();
  ca = await readFile(fabric.ca, 'utf8');
  await fabric.admin.apply(
    [
      ['quotes', 'edge-a'],
      ['risk', 'cloud'],
    ].map(([service, site]) => ({
      kind: 'policy',
      name: `trader-${service}`,
      from: { site: 'edge-a', service: 'trader' },
      to: { service, major: 1, endpoints: ['say'], site },
      effect: 'allow',
    })),
  );
  for (const [site, service] of [
    ['edge-a', 'quotes'],
    ['cloud', 'risk'],
  ] as const) {
    const server = await fabric.connect(site, service);
    await server.serve(echo(service), {
      say: (input) => {
        served.add(String((input as { mark: string }).mark));
        return input as object;
      },
    });
  }
  const trader = await fabric.connect('edge-a', 'trader');
  for (const service of ['quotes', 'risk']) {
    const call = () =>
      trader.call({ service, major: 1, endpoint: 'say', site: undefined }, { mark: 'first' });
    await until(`${service} can be reached`, call);
  }
  witnesses = await admitWitnesses(fabric, sites);
});
afterAll(async () => {
  process.stdout.write(`escape matrix: ${cells} reply subjects named\n`);
  await witnesses?.close();
  await fabric?.[Symbol.asyncDispose]();
});

// A link that was cut in the midst of it is dialled again within half a minute.
describe('escape matrix, replies', { timeout: 180_000 }, () => {
  const tenantEars = [
    ['edge-a', 'acme'],
    ['cloud', 'acme'],
    ['edge-b', 'acme'],
  ] as const;

  it.each([
    'call.edge-a.trader.edge-a.quotes.v1.say',
    'call.edge-a.trader.any.quotes.v1.say',
    'call.edge-a.trader.cloud.risk.v1.say',
    'call.edge-a.trader.cloud.risk.v1.none',
    'registry.edge-a.trader.discover',
    'registry.edge-a.trader.register',
  ])(
    'escape matrix, replies - a gateway answers a service on %s nowhere but in its inbox',
    async (subject) => {
      const holder: Holder = {
        kind: 'tenant',
        role: 'service',
        name: 'trader',
        site: 'edge-a',
        tenant: 'acme',
      };
      const pass = await creds(await fabric.identity('edge-a', 'trader'));
      served.clear();
      const { reflected, twins, cells } = await ask({ site: 'edge-a', pass, holder }, tenantEars, {
        subject,
        body: (mark) => JSON.stringify(subject.startsWith('call.') ? { mark } : { protocol: 1 }),
        own: '_INBOX.edge-a.trader.*.*',
        inbox: (token) => `_INBOX.edge-a.trader.connection.${token}`,
      });
      expect(reflected).toEqual([]);
      expect(twins).toBe(cells);
      expect([...served].filter((mark) => mark.startsWith('foreign'))).toEqual([]);
    },
  );

  it.each(['edge-a', 'cloud'])(
    'escape matrix, replies - the registry answers the gateway of %s nowhere but in its inbox',
    async (site) => {
      const cloud = site === 'cloud';
      const pass = await creds(path.join(fabricLayout(fabric.dir).site(site).creds, 'gateway.creds'));
      const holder: Holder = { kind: cloud ? 'control' : 'site', role: 'gateway', name: 'gw-1', site };
      const ears = cloud
        ? ([['cloud', 'CONTROL']] as const)
        : ([
            ['cloud', 'CONTROL'],
            [site, `site-${site}`],
          ] as const);
      const { reflected, twins, cells } = await ask({ site, pass, holder }, ears, {
        subject: `control.${site}.renew`,
        body: () => '{}',
        // The subject of a renewal pins the site: any replica of that site is the one that asks.
        own: `_INBOX.${site}.gateway.*.*`,
        inbox: (token) => `_INBOX.${site}.gateway.gw-1.${token}`,
      });
      expect(reflected).toEqual([]);
      expect(twins).toBe(cells);
    },
  );

  it.each([
    ['any', 'root'],
    ['acme', 'amy'],
  ])(
    'escape matrix, replies - the registry answers administrators of %s nowhere but in their inbox',
    async (tenant, name) => {
      const pass =
        name === 'root'
          ? await creds(fabricLayout(fabric.dir).admin)
          : await issue(fabric, 'admin', name, { tenant });
      const holder: Holder = {
        kind: 'control',
        role: name === 'root' ? 'fabric-admin' : 'admin',
        name,
        tenant,
      };
      const { reflected, twins, cells } = await ask({ site: 'cloud', pass, holder }, [['cloud', 'CONTROL']], {
        subject: `admin.${tenant}.${name}.get`,
        body: () => JSON.stringify({ kind: 'sites' }),
        own: `_INBOX.admin.${tenant}.${name}.*.*`,
        inbox: (token) => `_INBOX.admin.${tenant}.${name}.connection.${token}`,
      });
      expect(reflected).toEqual([]);
      expect(twins).toBe(cells);
    },
  );
});

describe('escape matrix, names', () => {
  it.each(['*', '>', 'a.b', 'gateway', 'any', 'registry', 'Quotes', 'a b', '', '{{name()}}', 'x'.repeat(64)])(
    'escape matrix, names - nobody is issued as %j, which a template would put into subjects',
    async (service) => {
      const { publicKey: key } = createKeys('user', systemRandom);
      await expect(
        fabric.admin.issue({ tenant: 'acme', site: 'edge-a', service, key }),
      ).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      });
    },
  );

  it.each(['*', '>', 'edge-a.edge-b', 'edge-*', 'nowhere'])(
    'escape matrix, names - nobody is issued for site or tenant %j',
    async (name) => {
      const { publicKey: key } = createKeys('user', systemRandom);
      const good = { tenant: 'acme', site: 'edge-a', service: 'matrix', key };
      for (const request of [
        { ...good, site: name },
        { ...good, tenant: name },
      ]) {
        await expect(fabric.admin.issue(request)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      }
    },
  );

  it('escape matrix, names - a good name is issued', async () => {
    const { publicKey: key } = createKeys('user', systemRandom);
    const { jwt } = await fabric.admin.issue({
      tenant: 'acme',
      site: 'edge-a',
      service: 'x'.repeat(63),
      key,
    });
    expect(jwt).toMatch(/^ey/);
  });
});
