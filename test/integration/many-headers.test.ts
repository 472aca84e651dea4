import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Causeway, connect } from '@causeway/sdk';
import { createAnswerMux, createReplyMux, hasReadableHeaders, headerBlock } from '@causeway/transport';
import type { NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { manyHeaders } from '../support/many-headers.ts';
import { rawClient } from '../support/raw-client.ts';
import { ports, type SdkServer, startSdkServer } from '../support/sdk-server.ts';
import { standInGateway } from '../support/stand-in-gateway.ts';
import { until } from '../support/until.ts';

const encoder = new TextEncoder();
const body = encoder.encode('1');
const { clock, random } = ports;
const hostile = { headers: manyHeaders() };
const nanosPerSecond = 1_000_000_000;

/** The client compares each header with all before it: 40,000 of them would keep it busy for 17 s. */
describe('many headers - in this process', () => {
  let server: SdkServer;
  let asker: NatsConnection;
  let other: NatsConnection;
  let delay: ReturnType<typeof monitorEventLoopDelay>;

  beforeAll(async () => {
    server = await startSdkServer();
    asker = await server.connect('_INBOX.edge-a.desk.c1');
    other = await server.connect('_INBOX.other');
  });
  afterAll(() => server?.dispose());
  beforeEach(() => {
    delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
  });
  afterEach(() => {
    delay.disable();
    expect(delay.max).toBeLessThan(nanosPerSecond);
  });

  it('many headers - in a reply or an answer are no reply, and the genuine one behind them counts', async () => {
    const replies = createReplyMux({ connection: asker, prefix: '_INBOX.edge-a.desk.c1', clock, random });
    const answers = createAnswerMux({ site: 'edge-a', gateway: 'gw-1', connection: asker, clock, random });
    other.subscribe('serve.x', {
      callback: (_error, { reply = '' }) => {
        for (const text of ['', 'forged']) other.publish(reply, text, hostile);
        other.publish(reply, 'genuine');
      },
    });
    await other.flush();
    expect((await replies.request('serve.x', body, { timeoutMs: 5_000 })).string()).toBe('genuine');
    const answer = await new Promise<string>((resolve) => {
      const request = { service: 'quotes', subject: 'serve.x', body, timeoutMs: 5_000 };
      answers.ask({ ...request, headers: headerBlock([]) }, (result) =>
        resolve(result.kind === 'reply' ? result.message.string() : result.kind),
      );
    });
    expect(answer).toBe('genuine');
    replies.close();
    answers.close();
  });

  it('many headers - reading them throws at once in any subscription of a Causeway connection', async () => {
    const heard: string[] = [];
    asker.subscribe('plain', {
      callback: (_error, message) => {
        heard.push(message.string());
        void message.headers?.get('h1');
        heard.push('read');
      },
    });
    await asker.flush();
    other.publish('plain', 'many', hostile);
    // Few enough to fit into what is read, but for their number.
    other.publish('plain', 'short', { headers: manyHeaders(1_500) });
    other.publish('plain', 'few', { headers: manyHeaders(100) });
    await until('all three', () => heard.includes('read'));
    expect(heard).toEqual(['many', 'short', 'few', 'read']);
  });

  it('many headers - in what an instance or a watcher is sent are dropped, and calls go on', async () => {
    const gateway = await standInGateway(other, 'edge-a');
    const join = async (service: string): Promise<Causeway> =>
      connect({
        url: server.url,
        ca: server.ca,
        creds: await server.serviceCreds('edge-a', service),
        ...ports,
        env: {},
      });
    const quotes = await join('quotes');
    const api = {
      kind: 'api',
      service: 'quotes',
      version: '1.0.0',
      endpoints: { say: { request: true, reply: true } },
    } as const;
    const serving = await quotes.serve(api, { say: (input) => input });
    const user = await join('user');
    user.watch(() => {});
    const subject = `serve.edge-a.quotes.${serving.instance}.v1.say`;
    for (const text of ['', '1']) {
      other.publish(subject, text, { ...hostile, reply: 'answer.edge-a.quotes.gw-1.token' });
      other.publish('notify.edge-a.user.published', text, hostile);
    }
    await until('the instance has dropped them', () => serving.counts.foreign === 2);
    expect(await user.service<typeof api>('quotes', 1).say('on')).toBe('on');
    await Promise.all([quotes.close(), user.close()]);
    gateway.stop();
  });

  it('many headers - few are told apart from many without decoding, on messages as the client makes them', async () => {
    const told: boolean[] = [];
    asker.subscribe('told', {
      callback: (_error, message) => void told.push(hasReadableHeaders(message)),
    });
    await asker.flush();
    const payloads = ['', 'x', '\n'.repeat(50_000)];
    for (const payload of payloads) {
      other.publish('told', payload);
      other.publish('told', payload, { headers: manyHeaders(128) });
      other.publish('told', payload, { headers: manyHeaders(129), reply: 'somewhere' });
      other.publish('told', payload, hostile);
    }
    await until('all', () => told.length === 4 * payloads.length);
    expect(told).toEqual(payloads.flatMap(() => [true, true, false, false]));
  });
});

describe('many headers - at a gateway', () => {
  let fabric: TestFabric;
  let user: Causeway;
  let bare: NatsConnection;

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    const honest = await fabric.connect('edge-a', 'honest');
    const api = (service: string) =>
      ({ kind: 'api', service, version: '1.0.0', endpoints: { say: { request: {}, reply: {} } } }) as const;
    await honest.serve(api('honest'), { say: (input) => input });
    bare = await rawClient(fabric, 'edge-a', await fabric.identity('edge-a', 'bare'), '_INBOX.edge-a.bare');
    bare.subscribe('serve.edge-a.bare.one.>', {
      callback: (_error, { reply = '' }) => {
        for (const text of ['', '1']) bare.publish(reply, text, hostile);
      },
    });
    const register = JSON.stringify({ protocol: 1, instance: 'one', apis: [api('bare')] });
    await until('the bare service is registered', async () => {
      const reply = await bare.request('registry.edge-a.bare.register', register, { timeout: 5_000 });
      return reply.json<{ lease?: number }>().lease;
    });
    await fabric.admin.apply(
      ['honest', 'bare'].map((service) => ({
        kind: 'policy',
        name: service,
        from: { site: 'edge-a', service: 'user' },
        to: { service },
        effect: 'allow',
      })),
    );
    user = await fabric.connect('edge-a', 'user');
    await until('calls go through', () => say('honest'));
  });
  afterAll(async () => {
    await bare?.close();
    await fabric?.[Symbol.asyncDispose]();
  });

  const say = (service: string) =>
    user.call({ service, major: 1, endpoint: 'say', site: 'edge-a' }, 'on', { timeout: 1_000 });

  it('many headers - in a request are refused at once, and calls go on', async () => {
    const creds = await fabric.identity('edge-a', 'user');
    const raw = await rawClient(fabric, 'edge-a', creds, '_INBOX.edge-a.user');
    for (const text of ['', '1']) {
      const reply = await raw.request('call.edge-a.user.edge-a.honest.v1.say', text, {
        ...hostile,
        timeout: 5_000,
      });
      expect(reply.json()).toMatchObject({ code: 'INVALID_REQUEST' });
      expect(await say('honest')).toBe('on');
    }
    // To the gateway's desk of services, which reads none.
    raw.publish('registry.edge-a.user.discover', '{}', hostile);
    expect(await say('honest')).toBe('on');
    await raw.close();
  });

  it('many headers - in what a service answers are no answer, and calls go on', async () => {
    const lost = say('bare').catch(({ code }: { code: string }) => code);
    for (let call = 0; call < 5; call += 1) expect(await say('honest')).toBe('on');
    expect(await lost).toBe('DEADLINE_EXCEEDED');
    expect(await say('honest')).toBe('on');
  });
});
