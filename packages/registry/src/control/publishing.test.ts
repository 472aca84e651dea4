import { maxHosts } from '@causeway/identity';
import { CausewayError, type Manifest } from '@causeway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { manualClock, settle } from '../../../../test/support/manual-clock.ts';
import { countingCompiler, failureOf, memoryDocuments, serviceOf, siteOf } from '../test-support.ts';
import { acceptManifest, createPublishing, type Publishing } from './publishing.ts';

const text = { type: 'object', properties: { symbol: { type: 'string' } }, required: ['symbol'] };
const count = { type: 'object', properties: { symbol: { type: 'integer' } }, required: ['symbol'] };

function manifest(version: string, request: object = text, service = 'quotes'): Manifest {
  return { kind: 'api', service, version, endpoints: { latest: { request, reply: true } } } as Manifest;
}

let store: ReturnType<typeof memoryDocuments>;
let compiler: ReturnType<typeof countingCompiler>;
let publishing: Publishing;

beforeEach(() => {
  store = memoryDocuments([
    ...[siteOf('edge-a'), siteOf('edge-b')],
    ...[serviceOf('quotes', 'edge-a'), serviceOf('quotes', 'edge-b')],
  ]);
  compiler = countingCompiler(store);
  publishing = createPublishing({ store, compiler, clock: manualClock() });
});

const hosts = (site: string) => {
  const found = store.get(`service.acme.${site}.quotes`);
  return found?.kind === 'service' ? found.hosts : undefined;
};

describe('accepting', () => {
  const accepting = (value: unknown) => Promise.resolve().then(() => acceptManifest(store, 'acme', value));

  test('publishing - a manifest that does not fit is refused with the place of the fault', async () => {
    const cases: [unknown, string][] = [
      [{ ...manifest('1.0.0'), version: '1' }, '/version'],
      [{ ...manifest('1.0.0'), secret: 1 }, '/secret'],
      [manifest('1.0.0', { type: 'strin' }), '/endpoints/latest/request/type'],
      ['quotes', ''],
    ];
    for (const [value, pointer] of cases) {
      const { code, pointer: at, reason } = await failureOf(accepting(value));
      expect([code, at]).toEqual(['INVALID_REQUEST', pointer]);
      expect(reason).toContain(`manifest${pointer} `);
    }
  });

  test('publishing - a breaking change is refused with every difference, and the way out', async () => {
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    const error = await failureOf(
      accepting({ ...manifest('1.1.0', count), endpoints: { other: { request: true, reply: true } } }),
    );
    expect(error.code).toBe('INCOMPATIBLE_API');
    expect(error.reason).toContain('publish it as version 2.0.0): /endpoints/latest was removed');
    expect(error.differences).toEqual([{ pointer: '/endpoints/latest', why: 'callers may call it' }]);
    expect(error.pointer).toMatch(/^\/endpoints\/latest/);
    expect((await accepting(manifest('2.0.0', count))).api.tenant).toBe('acme');
  });

  test('publishing - every difference is told, at its place, with what was and is', async () => {
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    const error = await failureOf(accepting({ ...manifest('1.1.0', { ...count, maxProperties: 3 }) }));
    expect([error.code, error.pointer]).toEqual([
      'INCOMPATIBLE_API',
      '/endpoints/latest/request/properties/symbol/type',
    ]);
    expect(error.differences).toEqual([
      {
        pointer: '/endpoints/latest/request/properties/symbol/type',
        before: '"string"',
        after: '"integer"',
        why: 'callers may send a value that is not of type integer, which is refused now',
      },
      {
        pointer: '/endpoints/latest/request/maxProperties',
        after: '3',
        why: 'callers may send more than 3 fields, which is refused now',
      },
    ]);
  });

  test('publishing - a request may be widened under the same major', async () => {
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.1.0', { ...text, required: [] })]);
    expect(store.get('api.acme.quotes.v1')).toMatchObject({ version: '1.1.0' });
  });

  test('publishing - a service that starts again does not take back what an administrator deprecated', async () => {
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    const deprecated = { date: '2027-01-31', note: 'call prices' };
    await store.put([{ ...manifest('1.0.0'), tenant: 'acme', deprecated }]);
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.1')]);
    expect(store.get('api.acme.quotes.v1')).toMatchObject({ version: '1.0.1', deprecated });
  });

  test('publishing - the tenant is that of the publisher, whatever the manifest says', async () => {
    expect((await accepting({ ...manifest('1.0.0'), tenant: 'other' })).api.tenant).toBe('acme');
  });
});

