import { type AdminRecord, encodeJson } from '@causeway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../../../../test/support/manual-clock.ts';
import type { AnyDocument } from '../../documents/store.ts';
import {
  accountOf,
  countingCompiler,
  failureOf,
  memoryDocuments,
  serviceOf,
  siteOf,
} from '../../test-support.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';
import { applyOperation } from './apply.ts';
import { getOperation } from './get.ts';

const policy = (name: string, more: object = {}) => ({
  ...{ kind: 'policy', name, tenant: 'acme', from: {}, to: { service: 'quotes' }, effect: 'allow' },
  ...more,
});
const api = (version: string, request: unknown = true) => ({
  ...{ kind: 'api', tenant: 'acme', service: 'quotes', version },
  endpoints: { latest: { request, reply: true } },
});

const root = { name: 'root', scope: 'any' };
const ada = { name: 'ada', scope: 'acme' };

let store: ReturnType<typeof memoryDocuments>;
let compiler: ReturnType<typeof countingCompiler>;
let apply: AnyAdminOperation;
let acts: AdminRecord[];

beforeEach(() => {
  store = memoryDocuments([accountOf('acme'), accountOf('other')]);
  compiler = countingCompiler(store);
  acts = [];
  apply = applyOperation({ store, compiler, history: { since: async () => acts }, clock: manualClock() });
});

const run = (documents: object[], by = root, more: object = {}) =>
  apply.handle(encodeJson({ documents, ...more }), by);

describe('apply', () => {
  test('apply - all documents are one change, compiled once', async () => {
    await expect(run([policy('p1'), api('1.0.0'), policy('p2')])).resolves.toEqual({
      revision: 5,
      since: 3,
      changes: [
        { kind: 'policy', tenant: 'acme', name: 'p1', change: 'created' },
        { kind: 'api', tenant: 'acme', name: 'quotes.v1', change: 'created' },
        { kind: 'policy', tenant: 'acme', name: 'p2', change: 'created' },
      ],
    });
    expect(store.puts.map((put) => put.length)).toEqual([3]);
    expect(compiler.runs).toBe(1);
  });

  test('apply - only what differs is written, whatever the order of its fields', async () => {
    await run([policy('p1'), policy('p2')]);
    const { effect, ...rest } = policy('p1');
    const reply = await run([{ effect, ...rest }, policy('p2', { effect: 'deny' })]);
    expect((reply as { changes: { change: string }[] }).changes.map(({ change }) => change)).toEqual([
      'unchanged',
      'changed',
    ]);
    expect(store.puts[1]).toMatchObject([{ name: 'p2', effect: 'deny' }]);
    await run([policy('p1')]);
    expect([store.puts.length, compiler.runs]).toEqual([2, 2]);
  });

  test('apply - a dry run says what would change, and changes nothing', async () => {
    const reply = await run([policy('p1')], root, { dryRun: true });
    expect(reply).toMatchObject({ changes: [{ change: 'created' }] });
    expect([store.puts.length, compiler.runs]).toEqual([0, 0]);
    expect((await failureOf(run([policy('p1', { effect: 'maybe' })], root, { dryRun: true }))).code).toBe(
      'INVALID_REQUEST',
    );
  });

  test('apply - a tenant’s administrator need not name the tenant; the fabric’s must where there are several', async () => {
    const { tenant: _, ...nameless } = policy('p1');
    await expect(run([nameless], ada)).resolves.toMatchObject({ changes: [{ tenant: 'acme' }] });
    expect(await failureOf(run([nameless]))).toMatchObject({
      code: 'INVALID_REQUEST',
      pointer: '/documents/0/tenant',
    });
  });
});

