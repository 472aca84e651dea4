import type { CausewayError, DiscoverReply } from '@causeway/protocol';
import type { WatchEvent } from '@causeway/sdk';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';

/** What a service can learn by discovery with a raw client and its own credentials: its own list, and no other. */

const api = (service: string) => ({
  kind: 'api',
  tenant: 'acme',
  service,
  version: '1.0.0',
  endpoints: { x: { request: {}, reply: {} } },
});
const allow = (from: string) => ({
  kind: 'policy',
  tenant: 'acme',
  name: `for-${from}`,
  from: { service: from },
  to: { service: 'quotes' },
  effect: 'allow',
});

let fabric: TestFabric;
let desk: NatsConnection;
let clerk: NatsConnection;
const refusals: string[] = [];
const prefix = (service: string) => `_INBOX.edge-a.${service}.raw`;

async function raw(service: string, tenant = 'acme'): Promise<NatsConnection> {
  const connection = await rawClient(
    fabric,
    'edge-a',
    await fabric.identity('edge-a', service, tenant),
    prefix(service),
  );
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') refusals.push(`${service}: ${status.error.message}`);
    }
  })();
  return connection;
}

type Reply = DiscoverReply & Partial<CausewayError>;
let token = 0;

/** Asks with a raw client; resolves with the reply. */
async function ask(
  connection: NatsConnection,
  subject: string,
  body: unknown,
  inbox: string,
): Promise<Reply> {
  token += 1;
  const answer = Promise.withResolvers<Reply>();
  const to = `${inbox}.t${token}`;
  const subscription = connection.subscribe(to, {
    max: 1,
    callback: (_error, message) => answer.resolve(message.json()),
  });
  connection.publish(subject, JSON.stringify(body), { reply: to });
  try {
    return await answer.promise;
  } finally {
    subscription.unsubscribe();
  }
}
const discover = (body: object, connection = desk) =>
  ask(connection, 'registry.edge-a.desk.discover', { protocol: 2, ...body }, prefix('desk'));

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'], tenants: ['acme', 'globex'] });
  desk = await raw('desk');
  clerk = await raw('clerk');
  const server = await fabric.connect('edge-a', 'quotes');
  await server.serve(api('quotes') as never, { x: (n: unknown) => n } as never);
  await fabric.admin.apply([allow('clerk')]);
  await until(
    'the clerk sees it',
    async () => (await (await fabric.connect('edge-a', 'clerk')).discover()).length === 1,
  );
});
afterAll(async () => {
  await desk?.close();
  await clerk?.close();
  await fabric?.[Symbol.asyncDispose]();
});

describe('discovery, by a raw client', () => {
  it('discovery permissions - its own list is given; that of another service cannot be asked for', async () => {
    expect((await discover({})).apis).toEqual([]);
    desk.publish('registry.edge-a.clerk.discover', '{"protocol":2}', { reply: `${prefix('desk')}.t0` });
    await desk.flush();
    await until('the server has refused it', () =>
      refusals.some((text) => text.startsWith('desk:') && text.includes('registry.edge-a.clerk.discover')),
    );
  });

  it('discovery permissions - the answer goes to whoever asked, and nowhere else', async () => {
    const strays: string[] = [];
    clerk.subscribe(`${prefix('clerk')}.>`, { callback: (_error, { subject }) => void strays.push(subject) });
    await clerk.flush();
    for (const reply of [
      `${prefix('clerk')}.t1`,
      'notify.edge-a.clerk.published',
      'call.edge-a.desk.any.quotes.v1.x',
    ]) {
      desk.publish('registry.edge-a.desk.discover', '{"protocol":2}', { reply });
    }
    // Asked later and answered: what came before would have been too.
    await discover({});
    await clerk.flush();
    expect(strays).toEqual([]);
  });

  it('discovery permissions - what others are told cannot be listened to', async () => {
    const heard: string[] = [];
    const callback = (error: Error | null, message: { subject: string }) => {
      if (!error) heard.push(message.subject);
    };
    for (const subject of ['notify.edge-a.clerk.>', 'notify.>', '>', 'discovery.>', 'discovery.acme.>']) {
      desk.subscribe(subject, { callback });
    }
    const own: string[] = [];
    clerk.subscribe('notify.edge-a.clerk.>', { callback: (_error, { subject }) => void own.push(subject) });
    await clerk.flush();
    await fabric.admin.apply([{ ...api('quotes'), version: '1.0.1' }]);
    await until('the clerk is told', () => own.includes('notify.edge-a.clerk.changed'));
    await desk.flush();
    expect(heard).toEqual([]);
  });

  it('discovery permissions - a service of another tenant with the same name is given its own, which is nothing', async () => {
    const stranger = await raw('clerk', 'globex');
    const body = { protocol: 2 };
    const reply = await ask(stranger, 'registry.edge-a.clerk.discover', body, prefix('clerk'));
    expect(reply.apis).toEqual([]);
    await stranger.close();
  });

  it.each([
    [{ since: -1 }, '/since'],
    [{ since: 1.5 }, '/since'],
    [{ since: '7' }, '/since'],
    [{ view: 'no token' }, '/view'],
    [{ view: 'x'.repeat(65) }, '/view'],
    [{ sinse: 1 }, '/sinse'],
    [{ protocol: 99 }, '/protocol'],
  ])('discovery permissions - a request with %j is refused at its fault', async (body, pointer) => {
    expect(await discover(body)).toMatchObject({ code: 'INVALID_REQUEST', pointer });
  });

  it.each([{ since: Number.MAX_SAFE_INTEGER }, { since: 0 }, { view: 'neverheard' }])(
    'discovery permissions - a request with %j is given the whole list',
    async (body) => {
      expect(await discover(body)).toMatchObject({ unchanged: false, apis: [] });
    },
  );

  it('discovery permissions - 10,000 requests at once: as many as are allowed are answered, and others are served meanwhile', async () => {
    const inbox = `${prefix('desk')}.flood`;
    let answered = 0;
    let refused = 0;
    desk.subscribe(inbox, {
      callback: (_error, message) => {
        if (message.json<Reply>().code === 'OVERLOADED') refused += 1;
        else answered += 1;
      },
    });
    for (let n = 0; n < 10_000; n += 1) {
      desk.publish('registry.edge-a.desk.discover', '{"protocol":2}', { reply: inbox });
    }
    const other = await fabric.connect('edge-a', 'clerk');
    expect(await other.discover()).toHaveLength(1);
    await until('all of them are answered', () => answered + refused === 10_000, { timeout: 30_000 });
    expect(answered).toBeLessThan(9_000);
    expect(refused).toBeGreaterThan(1_000);
    await until('it is served again', async () => (await discover({})).unchanged === false);
  });

  it('discovery permissions - whoever is revoked is told no more', async () => {
    const watching = await fabric.connect('edge-a', 'clerk');
    const events: WatchEvent[] = [];
    await watching.discover({ onChange: (event) => events.push(event) });
    const closed = clerk.closed();
    await fabric.admin.revoke({ tenant: 'acme', site: 'edge-a', service: 'clerk' });
    await closed;
    await until('it is cut', () => watching.status().refusal !== undefined);
    const heard = events.length;
    await fabric.admin.apply([allow('desk')]);
    await until('another is told', async () => (await discover({})).apis.length === 1);
    expect(events).toHaveLength(heard);
    await expect(watching.discover()).rejects.toMatchObject({
      code: 'REVOKED',
    });
  });
});
