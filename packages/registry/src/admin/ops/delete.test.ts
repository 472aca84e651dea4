import { encodeJson, type Service } from '@causeway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AnyDocument } from '../../documents/store.ts';
import type { Revoker } from '../../identities/revoker.ts';
import { accountOf, countingCompiler, failureOf, memoryDocuments, serviceOf } from '../../test-support.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';
import { deleteOperation } from './delete.ts';

const policy = (name: string, tenant = 'acme'): AnyDocument => ({
  ...{ kind: 'policy', name, tenant, from: {}, to: { service: 'quotes' }, effect: 'allow' },
});
const api = (version: string): AnyDocument => ({
  ...{ kind: 'api', tenant: 'acme', service: 'quotes', version },
  endpoints: { latest: { request: true, reply: true } },
});
const hosting = (site: string, ...hosts: number[]): Service => ({ ...serviceOf('quotes', site), hosts });

const root = { name: 'root', scope: 'any' };
const ada = { name: 'ada', scope: 'acme' };

let store: ReturnType<typeof memoryDocuments>;
let compiler: ReturnType<typeof countingCompiler>;
let remove: AnyAdminOperation;
let revoked: string[];

beforeEach(() => {
  store = memoryDocuments([
    accountOf('acme'),
    policy('desk-reads'),
    policy('desk-reads', 'other'),
    api('1.2.0'),
    api('2.0.0'),
    hosting('edge-a', 1, 2),
    hosting('edge-b', 1),
    hosting('edge-c', 2),
  ]);
  compiler = countingCompiler(store);
  revoked = [];
  const revoker: Revoker = {
    async service({ tenant, site, service }) {
      revoked.push(`${tenant}/${site}/${service}`);
      const standing = store.get(`service.${tenant}.${site}.${service}`) as Service;
      await store.put([{ ...standing, keys: [] }]);
      return { revision: store.revision, keys: 1 };
    },
    site: () => Promise.reject(new Error('not asked for')),
    removeSite: () => Promise.reject(new Error('not asked for')),
  };
  remove = deleteOperation({ store, compiler, revoker });
});

const run = (request: object, by = root) => remove.handle(encodeJson(request), by);

describe('delete', () => {
  test('delete - a policy goes, and what it allowed is compiled anew', async () => {
    const reply = await run({ kind: 'policy', name: 'desk-reads' });
    expect(reply).toMatchObject({ kind: 'policy', tenant: 'acme', name: 'desk-reads', sites: [] });
    expect(store.all.policies.map(({ tenant }) => tenant)).toEqual(['other']);
    expect([store.isDeleted('policy.acme.desk-reads'), compiler.runs]).toEqual([true, 1]);
  });

  test('delete - an API goes, and with it what its services host, in one change', async () => {
    const reply = await run({ kind: 'api', name: 'quotes.v1' }, ada);
    expect(reply).toMatchObject({ name: 'quotes.v1', sites: ['edge-a', 'edge-b'] });
    expect(store.puts).toHaveLength(1);
    expect(store.all.apis.map(({ version }) => version)).toEqual(['2.0.0']);
    expect(store.all.services.map(({ site, hosts }) => [site, hosts])).toEqual([
      ['edge-a', [2]],
      ['edge-b', []],
      ['edge-c', [2]],
    ]);
  });

  test('delete - a service with credentials is only deleted by force, which revokes it first', async () => {
    const request = { kind: 'service', site: 'edge-b', name: 'quotes' };
    const refused = await failureOf(run(request));
    expect(refused.reason).toContain('causeway revoke acme/edge-b/quotes');
    expect(await run({ ...request, force: true })).toMatchObject({ sites: ['edge-b'], keys: 1 });
    expect(revoked).toEqual(['acme/edge-b/quotes']);
    expect(store.all.services.map(({ site }) => site)).toEqual(['edge-a', 'edge-c']);
  });

  test.each([
    [{ kind: 'policy', name: 'desk-read' }, 'there is no policy desk-read; did you mean "desk-reads"?'],
    [{ kind: 'api', name: 'quotes.v3' }, 'there is no API quotes.v3; did you mean "quotes.v1"?'],
    [{ kind: 'api', name: 'quotes' }, 'there is no API quotes; did you mean "quotes.v1"?'],
    [
      { kind: 'service', site: 'edge-d', name: 'quotes' },
      'there is no service acme/edge-d/quotes; did you mean "acme/edge-a/quotes"?',
    ],
    [{ kind: 'policy', tenant: 'nobody', name: 'p' }, 'there is no policy p; there is none'],
  ])('delete - %j names what is near', async (request, reason) => {
    const { revision } = store;
    expect(await failureOf(run(request))).toMatchObject({ code: 'INVALID_REQUEST', reason });
    expect(store.revision).toBe(revision);
  });

  test('delete - a tenant’s administrator deletes nothing of others; of several tenants one must be named', async () => {
    const theirs = { kind: 'policy', tenant: 'other', name: 'desk-reads' };
    expect((await failureOf(run(theirs, ada))).code).toBe('DENIED');
    await store.put([accountOf('other')]);
    const unnamed = await failureOf(run({ kind: 'policy', name: 'desk-reads' }));
    expect(unnamed).toMatchObject({ pointer: '/tenant', reason: expect.stringContaining('acme, other') });
    await run(theirs);
    expect(store.all.policies.map(({ tenant }) => tenant)).toEqual(['acme']);
  });
});
