import { connectAdmin, fabricLayout, openConsole, readProcesses, verifyChains } from '@causeway/fabric';
import { type AdminRecord, encodeJson } from '@causeway/protocol';
import { readCreds, systemClock, systemRandom } from '@causeway/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { readActs } from '../support/records.ts';
import { silent } from '../support/silent-logger.ts';
import { tenantAdmin } from '../support/tenant-admin.ts';
import { until } from '../support/until.ts';

const ports = { clock: systemClock, random: systemRandom, logger: silent };
const policy = (name: string, tenant: string, more: object = {}) => ({
  ...{ kind: 'policy', name, tenant, effect: 'allow' },
  ...{ from: { service: 'desk' }, to: { service: 'quotes' } },
  ...more,
});

let fabric: TestFabric;
let adaCreds: string;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'], tenants: ['acme', 'globex'] });
  adaCreds = await tenantAdmin(fabric, 'acme', 'ada');
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

const acts = (tenant: string, admin = fabric.admin) => readActs(fabric, tenant, admin);

const becomes = (
  name: string,
  tenant: string,
  admin: typeof fabric.admin,
  test: (records: AdminRecord[]) => boolean,
) =>
  until(name, async () => {
    const found = await acts(tenant, admin);
    return test(found) && found;
  });

describe('admin records', () => {
  it('admin records - apply, delete, service add and revoke are recorded with before and after, and the chain verifies', async () => {
    const { admin } = fabric;
    await admin.apply([policy('p1', 'acme')]);
    await admin.apply([policy('p1', 'acme', { limits: { rate: 5 } })]);
    await admin.apply([policy('p1', 'acme', { limits: { rate: 5 } })]);
    await fabric.identity('edge-a', 'former', 'acme');
    await admin.revoke({ tenant: 'acme', site: 'edge-a', service: 'former' });
    await admin.delete({ kind: 'policy', name: 'p1', tenant: 'acme', force: true });
    const found = await becomes('all is collected', 'acme', admin, (records) =>
      records.some(({ op }) => op === 'delete'),
    );
    const ofPolicy = found.filter(({ key }) => key === 'policy.acme.p1');
    expect(ofPolicy).toMatchObject([
      { op: 'apply', admin: 'root', scope: 'any', before: null, after: { name: 'p1' } },
      { op: 'apply', after: { limits: { rate: 5 } } },
      { op: 'delete', before: { limits: { rate: 5 } }, after: null },
    ]);
    expect(found.filter(({ key }) => key === 'service.acme.edge-a.former')).toMatchObject([
      { op: 'issue', before: null, after: { keys: [expect.stringMatching(/^U/)] } },
      { op: 'revoke', after: { keys: [] } },
    ]);
    const secret = readCreds(await fabric.identity('edge-a', 'former', 'acme')).seed;
    const text = JSON.stringify(found);
    expect([text.includes(secret), /\bS[UAO][A-Z2-7]{50}/.test(text), /\beyJ/.test(text)]).toEqual([
      false,
      false,
      false,
    ]);
    const verified = await causeway(['--dir', fabric.dir, 'audit', 'verify', '-o', 'json']);
    expect(verified).toMatchObject({ code: 0 });
    const report = JSON.parse(verified.stdout) as {
      chains: { gateway: string; tenant: string; problems: number }[];
    };
    expect(report.chains).toContainEqual(
      expect.objectContaining({ source: 'cloud', gateway: 'registry', tenant: 'acme', problems: 0 }),
    );
  });

  it('admin records - a tenant’s administrator who reaches for another’s things is refused, and that is recorded', async () => {
    const globexPolicy = policy('own', 'globex');
    await fabric.admin.apply([globexPolicy]);
    const raw = await rawClient(fabric, 'cloud', adaCreds, '_INBOX.admin.acme.ada.c1');
    const ask = async (op: string, request: object) => {
      const reply = await raw.request(`admin.acme.ada.${op}`, encodeJson(request), {
        timeout: 5_000,
        noMux: true,
        reply: `_INBOX.admin.acme.ada.c1.${op}`,
      });
      return reply.json<{ code?: string }>().code;
    };
    try {
      expect(await ask('apply', { documents: [policy('mine', 'globex')] })).toBe('DENIED');
      expect(await ask('delete', { kind: 'policy', tenant: 'globex', name: 'own', force: true })).toBe(
        'DENIED',
      );
      expect(await ask('revoke', { tenant: 'globex', site: 'edge-a', service: 'x' })).toBe('DENIED');
      expect(await ask('remove-site', { site: 'edge-a', force: true })).toBe('DENIED');
      expect(await ask('no-such-thing', {})).toBe('INVALID_REQUEST');
      // The subject of another tenant is not even heard.
      const refused = (async () => {
        for await (const status of raw.status()) if (status.type === 'error') return String(status.error);
        return undefined;
      })();
      raw.publish('admin.globex.ada.apply', encodeJson({ documents: [globexPolicy] }));
      await raw.flush();
      expect(await refused).toMatch(/permission/i);
    } finally {
      await raw.close();
    }
    const ada = await connectAdmin(fabric.dir, ports, adaCreds);
    try {
      const own = await becomes('refusals are collected', 'acme', ada, (records) =>
        records.some(({ op }) => op === 'unknown'),
      );
      expect(
        own.filter(({ refused }) => refused).map(({ op, key, refused }) => [op, key, refused?.code]),
      ).toEqual([
        ['apply', 'policy.globex.mine', 'DENIED'],
        ['delete', 'policy.globex.own', 'DENIED'],
        ['revoke', 'globex.edge-a.x', 'DENIED'],
        ['remove-site', 'edge-a', 'DENIED'],
        ['unknown', '', 'INVALID_REQUEST'],
      ]);
      expect(new Set(own.map(({ tenant }) => tenant))).toEqual(new Set(['acme']));
      // Nor may he read another's, or the fabric's.
      for (const tenant of ['globex', 'any']) {
        await expect(acts(tenant, ada)).rejects.toMatchObject({ code: 'DENIED' });
      }
    } finally {
      await ada.close();
    }
    expect((await fabric.admin.get('policies', 'own')).items).toHaveLength(1);
    expect((await acts('globex')).some(({ refused }) => refused)).toBe(false);
  });

  it('admin records - a flood of refused acts is answered, and recorded with its number', async () => {
    const ada = await connectAdmin(fabric.dir, ports, adaCreds);
    try {
      const before = (await acts('acme')).length;
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, () =>
          ada.delete({ kind: 'policy', tenant: 'globex', name: 'own' }).catch((error) => error.code),
        ),
      );
      expect(new Set(outcomes)).toEqual(new Set(['DENIED']));
      const total = (records: AdminRecord[]) =>
        records.slice(before).reduce((sum, { refused }) => sum + (refused ? (refused.count ?? 1) : 0), 0);
      const found = await becomes('all are counted', 'acme', ada, (records) => total(records) >= 200);
      expect([total(found), found.length - before < 150]).toEqual([200, true]);
    } finally {
      await ada.close();
    }
  });

  it('admin records - the command line shows them by class', async () => {
    const tail = (...args: string[]) =>
      causeway(['--dir', fabric.dir, 'audit', 'tail', '--no-follow', '--class', ...args]);
    const lines = (await tail('admin', '--tenant', 'acme')).stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^\S+ acme root@any apply policy\.acme\.p1 r\d+ created$/);
    expect(lines[1]).toMatch(/ apply policy\.acme\.p1 r\d+ changed \/limits$/);
    expect(lines.join('\n')).toMatch(/ acme ada@acme apply policy\.globex\.mine DENIED administrator ada /);
    expect((await tail('access')).stdout).not.toContain('apply');
    const json = (await tail('admin', '-o', 'json')).stdout.trim().split('\n');
    expect(JSON.parse(json[0] as string)).toMatchObject({ gateway: 'registry', op: 'apply', before: null });
  });

  it('admin records - the registry killed again and again while policies are applied: each that stands has its record', async () => {
    const registryPid = async () => (await readProcesses(fabricLayout(fabric.dir).processes)).registry;
    let applied = 0;
    let killed = 0;
    while (killed < 4) {
      const pid = await until('the registry runs', registryPid);
      const writes = Array.from({ length: 5 }, (_, index) =>
        fabric.admin.apply([policy(`k${killed}-${index}`, 'acme')]).then(
          () => {
            applied += 1;
          },
          () => {},
        ),
      );
      await Promise.race(writes);
      process.kill(pid, 'SIGKILL');
      killed += 1;
      await until(
        'another registry answers',
        async () => {
          if ((await registryPid()) === pid) return false;
          return fabric.admin.status().then(
            () => true,
            () => false,
          );
        },
        { timeout: 60_000 },
      );
      await Promise.all(writes);
    }
    const standing = (await fabric.admin.get('policies')).items.filter(({ name }) =>
      String(name).startsWith('k'),
    );
    expect(standing.length).toBeGreaterThanOrEqual(applied);
    const found = await becomes('all are recorded', 'acme', fabric.admin, (records) =>
      standing.every(({ name }) => records.some(({ key }) => key === `policy.acme.${name}`)),
    );
    for (const { name } of standing) {
      expect(found.filter(({ key }) => key === `policy.acme.${name}`)).toHaveLength(1);
    }
    const console = await openConsole(fabric.dir, fabric.admin, { tenant: 'any', from: 'beginning' }, ports);
    try {
      expect((await verifyChains(console, () => {})).problems).toEqual([]);
    } finally {
      await console.close();
    }
  }, 180_000);
});
