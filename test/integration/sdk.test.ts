import { CausewayError, encodeJson, headers as names } from '@causeway/protocol';
import { type CallContext, connect } from '@causeway/sdk';
import { headerBlock } from '@causeway/transport';
import type { Msg } from 'nats';
import { describe, expect, it } from 'vitest';
import { failure, listed, quotes, useSdkHarness } from '../support/sdk-harness.ts';
import { ports } from '../support/sdk-server.ts';
import { standInGateway } from '../support/stand-in-gateway.ts';
import { until } from '../support/until.ts';

describe('sdk', () => {
  const sdk = useSdkHarness();

  it('sdk - a call reaches the handler with its context, and the result comes back', async () => {
    const contexts: CallContext[] = [];
    const { serving } = await sdk.serveEcho((context) => contexts.push(context));
    const desk = await sdk.join('desk');
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

  it('sdk - error replies carry code, number, reason, retryAfter and pointer', async () => {
    const desk = await sdk.join('desk');
    const error = new CausewayError('RATE_LIMITED', 'too fast', { retryAfter: 30, pointer: '/symbol' });
    const replies: ((message: Msg) => void)[] = [
      (message) => message.respond(encodeJson(error), { headers: headerBlock([[names.errorCode, '429']]) }),
      (message) => message.respond('nonsense', { headers: headerBlock([[names.errorCode, '503']]) }),
      (message) => message.respond('nonsense'),
    ];
    const outcome = (at: number) => {
      sdk.gateway.onCall = replies[at];
      return failure(quotes(desk).latest({ symbol: 'A' }));
    };
    const limited = await outcome(0);
    expect(limited).toBeInstanceOf(CausewayError);
    expect(limited).toMatchObject({ ...error.toJSON(), retryable: true });
    expect(await outcome(1)).toMatchObject({ number: 503 });
    expect(await outcome(2)).toMatchObject({ code: 'INVALID_REPLY' });
  });

  it('sdk - repeats what was refused for now, only when asked, and never what may have run', async () => {
    const desk = await sdk.join('desk');
    let calls = 0;
    sdk.gateway.onCall = (message) => {
      calls += 1;
      const error = new CausewayError('OVERLOADED', 'busy', { retryAfter: 5 });
      if (calls < 3) message.respond(encodeJson(error), { headers: headerBlock([[names.errorCode, '503']]) });
      else message.respond(encodeJson({ price: calls }));
    };
    expect((await failure(quotes(desk).latest({ symbol: 'A' }))).code).toBe('OVERLOADED');
    expect(await quotes(desk).latest({ symbol: 'A' }, { retry: 2 })).toEqual({ price: 3 });
    calls = 0;
    sdk.gateway.onCall = () => {
      calls += 1;
    };
    const late = await failure(quotes(desk).latest({ symbol: 'A' }, { retry: 5, timeout: 80 }));
    expect([late.code, calls]).toEqual(['DEADLINE_EXCEEDED', 1]);
  });

  it('sdk - an idempotent call with retry on is sent again while nobody answers; each time under its own id', async () => {
    const desk = await sdk.join('desk');
    const ids: string[] = [];
    sdk.gateway.onCall = (message) => {
      ids.push(message.headers?.get(names.call) ?? '');
      if (ids.length === 2) message.respond(encodeJson({ price: 1 }));
    };
    sdk.gateway.publish('desk', [
      { ...listed, endpoints: { latest: { request: true, reply: true, idempotent: true } } },
    ]);
    await until('the promise is known', async () => (await desk.discover()).length === 1);
    expect(await quotes(desk).latest({ symbol: 'A' }, { retry: 9, timeout: 1_000 })).toEqual({ price: 1 });
    expect(new Set(ids).size).toBe(2);
    expect(desk.status().pendingCalls).toBe(0);
  });

  it('sdk - a registry made anew, with lower revisions than are known, is believed', async () => {
    const desk = await sdk.join('desk');
    const events: string[] = [];
    await desk.discover({ onChange: ({ event, service }) => events.push(`${event} ${service}`) });
    sdk.gateway.publish('desk', [listed], { revision: 900 });
    await until('it is listed', () => events.length === 1);
    sdk.gateway.publish('desk', [], { revision: 3 });
    await until('it is withdrawn', () => events.length === 2);
    sdk.gateway.publish('desk', [listed]);
    await until('it is back', () => events.length === 3);
    expect(events).toEqual(['published quotes', 'withdrawn quotes', 'published quotes']);
    expect(desk.status().revision).toBe(4);
  });

  it('sdk - one call that nobody answers puts no others off, however often it was sent', async () => {
    const desk = await sdk.join('desk');
    let calls = 0;
    sdk.gateway.onCall = () => {
      calls += 1;
    };
    sdk.gateway.publish('desk', [
      { ...listed, endpoints: { latest: { request: true, reply: true, idempotent: true } } },
    ]);
    await until('the promise is known', async () => (await desk.discover()).length === 1);
    const silent = await failure(quotes(desk).latest({ symbol: 'A' }, { retry: 3, timeout: 400 }));
    expect(silent.code).toBe('DEADLINE_EXCEEDED');
    // As many as put others off, were they calls of their own.
    expect(calls).toBeGreaterThanOrEqual(3);
    sdk.gateway.onCall = (message) => message.respond(encodeJson({ price: 1 }));
    const both = [1, 2].map(() => quotes(desk).latest({ symbol: 'A' }));
    expect(await Promise.all(both)).toEqual([{ price: 1 }, { price: 1 }]);
  });

  it('sdk - closing ends every call: those that were sent may have run, and none is repeated for ever', async () => {
    const desk = await sdk.join('desk');
    let refused = 0;
    let silent = 0;
    sdk.gateway.onCall = (message) => {
      if (message.json() === 'nobody answers') {
        silent += 1;
        return;
      }
      refused += 1;
      const error = new CausewayError('OVERLOADED', 'busy', { retryAfter: 5 });
      message.respond(encodeJson(error), { headers: headerBlock([[names.errorCode, '503']]) });
    };
    const options = { retry: Number.POSITIVE_INFINITY, timeout: 600_000 };
    const sent = failure(quotes(desk).anything('nobody answers', options));
    const busy = failure(quotes(desk).anything('busy', options));
    await until('both are under way', () => silent === 1 && refused > 1);
    await desk.close();
    expect(await sent).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await busy).toMatchObject({ code: expect.stringMatching(/UNREACHABLE|DEADLINE_EXCEEDED/) });
    expect(silent).toBe(1);
  });

  it('sdk - calls made over and over on a closed connection let everything else run', async () => {
    const desk = await sdk.join('desk');
    await desk.close();
    let others = false;
    setImmediate(() => {
      others = true;
    });
    let calls = 0;
    for (; calls < 1_000 && !others; calls += 1) {
      expect((await failure(quotes(desk).latest({ symbol: 'A' }))).code).toBe('UNREACHABLE');
    }
    expect(calls).toBeLessThan(1_000);
  });

  it('sdk - an aborted call rejects with the signal’s reason and is forgotten', async () => {
    const desk = await sdk.join('desk');
    sdk.gateway.onCall = () => {};
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
    const desk = await sdk.join('desk');
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
    const desk = await sdk.join('desk');
    await desk.discover();
    expect(await failure(desk.service('news', 2).read?.(1) as Promise<unknown>)).toMatchObject({
      code: 'NO_ROUTE',
    });
    sdk.gateway.publish('desk', [{ ...listed, service: 'news', major: 2 }]);
    await until('the API is listed', async () => (await desk.discover()).length === 1);
    const call = desk.service('news', 2).read?.(1, { site: 'edge-a' }) as Promise<unknown>;
    expect(await failure(call)).toMatchObject({ code: 'UNREACHABLE', retryable: true });
    const elsewhere = desk.service('news', 2).read?.(1, { site: 'edge-b' }) as Promise<unknown>;
    expect(await failure(elsewhere)).toMatchObject({ code: 'NO_ROUTE' });
    await until('three reports', () => sdk.gateway.unrouted.length === 3);
    expect(sdk.gateway.unrouted.map(({ code, toSite }) => [code, toSite])).toEqual([
      ['NO_ROUTE', 'any'],
      ['UNREACHABLE', 'edge-a'],
      ['NO_ROUTE', 'edge-b'],
    ]);
    expect(new Set(sdk.gateway.unrouted.map(({ call: id }) => id)).size).toBe(3);
    await until('nothing is left to report', () => desk.status().unrouted.waiting === 0);
  });

  it('sdk - keeps reports while no gateway is there, and delivers them when one is back', async () => {
    sdk.gateway.stop();
    const desk = await sdk.join('desk');
    expect(await failure(quotes(desk).latest({ symbol: 'A' }))).toMatchObject({ code: 'UNREACHABLE' });
    expect(desk.status().unrouted).toEqual({ waiting: 1, dropped: 0 });
    const back = await standInGateway(sdk.backbone, 'edge-a');
    await until('the report is there', () => back.unrouted.length === 1);
  });

  it('sdk - watching yields each change once, in order', async () => {
    const desk = await sdk.join('desk');
    await desk.discover();
    const events = desk.watch();
    const next = async () => {
      const { value } = await events.next();
      return [value.event, value.service, value.major, value.revision];
    };
    sdk.gateway.publish('desk', [listed]);
    expect(await next()).toEqual(['published', 'quotes', 1, 2]);
    sdk.gateway.publish('desk', [{ ...listed, version: '1.3.0' }]);
    expect(await next()).toEqual(['changed', 'quotes', 1, 3]);
    sdk.gateway.publish('desk', [{ ...listed, version: '1.3.0' }]);
    sdk.gateway.publish('desk', []);
    expect(await next()).toEqual(['withdrawn', 'quotes', 1, 5]);
    await events.return?.();
    expect(await events.next()).toEqual({ value: undefined, done: true });
  });

  it('sdk - says what is missing, and whose credentials are none of a service', async () => {
    const creds = await sdk.server.creds('quotes');
    await expect(connect({ env: {} })).rejects.toThrow(/CAUSEWAY_URL/);
    await expect(connect({ env: { CAUSEWAY_URL: sdk.server.url } })).rejects.toThrow(/CAUSEWAY_CREDS/);
    await expect(connect({ env: {}, url: sdk.server.url, creds })).rejects.toThrow(/CAUSEWAY_CA/);
    await expect(connect({ env: {}, url: sdk.server.url, creds, ca: sdk.server.ca })).rejects.toThrow(
      /site:<site>/,
    );
    await expect(sdk.join('desk', { ca: creds })).rejects.toThrow(/no PEM certificate/);
    const env = {
      CAUSEWAY_URL: sdk.server.url,
      CAUSEWAY_CREDS: await sdk.server.serviceCreds('edge-a', 'desk'),
      CAUSEWAY_CA: sdk.server.ca,
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
    const desk = await sdk.join('desk', {
      creds: await sdk.server.creds('desk', permissions, ['site:edge-a']),
    });
    const started = ports.clock.monotonic();
    const call = quotes(desk).latest({ symbol: 'A' }, { timeout: 20_000 });
    expect(await failure(call)).toMatchObject({ code: 'DENIED' });
    expect(ports.clock.monotonic() - started).toBeLessThan(10_000);
  });

  it('sdk - can wait for a server that is not there yet', async () => {
    await sdk.server.stop();
    expect(await failure(sdk.join('desk'))).toMatchObject({ code: 'UNREACHABLE' });
    const waiting = sdk.join('desk', { waitOnFirstConnect: true });
    await sdk.server.start();
    expect((await waiting).status().connected).toBe(true);
  });
});
