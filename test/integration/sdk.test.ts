import { CausewayError, type DiscoveredApi, encodeJson, headers as names } from '@causeway/protocol';
import {
  type CallContext,
  type Causeway,
  type ConnectOptions,
  connect,
  type ManifestOf,
} from '@causeway/sdk';
import { headerBlock } from '@causeway/transport';
import type { Msg, NatsConnection } from 'nats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ports, type SdkServer, startSdkServer } from '../support/sdk-server.ts';
import { type StandInGateway, standInGateway } from '../support/stand-in-gateway.ts';
import { until } from '../support/until.ts';

const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.2.0',
  endpoints: {
    latest: {
      request: {
        type: 'object',
        properties: { symbol: { type: 'string' } },
        required: ['symbol'],
        additionalProperties: false,
      },
      reply: { type: 'object', properties: { price: { type: 'number' } }, required: ['price'] },
    },
    anything: { request: true, reply: true },
  },
} as const satisfies ManifestOf;

const listed: DiscoveredApi = {
  service: 'quotes',
  major: 1,
  version: '1.2.0',
  sites: ['edge-a'],
  endpoints: { latest: { request: true, reply: true } },
};

describe('sdk', () => {
  let server: SdkServer;
  let backbone: NatsConnection;
  let gateway: StandInGateway;
  let opened: Causeway[] = [];

  beforeEach(async () => {
    server = await startSdkServer('max_payload: 65536');
    backbone = await server.connect('_INBOX.gateway');
    gateway = await standInGateway(backbone, 'edge-a', 600);
  });
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
    await server.dispose();
  });

  async function join(service: string, options: Partial<ConnectOptions> = {}): Promise<Causeway> {
    const creds = await server.serviceCreds('edge-a', service);
    const causeway = await connect({ url: server.url, ca: server.ca, creds, ...ports, env: {}, ...options });
    opened.push(causeway);
    return causeway;
  }

  const quotes = (causeway: Causeway) => causeway.service<typeof manifest>('quotes', 1);
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('no error'),
      (error: unknown) => error as CausewayError,
    );

  async function serveEcho(seen: (context: CallContext) => void = () => {}) {
    const causeway = await join('quotes');
    const serving = await causeway.serve(manifest, {
      latest: ({ symbol }, context) => {
        seen(context);
        return { price: symbol.length };
      },
      anything: (input) => input,
    });
    return { causeway, serving };
  }

  it('sdk - a call reaches the handler with its context, and the result comes back', async () => {
    const contexts: CallContext[] = [];
    const { serving } = await serveEcho((context) => contexts.push(context));
    const desk = await join('desk');
    expect(desk.identity).toEqual({ tenant: 'acme', site: 'edge-a', service: 'desk' });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const options = { site: 'edge-a', traceparent };
    expect(await quotes(desk).latest({ symbol: 'AAPL' }, options)).toEqual({ price: 4 });
    expect(contexts[0]).toMatchObject({
      caller: { site: 'edge-a', service: 'desk' },
      call: expect.stringMatching(/^[\w-]{10,64}$/),
      endpoint: 'latest',
      traceparent,
    });
    const left = (contexts[0]?.deadline ?? 0) - ports.clock.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(2_000);
    expect(await quotes(desk).anything(undefined)).toBeNull();
    expect(
      await desk.call({ service: 'quotes', major: 1, endpoint: 'anything', site: undefined }, [1]),
    ).toEqual([1]);
    expect(serving.counts).toEqual({ answered: 3, foreign: 0, expired: 0 });
    expect(serving.instance).toMatch(/^[a-z0-9]{12}$/);
  });

  it('sdk - what a handler throws or cannot answer is an error reply, with its message and no more', async () => {
    const causeway = await join('quotes');
    const results: (() => unknown)[] = [
      () => {
        throw new Error('out of prices');
      },
      () => {
        throw new CausewayError('DENIED', 'by another API');
      },
      () => 1n,
      () => 'x'.repeat(70_000),
      () => undefined,
    ];
    await causeway.serve(manifest, {
      latest: () => ({ price: 1 }),
      anything: (input) => (results[Number(input)] as () => unknown)(),
    });
    const { anything } = quotes(await join('desk'));
    expect((await failure(anything(0))).toJSON()).toEqual({
      code: 'SERVICE_ERROR',
      number: 500,
      reason: 'out of prices',
    });
    expect((await failure(anything(1))).toJSON()).toMatchObject({
      code: 'SERVICE_ERROR',
      reason: 'DENIED: by another API',
    });
    expect(await failure(anything(2))).toMatchObject({
      code: 'INVALID_REPLY',
      reason: expect.stringMatching(/BigInt/),
    });
    expect(await failure(anything(3))).toMatchObject({
      code: 'INVALID_REPLY',
      reason: expect.stringMatching(/70002/),
    });
    expect(await anything(4)).toBeNull();
  });

  it('sdk - error replies carry code, number, reason, retryAfter and pointer', async () => {
    const desk = await join('desk');
    const error = new CausewayError('RATE_LIMITED', 'too fast', { retryAfter: 30, pointer: '/symbol' });
    const replies: ((message: Msg) => void)[] = [
      (message) => message.respond(encodeJson(error), { headers: headerBlock([[names.errorCode, '429']]) }),
      (message) => message.respond('nonsense', { headers: headerBlock([[names.errorCode, '503']]) }),
      (message) => message.respond('nonsense'),
    ];
    const outcome = (at: number) => {
      gateway.onCall = replies[at];
      return failure(quotes(desk).latest({ symbol: 'A' }));
    };
    const limited = await outcome(0);
    expect(limited).toBeInstanceOf(CausewayError);
    expect(limited).toMatchObject({ ...error.toJSON(), retryable: true });
    expect(await outcome(1)).toMatchObject({ number: 503 });
    expect(await outcome(2)).toMatchObject({ code: 'INVALID_REPLY' });
  });

  it('sdk - repeats what was refused for now, only when asked, and never what may have run', async () => {
    const desk = await join('desk');
    let calls = 0;
    gateway.onCall = (message) => {
      calls += 1;
      const error = new CausewayError('OVERLOADED', 'busy', { retryAfter: 5 });
      if (calls < 3) message.respond(encodeJson(error), { headers: headerBlock([[names.errorCode, '503']]) });
      else message.respond(encodeJson({ price: calls }));
    };
    expect((await failure(quotes(desk).latest({ symbol: 'A' }))).code).toBe('OVERLOADED');
    expect(await quotes(desk).latest({ symbol: 'A' }, { retry: 2 })).toEqual({ price: 3 });
    calls = 0;
    gateway.onCall = () => {
      calls += 1;
    };
    const late = await failure(quotes(desk).latest({ symbol: 'A' }, { retry: 5, timeout: 80 }));
    expect([late.code, calls]).toEqual(['DEADLINE_EXCEEDED', 1]);
  });

  it('sdk - an aborted call rejects with the signal’s reason and is forgotten', async () => {
    const desk = await join('desk');
    gateway.onCall = () => {};
    const controller = new AbortController();
    const call = quotes(desk).latest({ symbol: 'A' }, { signal: controller.signal, timeout: 60_000 });
    controller.abort(new Error('changed my mind'));
    await expect(call).rejects.toThrow('changed my mind');
    expect(desk.status().pendingCalls).toBe(0);
    await expect(quotes(desk).latest({ symbol: 'A' }, { signal: controller.signal })).rejects.toThrow(
      'changed my mind',
    );
  });

  it('sdk - input that is no JSON or too large, and names that are none, never leave', async () => {
    const desk = await join('desk');
    const { anything } = quotes(desk);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const input of [1n, circle, () => {}, Symbol('x')]) {
      expect(await failure(anything(input))).toMatchObject({ code: 'INVALID_REQUEST' });
    }
    expect(await failure(anything('x'.repeat(65_536)))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(await failure(anything(1, { site: 'edge-a.>' }))).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await failure(anything(1, { traceparent: 'a\r\nNats-Trace-Dest: b' }))).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect(() => desk.service('no.name', 1)).toThrow(CausewayError);
  });

  it('sdk - tells nobody there from nobody allowed, and reports both by call id', async () => {
    const desk = await join('desk');
    await desk.discover();
    expect(await failure(desk.service('news', 2).read?.(1) as Promise<unknown>)).toMatchObject({
      code: 'NO_ROUTE',
    });
    gateway.publish('desk', [{ ...listed, service: 'news', major: 2 }]);
    await until('the API is listed', async () => (await desk.discover()).length === 1);
    const call = desk.service('news', 2).read?.(1, { site: 'edge-a' }) as Promise<unknown>;
    expect(await failure(call)).toMatchObject({ code: 'UNREACHABLE', retryable: true });
    const elsewhere = desk.service('news', 2).read?.(1, { site: 'edge-b' }) as Promise<unknown>;
    expect(await failure(elsewhere)).toMatchObject({ code: 'NO_ROUTE' });
    await until('three reports', () => gateway.unrouted.length === 3);
    expect(gateway.unrouted.map(({ code, toSite }) => [code, toSite])).toEqual([
      ['NO_ROUTE', 'any'],
      ['UNREACHABLE', 'edge-a'],
      ['NO_ROUTE', 'edge-b'],
    ]);
    expect(new Set(gateway.unrouted.map(({ call: id }) => id)).size).toBe(3);
    await until('nothing is left to report', () => desk.status().unrouted.waiting === 0);
  });

  it('sdk - keeps reports while no gateway is there, and delivers them when one is back', async () => {
    gateway.stop();
    const desk = await join('desk');
    expect(await failure(quotes(desk).latest({ symbol: 'A' }))).toMatchObject({ code: 'UNREACHABLE' });
    expect(desk.status().unrouted).toEqual({ waiting: 1, dropped: 0 });
    const back = await standInGateway(backbone, 'edge-a');
    await until('the report is there', () => back.unrouted.length === 1);
  });

  it('sdk - drops requests that name another’s reply subject, and those that come too late', async () => {
    const { serving } = await serveEcho();
    const subject = `serve.edge-a.quotes.${serving.instance}.v1.latest`;
    const heard: string[] = [];
    for (const trap of ['answer.>', '_INBOX.edge-a.desk.>', 'registry.edge-a.quotes.evil', 'serve.>']) {
      backbone.subscribe(trap, { callback: (_error, message) => void heard.push(message.subject) });
    }
    const hostile = [
      'answer.edge-a.desk.gw-1.token',
      'answer.edge-b.quotes.gw-1.token',
      'answer.edge-a.quotes.gw-1.to.ken',
      '_INBOX.edge-a.desk.c.t',
      'registry.edge-a.quotes.evil',
      subject,
    ];
    for (const reply of hostile) backbone.publish(subject, encodeJson({ symbol: 'A' }), { reply });
    backbone.publish(subject, encodeJson({ symbol: 'A' }));
    const malformed = { reply: 'answer.edge-a.quotes.gw-1.token', headers: headerBlock([['no name', 'x']]) };
    backbone.publish(subject, encodeJson({ symbol: 'A' }), malformed);
    const past = headerBlock([[names.deadline, String(ports.clock.now() - 10_000)]]);
    const reply = 'answer.edge-a.quotes.gw-1.late';
    backbone.publish(subject, encodeJson({ symbol: 'A' }), { reply, headers: past });
    backbone.publish(subject, encodeJson({ symbol: 'A' }), { reply: 'answer.edge-a.quotes.gw-1.good' });
    await until('the good one is answered', () => heard.includes('answer.edge-a.quotes.gw-1.good'));
    expect(serving.counts).toEqual({ answered: 1, foreign: 8, expired: 1 });
    expect(heard.filter((each) => each !== subject)).toEqual(['answer.edge-a.quotes.gw-1.good']);
  });

  it('sdk - a handler’s signal is aborted at the deadline', async () => {
    const causeway = await join('quotes');
    let aborted: unknown;
    await causeway.serve(manifest, {
      latest: () => ({ price: 1 }),
      anything: (_input, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = signal.reason;
          });
        }),
    });
    const desk = await join('desk');
    await failure(quotes(desk).anything(1, { timeout: 60 }));
    expect(await until('the handler is told', () => aborted)).toMatchObject({ name: 'TimeoutError' });
  });

  it('sdk - renews its lease with its health, and registers again with a gateway that started anew', async () => {
    const causeway = await join('quotes');
    let health = true;
    const handlers = { latest: () => ({ price: 1 }), anything: () => null };
    const serving = await causeway.serve(manifest, handlers, { health: () => health });
    await until('a renewal', () => gateway.renewals.some(({ healthy }) => healthy));
    health = false;
    await until('an unhealthy one', () => gateway.renewals.some(({ healthy }) => !healthy));
    gateway.instances.clear();
    await until('registered again', () => gateway.instances.get('quotes') === serving.instance);
    gateway.stop();
    await until('the lease is lost', () => !serving.active);
    const next = await standInGateway(backbone, 'edge-a');
    await until('registered with the next', () => next.instances.get('quotes') === serving.instance);
    expect(serving.active).toBe(true);
  });

  it('sdk - waits for a gateway to register with, but not where it is refused for good', async () => {
    gateway.refuse = new CausewayError('INCOMPATIBLE_API', 'latest lost a field');
    const causeway = await join('quotes');
    const handlers = { latest: () => ({ price: 1 }), anything: () => null };
    expect(await failure(causeway.serve(manifest, handlers))).toMatchObject({
      code: 'INCOMPATIBLE_API',
      reason: 'latest lost a field',
    });
    gateway.stop();
    const serving = causeway.serve(manifest, handlers);
    const next = await standInGateway(backbone, 'edge-a');
    const { instance } = await serving;
    expect(next.instances.get('quotes')).toBe(instance);
    const lacking = { latest: handlers.latest } as unknown as typeof handlers;
    expect(await failure(causeway.serve(manifest, lacking))).toMatchObject({ code: 'INVALID_REQUEST' });
    const desk = await join('desk');
    expect(await failure(desk.serve(manifest, handlers))).toMatchObject({ pointer: '/service' });
    next.stop();
    const hopeless = failure(causeway.serve(manifest, handlers));
    await causeway.drain();
    expect(await hopeless).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('sdk - after a restart of the server it serves, calls and watches again', async () => {
    const { serving } = await serveEcho();
    const desk = await join('desk');
    await desk.discover();
    const events: string[] = [];
    desk.watch(({ event, service }) => events.push(`${event} ${service}`));
    const renewals = gateway.renewals.length;
    await server.stop();
    await until('both know', () => opened.every((each) => !each.status().connected));
    gateway.publish('desk', [listed], { notify: false });
    const during = quotes(desk).latest({ symbol: 'ABC' }, { timeout: 20_000, retry: 100 });
    expect(await failure(quotes(desk).latest({ symbol: 'A' }, { timeout: 30 }))).toMatchObject({
      code: 'UNREACHABLE',
      reason: expect.stringMatching(/not connected/),
    });
    await server.start();
    expect(await during).toEqual({ price: 3 });
    await until('the lease is renewed', () => gateway.renewals.length > renewals && serving.active);
    await until('the change is seen', () => events.length > 0);
    await desk.discover();
    expect(events).toEqual(['published quotes']);
  });

  it('sdk - watching yields each change once, in order', async () => {
    const desk = await join('desk');
    await desk.discover();
    const events = desk.watch();
    const next = async () => {
      const { value } = await events.next();
      return [value.event, value.service, value.major, value.revision];
    };
    gateway.publish('desk', [listed]);
    expect(await next()).toEqual(['published', 'quotes', 1, 2]);
    gateway.publish('desk', [{ ...listed, version: '1.3.0' }]);
    expect(await next()).toEqual(['changed', 'quotes', 1, 3]);
    gateway.publish('desk', [{ ...listed, version: '1.3.0' }]);
    gateway.publish('desk', []);
    expect(await next()).toEqual(['withdrawn', 'quotes', 1, 5]);
    await events.return?.();
    expect(await events.next()).toEqual({ value: undefined, done: true });
  });

  it('sdk - drains: withdraws, lets handlers and calls under way finish, then closes', async () => {
    const causeway = await join('quotes');
    let release = () => {};
    await causeway.serve(manifest, {
      latest: () => ({ price: 1 }),
      anything: () =>
        new Promise((resolve) => {
          release = () => resolve('done');
        }),
    });
    const desk = await join('desk');
    const call = quotes(desk).anything(1, { timeout: 20_000 });
    await until('the handler runs', () => causeway.status().serving[0]?.inFlight === 1);
    const drained = Promise.all([causeway.drain(), desk.drain()]);
    await until('withdrawn', () => !gateway.instances.has('quotes'));
    expect(await failure(quotes(desk).latest({ symbol: 'A' }))).toMatchObject({ code: 'UNREACHABLE' });
    release();
    expect(await call).toBe('done');
    await drained;
    expect([causeway.status().connected, desk.status().connected]).toEqual([false, false]);
  });

  it('sdk - says what is missing, and whose credentials are none of a service', async () => {
    const creds = await server.creds('quotes');
    await expect(connect({ env: {} })).rejects.toThrow(/CAUSEWAY_URL/);
    await expect(connect({ env: { CAUSEWAY_URL: server.url } })).rejects.toThrow(/CAUSEWAY_CREDS/);
    await expect(connect({ env: {}, url: server.url, creds })).rejects.toThrow(/CAUSEWAY_CA/);
    await expect(connect({ env: {}, url: server.url, creds, ca: server.ca })).rejects.toThrow(/site:<site>/);
    await expect(join('desk', { ca: creds })).rejects.toThrow(/no PEM certificate/);
    const env = {
      CAUSEWAY_URL: server.url,
      CAUSEWAY_CREDS: await server.serviceCreds('edge-a', 'desk'),
      CAUSEWAY_CA: server.ca,
    };
    const { logger } = ports;
    await using causeway = await connect({ env, logger });
    expect(causeway.status()).toMatchObject({ connected: true, identity: { service: 'desk' } });
  });

  it('sdk - a call that the server itself refuses is DENIED at once', async () => {
    const own = 'edge-a.desk.>';
    const permissions = {
      pub: { allow: [`registry.${own}`] },
      sub: { allow: [`_INBOX.${own}`, `notify.${own}`] },
    };
    const desk = await join('desk', { creds: await server.creds('desk', permissions, ['site:edge-a']) });
    const started = ports.clock.monotonic();
    const call = quotes(desk).latest({ symbol: 'A' }, { timeout: 20_000 });
    expect(await failure(call)).toMatchObject({ code: 'DENIED' });
    expect(ports.clock.monotonic() - started).toBeLessThan(10_000);
  });

  it('sdk - can wait for a server that is not there yet', async () => {
    await server.stop();
    expect(await failure(join('desk'))).toMatchObject({ code: 'UNREACHABLE' });
    const waiting = join('desk', { waitOnFirstConnect: true });
    await server.start();
    expect((await waiting).status().connected).toBe(true);
  });
});
