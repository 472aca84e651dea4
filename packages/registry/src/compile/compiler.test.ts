import { findNatsServer } from '@causeway/nats-server';
import type { PolicyDocument } from '@causeway/policy';
import { callerShard, compiledKeys, type KnownCallers } from '@causeway/protocol';
import { StorageType } from '@nats-io/jetstream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { readBucket } from '../documents/read-bucket.ts';
import type { UserIssuer } from '../identities/user-issuer.ts';
import { memoryDocuments, serviceOf, siteOf } from '../test-support.ts';
import { type Compiler, openCompiler } from './compiler.ts';

let fabric: BareFabric;
let hub: BareClient;
let told: [site: string, revision: number][];
let announced: string[][];

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  hub = await bareClient(fabric, fabric.hub);
}, 60_000);
afterAll(() => fabric?.dispose());

beforeEach(async () => {
  told = [];
  announced = [];
  await hub.jsm.streams.delete('KV_compiled').catch(() => undefined);
  await hub.jsm.streams.add({
    name: 'KV_compiled',
    subjects: ['$KV.compiled.>'],
    storage: StorageType.Memory,
    max_msgs_per_subject: 1,
    allow_atomic: true,
    allow_rollup_hdrs: true,
    allow_direct: true,
  });
});

const policy = (name: string, service: string, more: Partial<PolicyDocument> = {}): PolicyDocument => ({
  kind: 'policy',
  tenant: 'acme',
  name,
  from: { site: 'edge-b', service: 'desk' },
  to: { service },
  effect: 'allow',
  ...more,
});
const api = (service: string) => ({
  kind: 'api' as const,
  tenant: 'acme',
  service,
  version: '1.0.0',
  endpoints: { latest: { request: true, reply: true } },
});
const documents = () =>
  memoryDocuments([
    ...['edge-a', 'edge-b', 'edge-c'].map(siteOf),
    { ...serviceOf('quotes', 'edge-a'), hosts: [1] },
    { ...serviceOf('risk', 'edge-c'), hosts: [1] },
    serviceOf('desk', 'edge-b'),
    api('quotes'),
    api('risk'),
  ]);

async function opened(
  store: ReturnType<typeof documents>,
  clock = manualClock(),
  usersOf: UserIssuer['usersOf'] = async () => new Map(),
): Promise<Compiler> {
  const compiler = await openCompiler({
    js: hub.js,
    store,
    queueNames: ({ fromSite, toSite }) => `${fromSite}-${toSite}`,
    users: { usersOf },
    clock,
    logger: silent,
    onChange: (site, revision) => told.push([site, revision]),
    onCompiled: (changed) => announced.push([...changed]),
  });
  await compiler.run();
  return compiler;
}

/** Keys with the sequence of their last write. */
const written = async () =>
  new Map((await readBucket(hub.js, 'compiled')).map(({ key, revision }) => [key, revision]));
const keysSince = async (before: ReadonlyMap<string, number>) =>
  [...(await written())]
    .filter(([key, at]) => before.get(key) !== at)
    .map(([key]) => key)
    .sort();

test('compiler - only the sites that a change concerns are written and told, and only its keys', async () => {
  const store = documents();
  const compiler = await opened(store);
  const [before, start] = [await written(), store.revision];
  told = [];
  await store.put([policy('p', 'quotes')]);
  await compiler.run();
  expect(await keysSince(before)).toEqual([
    // Who may call from there now, and that nobody else does.
    'edge-a.callers.acme.edge-b.8',
    'edge-a.revision',
    'edge-a.serve.acme.quotes.v1',
    'edge-b.revision',
    'edge-b.see.acme.desk',
  ]);
  const revision = start + 1;
  expect(told.sort()).toEqual([
    ['edge-a', revision],
    ['edge-b', revision],
  ]);
  expect(
    ['edge-a', 'edge-b', 'edge-c'].map((site) => compiler.told.needed(site, revision, revision)),
  ).toEqual([revision, revision, undefined]);
  expect(announced.at(-1)).toEqual(['policy.acme.p']);
});

test('compiler - what concerns nobody is compiled, and nobody is told', async () => {
  const store = documents();
  const compiler = await opened(store);
  const before = await written();
  told = [];
  await store.put([policy('p', 'orders')]);
  await compiler.run();
  expect([await keysSince(before), told]).toEqual([[], []]);
  expect(compiler.told.newest).toBe(store.revision);
});

test('compiler - one that starts again writes what was stored and not compiled, and nothing else', async () => {
  const store = documents();
  await opened(store);
  await store.put([policy('p', 'quotes')]);
  const before = await written();
  told = [];
  const again = await opened(store);
  expect(told.map(([site]) => site).sort()).toEqual(['edge-a', 'edge-b']);
  expect(again.siteRevision('edge-c')).toBeLessThan(store.revision);
  expect(await keysSince(before)).toHaveLength(5);
  const third = await written();
  await opened(store);
  expect(await keysSince(third)).toEqual([]);
});