describe('warnings', () => {
  const warned = async (...documents: object[]) => (await run(documents)) as { warnings?: object[] };

  test('apply - a glob or label that means nothing yet is a warning, and the policy is applied', async () => {
    const from = { site: 'plant-*', labels: { team: 'trading' } };
    await expect(
      warned(policy('p1', { from, to: { service: 'quo*', endpoints: ['l*', '*x'] } }), api('1.0.0')),
    ).resolves.toMatchObject({
      warnings: [
        { pointer: '/documents/0/from/site', problem: 'plant-* fits no site of tenant acme yet' },
        {
          pointer: '/documents/0/from/labels',
          problem: 'no service has all these labels of tenant acme yet',
        },
        { pointer: '/documents/0/to/endpoints/1', problem: '*x fits no endpoint of tenant acme yet' },
      ],
    });
    expect(store.get('policy.acme.p1')).toBeDefined();
    expect((await warned(policy('p2'))).warnings).toBeUndefined();
    const over = await warned(policy('p3', { expires: '2001-01-01T00:00:00Z' }));
    expect(over.warnings).toMatchObject([{ pointer: '/documents/0/expires' }]);
  });

  test('apply - the tenant may be said in from; another than the policy’s is refused with the reason', async () => {
    const { tenant: _, ...nameless } = policy('p1', { from: { tenant: 'acme' } });
    await expect(run([nameless])).resolves.toMatchObject({ changes: [{ tenant: 'acme' }] });
    const error = await failureOf(run([policy('p2', { to: { service: 'q', tenant: 'other' } })]));
    expect(error.pointer).toBe('/documents/0/to/tenant');
    expect(error.reason).toContain('no call crosses from one tenant to another');
  });
});

describe('all or nothing', () => {
  test.each([
    [
      'a policy that does not fit',
      policy('p2', { effect: 'maybe' }),
      'INVALID_REQUEST',
      '/documents/1/effect',
    ],
    ['a field that is not known', policy('p2', { efect: 'allow' }), 'INVALID_REQUEST', '/documents/1/efect'],
    [
      'a schema that is none',
      api('1.0.0', { type: 'strin' }),
      'INVALID_REQUEST',
      '/documents/1/endpoints/latest/request/type',
    ],
    [
      'a breaking change',
      api('3.1.0', { type: 'string' }),
      'INCOMPATIBLE_API',
      '/documents/1/endpoints/latest/request/type',
    ],
    [
      'a kind that there is not',
      { kind: 'instance', tenant: 'acme' },
      'INVALID_REQUEST',
      '/documents/1/kind',
    ],
    ['no kind', { name: 'p2' }, 'INVALID_REQUEST', '/documents/1/kind'],
    [
      'a tenant that there is not',
      policy('p2', { tenant: 'nobody' }),
      'INVALID_REQUEST',
      '/documents/1/tenant',
    ],
    ['the same twice', policy('p1'), 'INVALID_REQUEST', '/documents/1'],
  ])('apply - %s refuses the whole, and names the place', async (_, document, code, pointer) => {
    await run([api('3.0.0')]);
    const error = await failureOf(run([policy('p1'), document]));
    expect([error.code, error.pointer]).toEqual([code, pointer]);
    expect(store.puts).toHaveLength(1);
    expect(store.get('policy.acme.p1')).toBeUndefined();
  });

  test('apply - a mistyped kind is named before a tenant that is missing, with the kind it is most like', async () => {
    const { reason } = await failureOf(run([{ ...policy('p1'), kind: 'polcy', tenant: undefined }]));
    expect(reason).toBe('/documents/0/kind is "polcy"; expected "policy" or "api"; did you mean "policy"?');
  });

  test('apply - another tenant’s document refuses the whole', async () => {
    const error = await failureOf(run([policy('p1'), policy('p2', { tenant: 'other' })], ada));
    expect(error.code).toBe('DENIED');
    expect(store.puts).toEqual([]);
  });
});

