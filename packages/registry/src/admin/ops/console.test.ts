import { createKeys } from '@causeway/identity';
import { ensureOps, findNatsServer, streamNames } from '@causeway/nats-server';
import { type ConsoleReply, encodeJson } from '@causeway/protocol';
import { systemClock, systemRandom } from '@causeway/transport';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BareClient,
  type BareFabric,
  bareClient,
  bareFabric,
} from '../../../../../test/support/bare-operator.ts';
import { until } from '../../../../../test/support/until.ts';
import { createUserIssuer } from '../../identities/user-issuer.ts';
import { accountOf, failureOf, memoryDocuments } from '../../test-support.ts';
import type { AnyAdminOperation } from '../admin-desk.ts';
import { consoleOperation } from './console.ts';

const most = 32;
const ada = { name: 'ada', scope: 'acme' };
const root = { name: 'root', scope: 'any' };

let fabric: BareFabric;
let ops: BareClient;
let listeners: NatsConnection;
let operation: AnyAdminOperation;

beforeAll(async () => {
  const { path: binary } = await findNatsServer();
  fabric = await bareFabric([], { binary });
  ops = await bareClient(fabric, fabric.ops);
  await ensureOps(ops.jsm);
  const signer = createKeys('account', systemRandom);
  const users = createUserIssuer({
    keyring: { signer: () => signer.seed, replaced: () => undefined },
    accountKey: () => fabric.ops.account.getPublicKey(),
    clock: systemClock,
    random: systemRandom,
  });
  operation = consoleOperation({
    store: memoryDocuments([accountOf('acme'), accountOf('other')]),
    acts: () => new Map(),
    users,
    manager: ops.jsm,
    clock: systemClock,
    random: systemRandom,
  });
}, 60_000);
afterAll(() => fabric?.dispose());

beforeEach(async () => {
  await listeners?.close();
  for (const stream of [streamNames.audit, streamNames.flow])
    for (const name of await names(stream)) await ops.jsm.consumers.delete(stream, name);
  listeners = await fabric.connect(fabric.ops);
});

async function names(stream: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of ops.jsm.consumers.list(stream)) found.push(name);
  return found.sort();
}

async function ask(tenant: string, by = ada, more: object = {}): Promise<ConsoleReply> {
  const { publicKey } = createKeys('user', systemRandom);
  const request = { key: publicKey, tenant, ...more };
  return (await operation.handle(encodeJson(request), by)) as ConsoleReply;
}

async function askMany(count: number, tenant: string, by = ada): Promise<ConsoleReply[]> {
  const replies: ConsoleReply[] = [];
  while (replies.length < count) replies.push(await ask(tenant, by));
  return replies;
}

/** Listens as the consoles would, and waits until the server knows. */
async function listen(tenant: string, replies: readonly ConsoleReply[], kind = 'audit'): Promise<void> {
  for (const { name } of replies) listeners.subscribe(`_INBOX.ops.${tenant}.${name}.${kind}`);
  await listeners.flush();
  const stream = kind === 'audit' ? streamNames.audit : streamNames.flow;
  await until('the server knows who listens', async () => {
    const infos = await Promise.all(replies.map(({ name }) => ops.jsm.consumers.info(stream, `ops-${name}`)));
    return infos.every(({ push_bound }) => push_bound);
  });
}

const consumersOf = (replies: readonly ConsoleReply[]) => replies.map(({ name }) => `ops-${name}`).sort();

describe('console', () => {
  test('console - its reply says where its records begin, whatever the request said of it', async () => {
    for (const n of [1, 2, 3]) await ops.js.publish('from.edge-a.audit.acme.edge-a.gw-1.access', `${n}`);
    const last = (await ops.jsm.streams.info(streamNames.audit)).state.last_seq;
    expect(await ask('acme')).toMatchObject({ start: 0, pending: { audit: last } });
    expect(await ask('acme', ada, { from: 'now' })).toMatchObject({ start: last, pending: { audit: 0 } });
    expect(await ask('acme', ada, { after: last - 1 })).toMatchObject({
      start: last - 1,
      pending: { audit: 1 },
    });
  });

  test('console - of those that nobody listens to the oldest go, in both streams', async () => {
    const gone = await askMany(3, 'acme');
    const kept = await askMany(most - 1, 'acme');
    const expected = consumersOf([...gone.slice(2), ...kept]);
    expect(await names(streamNames.audit)).toEqual(expected);
    expect(await names(streamNames.flow)).toEqual(expected);
  });

  test('console - one that listens to records or to counters alone stays, however old', async () => {
    const [first, second] = await askMany(2, 'acme');
    await listen('acme', [first as ConsoleReply]);
    await listen('acme', [second as ConsoleReply], 'flow');
    await askMany(most + 3, 'acme');
    const standing = await names(streamNames.audit);
    expect(standing).toHaveLength(most);
    expect(standing).toEqual(expect.arrayContaining(consumersOf([first, second] as ConsoleReply[])));
  });

  test('console - one more than may be open is refused with what to do, and no other tenant notices', async () => {
    const open = await askMany(most, 'acme');
    await listen('acme', open);
    for (const by of [ada, root]) {
      const refused = await failureOf(ask('acme', by));
      expect(refused).toMatchObject({ code: 'OVERLOADED', retryAfter: expect.any(Number) });
      expect(refused.reason).toBe(
        '32 consoles of tenant acme are open, as many as may be; close one of them',
      );
    }
    expect(await names(streamNames.audit)).toEqual(consumersOf(open));
    await ask('other', root);
    await ask('any', root);
    await listeners.close();
    await until('there is room again', () => ask('acme'));
    expect(await names(streamNames.audit)).toHaveLength(most + 2);
  });

  test('console - many asked for at once are no more than may be', async () => {
    const results = await Promise.allSettled(Array.from({ length: 3 * most }, () => ask('acme')));
    const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(new Set(refused.map(({ reason }) => reason.code))).toEqual(new Set(['OVERLOADED']));
    expect(results.length - refused.length).toBe(most);
    expect(await names(streamNames.audit)).toHaveLength(most);
    expect(await names(streamNames.flow)).toHaveLength(most);
    await ask('acme');
  });
});
