import { CausewayError, encodeJson, headers as names } from '@causeway/protocol';
import { headerBlock } from '@causeway/transport';
import { describe, expect, it } from 'vitest';
import { failure, listed, manifest, quotes, useSdkHarness } from '../support/sdk-harness.ts';
import { ports } from '../support/sdk-server.ts';
import { standInGateway } from '../support/stand-in-gateway.ts';
import { until } from '../support/until.ts';

describe('sdk serving', () => {
  const sdk = useSdkHarness();

  it('sdk - what a handler throws or cannot answer is an error reply, with its message and no more', async () => {
    const causeway = await sdk.join('quotes');
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
    const { anything } = quotes(await sdk.join('desk'));
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

  it('sdk - drops requests that name another’s reply subject, and those that come too late', async () => {
    const { serving } = await sdk.serveEcho();
    const subject = `serve.edge-a.quotes.${serving.instance}.v1.latest`;
    const heard: string[] = [];
    for (const trap of ['answer.>', '_INBOX.edge-a.desk.>', 'registry.edge-a.quotes.evil', 'serve.>']) {
      sdk.backbone.subscribe(trap, { callback: (_error, message) => void heard.push(message.subject) });
    }
    const hostile = [
      'answer.edge-a.desk.gw-1.token',
      'answer.edge-b.quotes.gw-1.token',
      'answer.edge-a.quotes.gw-1.to.ken',
      '_INBOX.edge-a.desk.c.t',
      'registry.edge-a.quotes.evil',
      subject,
    ];
    for (const reply of hostile) sdk.backbone.publish(subject, encodeJson({ symbol: 'A' }), { reply });
    sdk.backbone.publish(subject, encodeJson({ symbol: 'A' }));
    const malformed = { reply: 'answer.edge-a.quotes.gw-1.token', headers: headerBlock([['no name', 'x']]) };
    sdk.backbone.publish(subject, encodeJson({ symbol: 'A' }), malformed);
    const past = headerBlock([[names.deadline, String(ports.clock.now() - 10_000)]]);
    const reply = 'answer.edge-a.quotes.gw-1.late';
    sdk.backbone.publish(subject, encodeJson({ symbol: 'A' }), { reply, headers: past });
    sdk.backbone.publish(subject, encodeJson({ symbol: 'A' }), { reply: 'answer.edge-a.quotes.gw-1.good' });
    await until('the good one is answered', () => heard.includes('answer.edge-a.quotes.gw-1.good'));
    expect(serving.counts).toEqual({ answered: 1, foreign: 8, expired: 1 });
    expect(heard.filter((each) => each !== subject)).toEqual(['answer.edge-a.quotes.gw-1.good']);
  });

  it('sdk - a handler’s signal is aborted at the deadline', async () => {
    const causeway = await sdk.join('quotes');
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
    const desk = await sdk.join('desk');
    await failure(quotes(desk).anything(1, { timeout: 60 }));
    expect(await until('the handler is told', () => aborted)).toMatchObject({ name: 'TimeoutError' });
  });

  it('sdk - renews its lease with its health, and registers again with a gateway that started anew', async () => {
    const causeway = await sdk.join('quotes');
    let health = true;
    const handlers = { latest: () => ({ price: 1 }), anything: () => null };
    const serving = await causeway.serve(manifest, handlers, { health: () => health });
    await until('a renewal', () => sdk.gateway.renewals.some(({ healthy }) => healthy));
    health = false;
    await until('an unhealthy one', () => sdk.gateway.renewals.some(({ healthy }) => !healthy));
    sdk.gateway.instances.clear();
    await until('registered again', () => sdk.gateway.instances.get('quotes') === serving.instance);
    sdk.gateway.stop();
    await until('the lease is lost', () => !serving.active);
    const next = await standInGateway(sdk.backbone, 'edge-a');
    await until('registered with the next', () => next.instances.get('quotes') === serving.instance);
    await until('the lease is back', () => serving.active);
  });

  it('sdk - waits for a gateway to register with, but not where it is refused for good', async () => {
    sdk.gateway.refuse = new CausewayError('INCOMPATIBLE_API', 'latest lost a field');
    const causeway = await sdk.join('quotes');
    const handlers = { latest: () => ({ price: 1 }), anything: () => null };
    expect(await failure(causeway.serve(manifest, handlers))).toMatchObject({
      code: 'INCOMPATIBLE_API',
      reason: 'latest lost a field',
    });
    sdk.gateway.stop();
    const serving = causeway.serve(manifest, handlers);
    const next = await standInGateway(sdk.backbone, 'edge-a');
    const { instance } = await serving;
    expect(next.instances.get('quotes')).toBe(instance);
    const lacking = { latest: handlers.latest } as unknown as typeof handlers;
    expect(await failure(causeway.serve(manifest, lacking))).toMatchObject({ code: 'INVALID_REQUEST' });
    const desk = await sdk.join('desk');
    expect(await failure(desk.serve(manifest, handlers))).toMatchObject({ pointer: '/service' });
    next.stop();
    const hopeless = failure(causeway.serve(manifest, handlers));
    await causeway.drain();
    expect(await hopeless).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('sdk - after a restart of the server it serves, calls and watches again', async () => {
    const { serving } = await sdk.serveEcho();
    const desk = await sdk.join('desk');
    await desk.discover();
    const events: string[] = [];
    desk.watch(({ event, service }) => events.push(`${event} ${service}`));
    const renewals = sdk.gateway.renewals.length;
    await sdk.server.stop();
    await until('both know', () => sdk.opened.every((each) => !each.status().connected));
    sdk.gateway.publish('desk', [listed], { notify: false });
    const during = quotes(desk).latest({ symbol: 'ABC' }, { timeout: 20_000, retry: 100 });
    expect(await failure(quotes(desk).latest({ symbol: 'A' }, { timeout: 30 }))).toMatchObject({
      code: 'UNREACHABLE',
      reason: expect.stringMatching(/not connected/),
    });
    await sdk.server.start();
    expect(await during).toEqual({ price: 3 });
    await until('the lease is renewed', () => sdk.gateway.renewals.length > renewals && serving.active);
    await until('the change is seen', () => events.length > 0);
    await desk.discover();
    expect(events).toEqual(['published quotes']);
  });

  it('sdk - drains: withdraws, lets handlers and calls under way finish, then closes', async () => {
    const causeway = await sdk.join('quotes');
    let release = () => {};
    await causeway.serve(manifest, {
      latest: () => ({ price: 1 }),
      anything: () =>
        new Promise((resolve) => {
          release = () => resolve('done');
        }),
    });
    const desk = await sdk.join('desk');
    const call = quotes(desk).anything(1, { timeout: 20_000 });
    await until('the handler runs', () => causeway.status().serving[0]?.inFlight === 1);
    const drained = Promise.all([causeway.drain(), desk.drain()]);
    await until('withdrawn', () => !sdk.gateway.instances.has('quotes'));
    expect(await failure(quotes(desk).latest({ symbol: 'A' }))).toMatchObject({ code: 'UNREACHABLE' });
    release();
    expect(await call).toBe('done');
    await drained;
    expect([causeway.status().connected, desk.status().connected]).toEqual([false, false]);
  });
});