test('compiler - a site that is gone loses its keys', async () => {
  const store = documents();
  const compiler = await opened(store);
  await store.put([], ['service.acme.edge-a.quotes', 'site.any.edge-a']);
  await compiler.run();
  const left = (await readBucket(hub.js, 'compiled')).filter(({ value }) => value !== undefined);
  expect(left.map(({ key }) => key).filter((key) => key.startsWith('edge-a.'))).toEqual(['edge-a.revision']);
  expect(compiler.tables.has('edge-a')).toBe(false);
});

test('compiler - a policy that begins is seen when it does', async () => {
  const store = documents();
  const clock = manualClock();
  const compiler = await opened(store, clock);
  await store.put([policy('p', 'quotes', { notBefore: new Date(clock.now() + 60_000).toISOString() })]);
  await compiler.run();
  const seen = () => compiler.tables.get('edge-b')?.get('see.acme.desk');
  expect(seen()).toEqual({ apis: [] });
  await clock.advance(60_000);
  expect(clock.now()).toBeGreaterThanOrEqual(compiler.until);
  await compiler.run();
  expect(seen()).toMatchObject({ apis: [{ service: 'quotes', sites: ['edge-a'] }] });
});

test('compiler - where a site cannot be written the change is kept for it', async () => {
  const store = documents();
  const compiler = await opened(store);
  await hub.jsm.streams.update('KV_compiled', { max_msg_size: 300 });
  await store.put([policy('p', 'quotes'), policy('long', 'quotes', { reason: 'x'.repeat(400) })]);
  await expect(compiler.run()).rejects.toThrow();
  expect(compiler.told.newest).toBeLessThan(store.revision);
  await hub.jsm.streams.update('KV_compiled', { max_msg_size: -1 });
  await compiler.run();
  expect(compiler.tables.get('edge-a')?.get('serve.acme.quotes.v1')).toMatchObject({ rules: [{}, {}] });
  expect(compiler.told.newest).toBe(store.revision);
});

test('compiler - a site whose users cannot be issued keeps no other from being told', async () => {
  const store = documents();
  let failing = false;
  const compiler = await opened(store, manualClock(), async ({ name }) => {
    if (failing && name === 'edge-c') throw new Error('no users for this one');
    return new Map();
  });
  failing = true;
  await store.put([policy('p', 'quotes'), { ...serviceOf('risk', 'edge-c'), hosts: [1, 2] }]);
  await expect(compiler.run()).rejects.toThrow('no users for this one');
  expect(compiler.siteRevision('edge-a')).toBe(store.revision);
  expect(compiler.siteRevision('edge-c')).toBeLessThan(store.revision);
  failing = false;
  await compiler.run();
  expect(compiler.told.newest).toBe(store.revision);
});

test('compiler - a tenant with more identities than a site can be told of keeps nobody from the others', async () => {
  const store = documents();
  const compiler = await opened(store);
  await store.put([policy('all', 'quotes')]);
  await compiler.run();
  const names: string[] = [];
  for (let n = 0; names.length < 19_000; n += 1) {
    const name = `${'x'.repeat(50)}-${n}`;
    if (callerShard(name) === '0') names.push(name);
  }
  const many = names.map((name) => serviceOf(name, 'edge-b'));
  await store.put(many.slice(0, -1));
  await compiler.run();
  expect(() => compiler.requireFitting(many.slice(-1))).toThrow('as many identities at site edge-b');
  const last = compiler.tables
    .get('edge-a')
    ?.get(compiledKeys.callers('acme', 'edge-b', '0')) as KnownCallers;
  expect(last.names.length).toBeGreaterThan(8_000);
  expect(last.names.length).toBeLessThan(many.length);
  await store.put([policy('other', 'quotes', { effect: 'deny' })]);
  await compiler.run();
  expect(compiler.siteRevision('edge-a')).toBe(store.revision);
}, 60_000);

test('compiler - what is stored while an earlier change is written is of its own revision at each site', async () => {
  const store = documents();
  let entered = () => {};
  let held: Promise<void> | undefined;
  const compiler = await opened(store, manualClock(), async () => {
    entered();
    await held;
    return new Map();
  });
  const { promise: signing, resolve: isSigning } = Promise.withResolvers<void>();
  const { promise, resolve: release } = Promise.withResolvers<void>();
  [entered, held] = [isSigning, promise];
  await store.put([serviceOf('clerk', 'edge-b')]);
  const run = compiler.run();
  await signing;
  await store.put([policy('p', 'quotes')]);
  // As somebody else's dry run does.
  compiler.requireFitting([policy('q', 'quotes')]);
  release();
  await run;
  expect(compiler.told.newest).toBe(store.revision - 1);
  await compiler.run();
  const { revision } = store;
  expect(['edge-a', 'edge-b'].map((site) => compiler.told.needed(site, revision, revision))).toEqual([
    revision,
    revision,
  ]);
  expect(compiler.tables.get('edge-a')?.get('serve.acme.quotes.v1')).toMatchObject({
    rules: [{ policy: 'p' }],
  });
});
