import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { CausewayError } from '@causeway/protocol';
import {
  connectNats,
  createAnswerMux,
  createReplyMux,
  headerBlock,
  MuxError,
  type MuxOutcome,
  readCreds,
} from '@causeway/transport';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ports, type SdkServer, startSdkServer, testCertificates } from '../support/sdk-server.ts';
import { until } from '../support/until.ts';

const encoder = new TextEncoder();
const body = encoder.encode('ping');
const prefix = '_INBOX.edge-a.desk.c1';
const { clock, random, logger } = ports;

describe('mux', () => {
  let server: SdkServer;
  let asker: NatsConnection;
  let answerer: NatsConnection;
  const statuses: string[] = [];

  beforeAll(async () => {
    server = await startSdkServer('max_payload: 65536');
    asker = await server.connect(prefix, ({ type }) => statuses.push(type));
    answerer = await server.connect('_INBOX.other');
    answerer.subscribe('echo', { callback: (_error, message) => void message.respond(message.data) });
    answerer.subscribe('silent', { callback: () => {} });
    await answerer.flush();
  });
  afterAll(() => server.dispose());

  const mux = () => createReplyMux({ connection: asker, prefix, clock, random });

  it('mux - gives each of many requests under way its own reply', async () => {
    const replies = mux();
    const requests = Array.from({ length: 1_000 }, (_, at) =>
      replies.request('echo', encoder.encode(String(at)), { timeoutMs: 5_000 }),
    );
    expect(replies.pendingCount).toBe(1_000);
    const texts = (await Promise.all(requests)).map((reply) => reply.string());
    expect(texts).toEqual(requests.map((_, at) => String(at)));
    expect(replies.pendingCount).toBe(0);
    replies.close();
  });

  it('mux - tells apart nobody there, nobody in time, given up, refused and closed', async () => {
    const replies = mux();
    const fault = (subject: string, timeoutMs = 10_000) =>
      replies.request(subject, body, { timeoutMs }).then(
        () => 'reply',
        (error: unknown) => (error as MuxError).fault,
      );
    expect(await fault('nobody')).toBe('no-responders');
    const started = clock.monotonic();
    expect(await fault('silent', 60)).toBe('timeout');
    expect(clock.monotonic() - started).toBeGreaterThanOrEqual(60);
    const denied = fault('silent');
    replies.deny('silent');
    expect(await denied).toBe('denied');
    const outcome = new Promise<MuxOutcome>((resolve) => {
      const token = replies.send('silent', body, clock.monotonic() + 10_000, undefined, resolve);
      expect(replies.abort(token)).toBe(true);
      expect(replies.abort(token)).toBe(false);
    });
    expect(await outcome).toBe('aborted');
    const open = fault('silent');
    replies.close();
    expect(await open).toBe('closed');
    await expect(replies.request('echo', body, { timeoutMs: 100 })).rejects.toThrow(MuxError);
    expect(replies.pendingCount).toBe(0);
  });

  it('mux - rejects with the reason of an aborted signal', async () => {
    const replies = mux();
    const controller = new AbortController();
    const options = { timeoutMs: 10_000, signal: controller.signal };
    const request = replies.request('silent', body, options);
    controller.abort(new Error('no longer needed'));
    await expect(request).rejects.toThrow('no longer needed');
    await expect(replies.request('silent', body, options)).rejects.toThrow('no longer needed');
    expect(replies.pendingCount).toBe(0);
    replies.close();
  });

  it('mux - throws for a payload above the server’s limit, and then never calls back', () => {
    const replies = mux();
    const fail = (outcome: MuxOutcome) => expect.fail(String(outcome));
    const send = () => replies.send('echo', new Uint8Array(70_000), clock.monotonic() + 20, undefined, fail);
    expect(send).toThrow(/max_payload/);
    expect(replies.pendingCount).toBe(0);
    replies.close();
  });

  it('mux - takes the first reply, drops the second and what nobody waits for', async () => {
    const replies = mux();
    const twice = answerer.subscribe('twice', {
      callback: (_error, message) => {
        answerer.publish(`${prefix}.unknown-token`, 'nobody asked');
        message.respond('first');
        message.respond('second');
      },
    });
    await answerer.flush();
    const outcomes: MuxOutcome[] = [];
    replies.send('twice', body, clock.monotonic() + 5_000, undefined, (outcome) => outcomes.push(outcome));
    await until('the first reply', () => outcomes.length > 0);
    await replies.request('echo', body, { timeoutMs: 5_000 });
    expect(outcomes.map((outcome) => typeof outcome === 'string' || outcome.string())).toEqual(['first']);
    twice.unsubscribe();
    replies.close();
  });

  it('mux - hears replies to old requests over either connection after it has moved', async () => {
    const [first, second] = [await server.connect('_INBOX.a'), await server.connect('_INBOX.b')];
    const replies = createReplyMux({ connection: first, prefix: '_INBOX.edge-a.desk.c2', clock, random });
    const asked: string[] = [];
    const slow = answerer.subscribe('slow', { callback: (_error, { reply = '' }) => void asked.push(reply) });
    await answerer.flush();
    const old = replies.request('slow', body, { timeoutMs: 10_000 });
    await until('the request is there', () => asked.length === 1);
    await replies.rebind(second);
    await first.close();
    expect((await replies.request('echo', body, { timeoutMs: 5_000 })).string()).toBe('ping');
    expect(replies.pendingCount).toBe(1);
    answerer.publish(asked[0] as string, 'late');
    expect((await old).string()).toBe('late');
    const open = replies.request('silent', body, { timeoutMs: 10_000 });
    await second.close();
    await expect(open).rejects.toMatchObject({ fault: 'closed' });
    slow.unsubscribe();
  });

  it('mux - malformed headers and throwing callbacks end neither requests nor the connection', async () => {
    const replies = mux();
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => void warnings.push(message);
    process.on('warning', onWarning);
    const malformed = { headers: headerBlock([['no name', 'x']]) };
    const hostile = answerer.subscribe('hostile', {
      callback: (_error, message) => {
        for (const text of ['', 'text']) answerer.publish(message.reply as string, text, malformed);
        answerer.publish(prefix.replace('c1', 'plain'), '', malformed);
        answerer.publish(message.reply as string, 'genuine');
      },
    });
    let reached = 0;
    const plain = asker.subscribe(prefix.replace('c1', 'plain'), {
      callback: (_error, message) => {
        reached += 1;
        void message.headers?.code;
      },
    });
    await Promise.all([asker.flush(), answerer.flush()]);
    expect((await replies.request('hostile', body, { timeoutMs: 5_000 })).string()).toBe('genuine');
    replies.send('echo', body, clock.monotonic() + 5_000, undefined, () => {
      throw new Error('a bad callback');
    });
    expect((await replies.request('echo', body, { timeoutMs: 5_000 })).string()).toBe('ping');
    expect(reached).toBe(1);
    await until('the warning', () => warnings.includes('a bad callback'));
    process.off('warning', onWarning);
    for (const subscription of [hostile, plain]) subscription.unsubscribe();
    replies.close();
  });

  it('mux - an answer counts only under the name of the service that was asked', async () => {
    const answers = createAnswerMux({ site: 'edge-a', gateway: 'gw-1', connection: asker, clock, random });
    const liar = answerer.subscribe('serve.x', {
      callback: (_error, { reply = '' }) => {
        answerer.publish(reply.replace('.quotes.', '.desk.'), 'forged');
        answerer.publish(reply.replace('answer.edge-a.quotes.gw-1.', `${prefix}.`), 'forged');
        answerer.publish(reply, 'genuine');
      },
    });
    await answerer.flush();
    const headers = undefined as never;
    const ask = (subject: string, timeoutMs: number) =>
      new Promise((resolve) => {
        answers.ask({ service: 'quotes', subject, body, timeoutMs, headers }, (result) =>
          resolve(result.kind === 'reply' ? result.message.string() : result.kind),
        );
      });
    expect(await ask('serve.x', 5_000)).toBe('genuine');
    expect(await ask('serve.nobody', 5_000)).toBe('no-responders');
    expect(await ask('silent', 20)).toBe('timeout');
    liar.unsubscribe();
    answers.close();
  });

  it('mux - lets requests wait on over a restart of the server', async () => {
    const replies = mux();
    const waiting = replies.request('silent', body, { timeoutMs: 60_000 }).then(
      () => 'reply',
      (error: MuxError) => error.fault,
    );
    await asker.flush();
    await server.stop();
    await until('the loss is noticed', () => statuses.includes('disconnect'));
    await server.start();
    await until('it is back', () => statuses.includes('reconnect'));
    const reply = await until('the answerer is back', () =>
      replies.request('echo', body, { timeoutMs: 500 }),
    );
    expect(reply.string()).toBe('ping');
    expect(replies.pendingCount).toBe(1);
    replies.close();
    expect(await waiting).toBe('closed');
  });
});

