import { encodeJson, type Service } from '@causeway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../../../../test/support/manual-clock.ts';
import type { AnyDocument } from '../../documents/store.ts';
import type { Revoker } from '../../identities/revoker.ts';
import {
  accountOf,
  countingCompiler,
  failureOf,
  memoryDocuments,
  serviceOf,
  siteOf,
} from '../../test-support.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';
import type { LateCall } from '../documents/call-history.ts';
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
let called: LateCall[];

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
  called = [];
  remove = deleteOperation({
    store,
    compiler,
    revoker,
    calls: { of: async () => called },
    clock: manualClock(),
  });
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
    const reply = await run({ kind: 'api', name: 'quotes.v1', force: true }, ada);
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
    expect(refused.reason).toContain('and serves quotes.v1 at edge-b');
    expect(await run({ ...request, force: true })).toMatchObject({ sites: ['edge-b'], keys: 1 });
    expect(revoked).toEqual(['acme/edge-b/quotes']);
    expect(store.all.services.map(({ site }) => site)).toEqual(['edge-a', 'edge-c']);
  });

  test('delete - an API in use says who serves it, which policies name it and who called it', async () => {
    called = [{ from: 'edge-b/desk', endpoint: 'latest', at: manualClock().now() - 12_000 }];
    await store.put([{ ...policy('v1-alone'), to: { service: 'quotes', major: 1 } } as AnyDocument]);
    expect(await failureOf(run({ kind: 'api', name: 'quotes.v1' }))).toMatchObject({
      code: 'INVALID_REQUEST',
      reason:
        'API quotes.v1 is in use: served at edge-a, edge-b; named by policies v1-alone; ' +
        'called by edge-b/desk (latest, 12 s ago); --force deletes it all the same',
    });
    expect(store.get('api.acme.quotes.v1')).toBeDefined();
    await run({ kind: 'api', name: 'quotes.v2', force: true });
    // The last one is what a policy without a major is about.
    expect((await failureOf(run({ kind: 'api', name: 'quotes.v1' }))).reason).toContain(
      'named by policies desk-reads, v1-alone',
    );
  });

  test('delete - a policy that alone allows calls says whose; one beside another like it does not', async () => {
    await store.put([siteOf('edge-a'), siteOf('edge-b'), siteOf('edge-c'), serviceOf('desk', 'edge-b')]);
    const { reason } = await failureOf(run({ kind: 'policy', name: 'desk-reads' }));
    expect(reason).toMatch(
      /^policy desk-reads is in use: it alone allows edge-\w\/\w+ quotes\.v1\.latest@edge-a, .* and \d+ more; --force/,
    );
    await store.put([policy('the-same')]);
    await run({ kind: 'policy', name: 'desk-reads' });
    expect(store.get('policy.acme.desk-reads')).toBeUndefined();
    expect(await failureOf(run({ kind: 'policy', name: 'the-same' }))).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    await run({ kind: 'policy', name: 'the-same', force: true });
  });

  test('delete - what a set has made leaves the set: whoever makes it again owns it', async () => {
    const members = ['api.acme.quotes.v1', 'policy.acme.desk-reads'];
    await store.put([{ kind: 'set', tenant: 'acme', name: 'git', members }]);
    await run({ kind: 'policy', name: 'desk-reads' });
    await run({ kind: 'api', name: 'quotes.v1', force: true });
    expect(store.sets).toMatchObject([{ members: [] }]);
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