describe('publishing', () => {
  test('publishing - a site that has new manifests checked all the time waits, others and what stands do not', async () => {
    let now = 0;
    // Each look at the clock takes three seconds: checking one manifest uses up all that a site has.
    const slow = createPublishing({ store, compiler, clock: { monotonic: () => (now += 3_000) } });
    await slow.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    const next = [manifest('2.0.0')];
    for (let at = 0; at < 3; at += 1) await slow.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    const refused = await failureOf(slow.publish('acme', 'edge-a', 'quotes', next));
    expect(refused).toMatchObject({ code: 'OVERLOADED', retryAfter: expect.any(Number) });
    await slow.publish('acme', 'edge-b', 'quotes', next);
    now += refused.retryAfter ?? 0;
    await slow.publish('acme', 'edge-a', 'quotes', next);
    expect(hosts('edge-a')).toEqual([1, 2]);
  });

  test('publishing - the API and where it is hosted are one change, compiled once', async () => {
    const revision = await publishing.publish('acme', 'edge-a', 'quotes', [
      manifest('1.0.0'),
      manifest('2.0.0', count),
    ]);
    expect(store.puts).toHaveLength(1);
    expect([compiler.runs, revision]).toEqual([1, store.revision]);
    expect(hosts('edge-a')).toEqual([1, 2]);
    expect(store.get('api.acme.quotes.v2')).toMatchObject({ tenant: 'acme', version: '2.0.0' });
  });

  test('publishing - what stands already changes nothing', async () => {
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    expect([store.puts.length, compiler.runs]).toEqual([1, 1]);
  });

  test('publishing - who has no identity there, or another name, publishes nothing', async () => {
    const stranger = await failureOf(publishing.publish('acme', 'cloud', 'quotes', [manifest('1.0.0')]));
    expect(stranger).toMatchObject({ code: 'DENIED' });
    expect(stranger.reason).toContain('acme/cloud/quotes');
    const other = publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0', text, 'orders')]);
    expect(await failureOf(other)).toMatchObject({ code: 'DENIED' });
    expect(store.puts).toEqual([]);
  });

  test('publishing - the second of two that break each other is refused, also when both come at once', async () => {
    const results = await Promise.allSettled([
      publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]),
      publishing.publish('acme', 'edge-b', 'quotes', [manifest('1.0.0', count)]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'INCOMPATIBLE_API' });
    expect([hosts('edge-a'), hosts('edge-b')]).toEqual([[1], undefined]);
  });

  test('publishing - two sites that publish the same at once both host it', async () => {
    await Promise.all(
      ['edge-a', 'edge-b'].map((site) => publishing.publish('acme', site, 'quotes', [manifest('1.0.0')])),
    );
    expect([hosts('edge-a'), hosts('edge-b')]).toEqual([[1], [1]]);
  });

  test('publishing - two majors of one service that are registered at once are both hosted', async () => {
    await Promise.all([
      publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]),
      publishing.publish('acme', 'edge-a', 'quotes', [manifest('2.0.0', count)]),
    ]);
    expect(hosts('edge-a')).toEqual([1, 2]);
  });

  test('publishing - one bad registration keeps back no other', async () => {
    const [good, bad] = await Promise.allSettled([
      publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]),
      publishing.publish('acme', 'edge-b', 'quotes', [{ ...manifest('1.0.0'), version: 'x' } as Manifest]),
    ]);
    expect([good?.status, bad?.status]).toEqual(['fulfilled', 'rejected']);
    expect(hosts('edge-a')).toEqual([1]);
  });

  test('publishing - a conflict is said, and the next try goes through', async () => {
    store.fail(new CausewayError('CONFLICT', 'someone else'));
    const first = publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    expect(await failureOf(first)).toMatchObject({ code: 'CONFLICT' });
    await settle();
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    expect(hosts('edge-a')).toEqual([1]);
  });

  test('publishing - a tenant serves no more at a site than its gateway’s user can name', async () => {
    const others = Array.from({ length: maxHosts }, (_, n) => ({
      ...serviceOf(`s${n}`, 'edge-a'),
      hosts: [1],
    }));
    await store.put(others.slice(1));
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('1.0.0')]);
    await store.put([{ ...serviceOf('more', 'edge-a') }]);
    const request = publishing.publish('acme', 'edge-a', 'more', [manifest('1.0.0', text, 'more')]);
    expect((await failureOf(request)).reason).toContain(`${maxHosts} are taken`);
    await publishing.publish('acme', 'edge-a', 'quotes', [manifest('2.0.0')]);
    expect(hosts('edge-a')).toEqual([1, 2]);
  });
});
