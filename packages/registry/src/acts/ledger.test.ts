import { createChainVerifier, parseBlock } from '@causeway/audit';
import { createKeys } from '@causeway/identity';
import { ensureHub, ensureOps, findNatsServer, streamNames } from '@causeway/nats-server';
import type { PolicyDocument } from '@causeway/policy';
import type { AdminRecord } from '@causeway/protocol';
import { createSigner, verifySignature } from '@causeway/transport';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../test/support/bare-operator.ts';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import { type DocumentStore, keyOf, openDocumentStore } from '../documents/store.ts';
import { accountOf, failureOf, serviceOf, siteOf } from '../test-support.ts';
import { asAct } from './act-context.ts';
import { type ActChains, openActChains } from './chains.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { recordingStore } from './recording-store.ts';

let fabric: BareFabric;
let hub: BareClient;
const signer = createSigner(
  createKeys('user', { bytes: (count) => new Uint8Array(count).fill(7), fraction: () => 0.5 }).seed,
);

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  hub = await bareClient(fabric, fabric.hub);
}, 60_000);
afterAll(() => fabric?.dispose());

beforeEach(async () => {
  for await (const stream of hub.jsm.streams.list()) await hub.jsm.streams.delete(stream.config.name);
  await ensureHub(hub.jsm);
  await ensureOps(hub.jsm);
});

const real = (): ActChains => openActChains({ js: hub.js, manager: hub.jsm, consoleManager: hub.jsm });

/** A registry as it is after its start, as far as acts are concerned. */
async function registry(chains = real()): Promise<{ store: DocumentStore; ledger: Ledger }> {
  const documents = await openDocumentStore(hub.js);
  const ledger = createLedger({
    ...{ store: documents, keyOf, chains, sign: signer.sign },
    ...{ clock: manualClock(), logger: silent },
  });
  return { store: recordingStore(documents, ledger), ledger };
}

const policy = (name: string, more: Partial<PolicyDocument> = {}): PolicyDocument => ({
  ...{ kind: 'policy', tenant: 'acme', name, from: {}, to: { service: 'quotes' }, effect: 'allow' },
  ...more,
});
const as = <T>(run: () => Promise<T>) =>
  asAct({ admin: 'ada', scope: 'any', op: 'apply', reading: false }, run);

/** All records of acts in the cloud's stream, after their chains have been verified. */
async function recorded(): Promise<AdminRecord[]> {
  const verifier = createChainVerifier({ keysOf: () => [signer.publicKey], verify: verifySignature });
  const records: AdminRecord[] = [];
  const { state } = await hub.jsm.streams.info(streamNames.auditCloud);
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
    const found = await hub.jsm.streams.getMessage(streamNames.auditCloud, { seq });
    if (!found) continue;
    const message = {
      subject: found.subject,
      header: (name: string) => found.header.get(name),
      body: found.data,
    };
    verifier.add(message);
    records.push(...((parseBlock(message).value?.records ?? []) as AdminRecord[]));
  }
  expect(verifier.report().problems).toEqual([]);
  return records;
}