describe('connect', () => {
  let server: SdkServer;
  beforeAll(async () => {
    server = await startSdkServer();
  });
  afterAll(() => server.dispose());

  const attempt = async (changes: object) => {
    const credentials = await server.creds('someone');
    const { ca } = await testCertificates();
    const common = {
      servers: server.url,
      credentials,
      ca,
      name: 'test',
      inboxPrefix: '_INBOX.x',
      random,
      logger,
    };
    try {
      await (await connectNats({ ...common, ...changes })).close();
      return expect.fail('connected');
    } catch (error) {
      expect(error).toBeInstanceOf(CausewayError);
      return error as CausewayError;
    }
  };

  it('connect - names the server, the fault and the way out', async () => {
    expect(await attempt({})).toMatchObject({
      code: 'UNREACHABLE',
      reason: expect.stringMatching(/127\.0\.0\.1.*certificate does not come from the given CA/),
    });
    await server.stop();
    expect((await attempt({})).reason).toMatch(/nothing listens there/);
    await server.start();

    const plain = createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.write('INFO {"server_id":"x","version":"2.15.2","max_payload":1}\r\n');
    });
    const mute = createServer((socket) => void socket.on('error', () => {}).resume());
    for (const [listener, expected] of [
      [plain, /does not speak TLS from the first byte/],
      [mute, /no answer in time.*handshake_first/],
    ] as const) {
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      const { port } = listener.address() as { port: number };
      expect((await attempt({ servers: `tls://127.0.0.1:${port}`, timeout: 300 })).reason).toMatch(expected);
      // Closes only when the failed attempt has left no socket behind.
      await new Promise((resolve) => listener.close(resolve));
    }
  });

  it('connect - always says so when the credentials are refused', async () => {
    const ca = await readFile(server.ca, 'utf8');
    const stranger = await startSdkServer();
    try {
      const credentials = readCreds(await stranger.creds('stranger'));
      for (let turn = 0; turn < 30; turn += 1) {
        const error = await attempt({ ca, credentials });
        expect(error).toMatchObject({
          code: 'REVOKED',
          reason: expect.stringContaining('Authorization Violation'),
        });
      }
    } finally {
      await stranger.dispose();
    }
  });
});