describe('revisions', () => {
  const items = async () => ({
    p1: { ...policy('p1'), revision: store.revisionOf('policy.acme.p1') },
  });

  test('apply - what was read and is as it was is changed; what changed since is a conflict that says who', async () => {
    await run([policy('p1')]);
    const { p1 } = await items();
    await run([{ ...p1, effect: 'deny' }]);
    acts = [
      {
        ...{ at: 0, tenant: 'acme', admin: 'ada', scope: 'acme', op: 'apply', key: 'policy.acme.p1' },
        ...{ revision: 4, before: policy('p1'), after: policy('p1', { effect: 'deny' }) },
      },
    ];
    const error = await failureOf(run([{ ...p1, description: 'mine' }]));
    expect(error).toMatchObject({ code: 'CONFLICT', number: 409, pointer: '/documents/0' });
    expect(error.reason).toBe(
      'policy p1 of tenant acme was read at revision 3 and is at revision 4: ada of tenant acme changed /effect at ' +
        '1970-01-01T00:00:00.000Z (apply, revision 4); read it again, and apply the change to what stands now',
    );
    expect(store.get('policy.acme.p1')).toMatchObject({ effect: 'deny' });
    // The same as stands is no lost update, whenever it was read.
    await expect(run([{ ...p1, effect: 'deny' }])).resolves.toMatchObject({
      changes: [{ change: 'unchanged' }],
    });
  });

  test('apply - what was deleted since is not made anew; revision 0 makes only what is not there', async () => {
    await run([policy('p1')]);
    const { p1 } = await items();
    await store.put([], ['policy.acme.p1']);
    const gone = await failureOf(run([{ ...p1, effect: 'deny' }]));
    expect([gone.code, gone.reason]).toEqual(['CONFLICT', expect.stringContaining('is there no more')]);
    await run([{ ...p1, revision: 0 }]);
    expect((await failureOf(run([{ ...p1, effect: 'deny', revision: 0 }]))).code).toBe('CONFLICT');
    for (const revision of ['3', -1, 1.5, null]) {
      expect(await failureOf(run([{ ...p1, revision }]))).toMatchObject({ pointer: '/documents/0/revision' });
    }
  });

  test('apply - changed fields are told, before and after', async () => {
    await run([policy('p1', { limits: { rate: 5 } })]);
    await expect(run([policy('p1', { limits: { rate: 9 }, audit: 'strict' })])).resolves.toMatchObject({
      changes: [
        {
          change: 'changed',
          fields: [
            { pointer: '/limits/rate', before: '5', after: '9' },
            { pointer: '/audit', after: '"strict"' },
          ],
        },
      ],
    });
  });
});