describe('ledger', () => {
  test('ledger - an act is recorded with who, what, before, after and the revision of each document', async () => {
    const { store } = await registry();
    await as(() => store.put([policy('p1'), serviceOf('desk', 'edge-a')]));
    await as(() => store.put([policy('p1', { effect: 'deny' })], ['service.acme.edge-a.desk']));
    const records = await recorded();
    expect(records.map(({ op, key, revision }) => [op, key, revision])).toEqual([
      ['apply', 'policy.acme.p1', 1],
      ['apply', 'service.acme.edge-a.desk', 2],
      ['apply', 'policy.acme.p1', 4],
      ['apply', 'service.acme.edge-a.desk', 5],
    ]);
    expect(records[2]).toMatchObject({
      ...{ tenant: 'acme', admin: 'ada', scope: 'any' },
      ...{ before: policy('p1'), after: policy('p1', { effect: 'deny' }) },
    });
    expect(records[3]).toMatchObject({ before: { name: 'desk' }, after: null });
  });

  test('ledger - what no administrator asked for is not recorded; neither is what changes nothing', async () => {
    const { store } = await registry();
    await store.put([policy('p1')]);
    await as(() => store.put([], ['policy.acme.gone']));
    expect(await recorded()).toEqual([]);
  });

  test('ledger - each tenant has its own chain, and what is the fabric’s is in `any`; claims are shown by their digest', async () => {
    const { store, ledger } = await registry();
    const beta = { ...policy('p1'), tenant: 'beta' };
    await as(() =>
      store.put([policy('p1'), beta, siteOf('edge-a'), { ...accountOf('beta'), jwt: 'SECRET' } as never]),
    );
    const records = await recorded();
    expect(records.map(({ tenant, key }) => [tenant, key])).toEqual([
      ['acme', 'policy.acme.p1'],
      ['beta', 'policy.beta.p1'],
      ['beta', 'account.any.beta'],
      ['any', 'site.any.edge-a'],
    ]);
    expect(JSON.stringify(records)).not.toContain('SECRET');
    expect([...ledger.ends]).toEqual([
      ['acme', 1],
      ['beta', 1],
      ['any', 1],
    ]);
  });

  test('ledger - killed between the change and its block: the next registry settles it, once', async () => {
    const { store } = await registry({ ...real(), store: () => Promise.reject(new Error('killed')) });
    const before = await as(() => store.put([policy('p1'), policy('p2')]));
    expect([before, await recorded()]).toEqual([3, []]);
    for (let start = 0; start < 3; start += 1) {
      const next = await registry();
      await next.ledger.settle();
      const records = await recorded();
      expect(records.map(({ key, revision }) => [key, revision])).toEqual([
        ['policy.acme.p1', 1],
        ['policy.acme.p2', 2],
      ]);
    }
  });

  test('ledger - killed after its block was stored and before it knew: nothing is recorded twice', async () => {
    const chains = real();
    let dead = false;
    const { store } = await registry({
      last: (tenant) => (dead ? Promise.reject(new Error('killed')) : chains.last(tenant)),
      async store(block, after) {
        await chains.store(block, after);
        dead = true;
        throw new Error('killed');
      },
    });
    await as(() => store.put([policy('p1')]));
    const next = await registry();
    await as(() => next.store.put([policy('p2')]));
    expect((await recorded()).map(({ key }) => key)).toEqual(['policy.acme.p1', 'policy.acme.p2']);
  });

  test('ledger - while the stream takes no records no act is done; afterwards all are', async () => {
    let full = true;
    const chains = real();
    const { store } = await registry({
      last: chains.last,
      store: (block, after) => (full ? Promise.reject(new Error('full')) : chains.store(block, after)),
    });
    await as(() => store.put([policy('p1')]));
    const failure = await failureOf(as(() => store.put([policy('p2')])));
    expect(failure).toMatchObject({ code: 'AUDIT_UNAVAILABLE', number: 503 });
    expect(store.get('policy.acme.p2')).toBeUndefined();
    // What services and gateways bring about is not held up.
    await store.put([serviceOf('desk', 'edge-a')]);
    full = false;
    await as(() => store.put([policy('p2')]));
    expect((await recorded()).map(({ key }) => key)).toEqual(['policy.acme.p1', 'policy.acme.p2']);
  });

  test('ledger - an act of many blocks is settled whole, wherever it was killed', async () => {
    const chains = real();
    let left = 2;
    const { store } = await registry({
      last: chains.last,
      store: (block, after) =>
        left-- > 0 ? chains.store(block, after) : Promise.reject(new Error('killed')),
    });
    const many = Array.from({ length: 60 }, (_, index) =>
      policy(`p${index}`, { description: 'x'.repeat(30_000) }),
    );
    await as(() => store.put(many));
    expect((await recorded()).length).toBeLessThan(60);
    const next = await registry();
    await next.ledger.settle();
    const records = await recorded();
    expect(records.map(({ key, revision }) => [key, revision])).toEqual(
      many.map((each, index) => [`policy.acme.${each.name}`, index + 1]),
    );
    // A shorter act after it leaves what is old of the longer one alone.
    await as(() => next.store.put([policy('p0')]));
    await (await registry()).ledger.settle();
    expect(await recorded()).toHaveLength(61);
  });

  test('ledger - a refused act joins the chain behind what waits', async () => {
    const { store, ledger } = await registry();
    await as(() => store.put([policy('p1')]));
    const refused = { code: 'DENIED', reason: 'no' };
    await ledger.append('acme', [
      {
        ...{ at: 1, tenant: 'acme', admin: 'ada', scope: 'acme', op: 'apply', key: '', revision: 1 },
        ...{ before: null, after: null, refused },
      },
    ]);
    expect(await recorded()).toMatchObject([{ key: 'policy.acme.p1' }, { refused }]);
  });
});
