import { encodeJson } from '@causeway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../../../../test/support/manual-clock.ts';
import { accountOf, countingCompiler, failureOf, memoryDocuments } from '../../test-support.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';
import { applyOperation } from './apply.ts';

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

beforeEach(() => {
  store = memoryDocuments([accountOf('acme'), accountOf('other')]);
  compiler = countingCompiler(store);
  apply = applyOperation({ store, compiler, clock: manualClock() });
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
    ['a kind that there is not', { kind: 'site', tenant: 'acme' }, 'INVALID_REQUEST', '/documents/1/kind'],
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