describe('round trip', () => {
  const get = (kind: string, by = root) =>
    getOperation({ store, compiler, gateways: {} as never, clock: manualClock() }).handle(
      encodeJson({ kind }),
      by,
    ) as Promise<{
      items: Record<string, unknown>[];
    }>;

  test('apply - what get shows of anything changes nothing', async () => {
    await run([policy('p1'), api('1.0.0')], root, { set: 'git' });
    await store.put([siteOf('edge-a'), { ...serviceOf('quotes', 'edge-a'), hosts: [1], labels: { a: 'b' } }]);
    const written = store.puts.length;
    for (const by of [root, ada]) {
      for (const kind of ['policies', 'apis', 'services', 'sites']) {
        const { items } = await get(kind, by);
        expect(items).toHaveLength(1);
        expect(await run(items, by)).toMatchObject({ changes: [{ change: 'unchanged' }] });
      }
    }
    expect(store.puts).toHaveLength(written);
  });

  test('apply - of services labels alone are applied, of sites nothing; what else is other is named', async () => {
    await store.put([siteOf('edge-a'), { ...serviceOf('quotes', 'edge-a'), hosts: [1], labels: { a: 'b' } }]);
    const [service = {}] = (await get('services')).items;
    await expect(run([{ ...service, labels: { c: 'd' } }])).resolves.toMatchObject({
      changes: [{ kind: 'service', name: 'edge-a.quotes', change: 'changed' }],
    });
    expect(store.all.services).toMatchObject([
      { keys: [expect.any(String)], hosts: [1], labels: { c: 'd' } },
    ]);
    expect((await failureOf(run([{ ...service, labels: {} }]))).code).toBe('CONFLICT');
    const { revision: _, ...fresh } = service;
    for (const [more, pointer] of [
      [{ hosts: [1, 2] }, '/documents/0/hosts'],
      [{ keys: 7 }, '/documents/0/keys'],
      [{ labls: {} }, '/documents/0/labls'],
      [{ labels: { 'A B': 'c' } }, '/documents/0/labels/A B'],
      [{ name: 'nobody' }, '/documents/0/name'],
    ] as const) {
      expect(await failureOf(run([{ ...fresh, ...more }]))).toMatchObject({
        code: 'INVALID_REQUEST',
        pointer,
      });
    }
    const [site = {}] = (await get('sites')).items;
    const changed = await failureOf(run([{ ...site, tenants: ['acme', 'other'] }]));
    expect([changed.pointer, changed.reason]).toEqual([
      '/documents/0/tenants',
      expect.stringContaining('sites are not applied'),
    ]);
    expect((await failureOf(run([{ ...site, name: 'edge-z' }]))).pointer).toBe('/documents/0/name');
  });

  test('apply - fields that get adds are admitted beside a revision alone', async () => {
    await run([api('1.0.0')]);
    const [item = {}] = (await get('apis')).items;
    const { revision: _, ...bare } = item;
    expect(await failureOf(run([bare]))).toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('sets', () => {
  const git = (documents: object[], more: object = {}) =>
    run(documents, root, { set: 'git', prune: true, ...more }) as Promise<{
      changes: { change: string; name: string }[];
    }>;
  const names = () => [
    ...store.all.policies.map(({ name }) => name),
    ...store.all.apis.map(({ service }) => service),
  ];

  test('apply - a set prunes what it has made and does not hold any more, and nothing else', async () => {
    await run([policy('by-hand')]);
    await git([policy('p1'), policy('p2'), api('1.0.0')]);
    const dry = await git([policy('p1')], { dryRun: true });
    expect(dry.changes).toMatchObject([
      { change: 'unchanged', name: 'p1' },
      { change: 'deleted', name: 'quotes.v1' },
      { change: 'deleted', name: 'p2' },
    ]);
    expect(names()).toHaveLength(4);
    const writes = store.puts.length;
    await git([policy('p1')]);
    expect([names(), store.puts.length]).toEqual([['by-hand', 'p1'], writes + 1]);
    await run([policy('p9')], root, { set: 'other-set', prune: true });
    expect(names()).toEqual(['by-hand', 'p1', 'p9']);
    expect(await git([policy('p1')])).toMatchObject({ changes: [{ change: 'unchanged' }] });
  });

  test('apply - an API that a service has published itself is none of a set’s; one that is served is kept', async () => {
    await store.put([api('1.0.0') as AnyDocument]);
    await git([policy('p1'), api('1.0.0')]);
    await git([policy('p1')]);
    expect(names()).toEqual(['p1', 'quotes']);
    await git([policy('p1'), api('1.1.0')]);
    await store.put([{ ...serviceOf('quotes', 'edge-a'), hosts: [1] }]);
    expect((await failureOf(git([policy('p1')]))).reason).toContain('is served at edge-a');
    await git([policy('p1')], { force: true });
    expect([names(), store.all.services[0]?.hosts]).toEqual([['p1'], []]);
  });

  test('apply - two sets do not share a document; pruning needs a name, and keeps to a tenant', async () => {
    await git([policy('p1'), policy('p1', { tenant: 'other' })]);
    const taken = await failureOf(run([policy('p1', { effect: 'deny' })], root, { set: 'two' }));
    expect([taken.pointer, taken.reason]).toEqual([
      '/documents/0',
      expect.stringContaining('belongs to set git'),
    ]);
    expect((await failureOf(run([policy('p1')], root, { prune: true }))).pointer).toBe('/set');
    await git([policy('p2', { tenant: 'other' })], { tenant: 'other' });
    expect(store.all.policies.map(({ tenant, name }) => `${tenant}/${name}`)).toEqual([
      'acme/p1',
      'other/p2',
    ]);
    expect(
      (await failureOf(run([policy('p3')], ada, { set: 'git', prune: true, tenant: 'other' }))).code,
    ).toBe('DENIED');
  });
});

describe('access', () => {
  test('apply - a dry run says who gains and loses what, and by which policy', async () => {
    await store.put([
      siteOf('edge-a'),
      siteOf('edge-b'),
      serviceOf('desk', 'edge-b'),
      api('1.0.0') as AnyDocument,
    ]);
    await store.put([{ ...serviceOf('quotes', 'edge-a'), hosts: [1] }]);
    const from = { service: 'desk' };
    const dry = async (document: object) =>
      ((await run([document], root, { dryRun: true })) as { access: object }).access;
    const place = {
      tenant: 'acme',
      from: 'edge-b/desk',
      api: 'quotes.v1',
      endpoint: 'latest',
      site: 'edge-a',
    };
    expect(await dry(policy('p1', { from }))).toEqual({
      ...{ gained: 1, lost: 0, changed: 0, omitted: 0 },
      entries: [{ change: 'gained', ...place, policy: 'p1' }],
    });
    await run([policy('p1', { from })]);
    expect(await dry(policy('p0', { from, effect: 'deny' }))).toMatchObject({
      lost: 1,
      entries: [{ change: 'lost', ...place, policy: 'p0', reason: expect.stringContaining('"p0" denies') }],
    });
    expect(await dry(policy('p1', { from, limits: { rate: 5 } }))).toMatchObject({
      changed: 1,
      entries: [{ change: 'changed', policy: 'p1', after: expect.stringContaining('"rate":5') }],
    });
  });
});
