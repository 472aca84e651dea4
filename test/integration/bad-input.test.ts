import type { AuditRecord } from '@causeway/protocol';
import type { Causeway, CausewayError } from '@causeway/sdk';
import type { Msg, NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { type RawInstance, rawInstance } from '../support/raw-instance.ts';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';

const site = 'edge-a';
const long = 'x'.repeat(63);
/** Calls that `slow` may have under way: its 1,000 cancelled ones, which a gateway does not know of, and one more. */
const concurrency = 1_001;
const apiOf = (service: string, endpoints: readonly string[]) => ({
  kind: 'api' as const,
  service,
  version: '1.0.0',
  endpoints: Object.fromEntries(endpoints.map((name) => [name, { request: {}, reply: {} }])),
});
const allow = (from: string, to: string, more: object = {}) => ({
  kind: 'policy',
  name: `${from.slice(0, 20)}-${to.slice(0, 20)}`,
  from: { site, service: from },
  to: { service: to },
  effect: 'allow',
  ...more,
});

/** What callers and instances do wrong on a fabric that is well. What desks and documents are sent wrong stands beside them. */
describe('bad input', () => {
  let fabric: TestFabric;
  let caller: Causeway;
  let raw: NatsConnection;
  let instance: RawInstance;
  const echo = (service = 'echo', endpoint = 'say', at: string | undefined = site) => ({
    service,
    major: 1,
    endpoint,
    site: at,
  });
  const failure = (call: Promise<unknown>): Promise<CausewayError> =>
    call.then(
      () => expect.fail('no error'),
      (error: unknown) => error as CausewayError,
    );
  const recordsOf = async (service: string, what: (record: AuditRecord) => boolean = () => true) =>
    (await readRecords(fabric)).filter((record) => record.from.service === service && what(record));

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'] });
    await fabric.admin.apply([
      allow('caller', 'echo'),
      allow('caller', 'bare'),
      allow('other', 'echo'),
      allow('slow', 'echo', { limits: { concurrency } }),
      allow('late', 'bare'),
      allow('twice', 'bare'),
      allow(long, long),
    ]);
    const server = await fabric.connect(site, 'echo');
    await server.serve(apiOf('echo', ['say', 'hang', 'hidden']), {
      say: (input) => input,
      hang: (_input, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(null))),
      hidden: () => null,
    });
    caller = await fabric.connect(site, 'caller');
    raw = await rawClient(fabric, site, await fabric.identity(site, 'caller'), '_INBOX.edge-a.caller');
    instance = await rawInstance(fabric, site, apiOf('bare', ['say']));
    await until('echo can be called', () => caller.call(echo(), 1).then(() => true));
  });
  afterAll(async () => {
    await raw?.close();
    await instance?.close();
    await fabric?.[Symbol.asyncDispose]();
  });

  it('bad input - names of 63 characters work from end to end; of 64 and of none they are refused before anything is sent', async () => {
    const server = await fabric.connect(site, long);
    await server.serve(apiOf(long, [long]), { [long]: (input: unknown) => input });
    await until('the long one is served', () => server.call(echo(long, long), { n: 63 }).then(() => true));
    await until('it is recorded under its whole name', async () =>
      (await recordsOf(long, ({ code }) => code === 'OK')).some(
        ({ to }) => to.service === long && to.endpoint === long,
      ),
    );
    for (const name of ['', `${long}x`]) {
      expect(await failure(caller.call(echo(name), 1))).toMatchObject({ code: 'INVALID_REQUEST' });
      expect(await failure(caller.call(echo('echo', name), 1))).toMatchObject({ code: 'INVALID_REQUEST' });
      expect(await failure(caller.call(echo('echo', 'say', name), 1))).toMatchObject({
        code: 'INVALID_REQUEST',
      });
      await expect(fabric.identity(site, name)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      await expect(fabric.admin.apply([{ ...allow('caller', 'echo'), name }])).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        pointer: '/documents/0/name',
      });
    }
  });

  it('bad input - a malformed subject reaches no instance and makes no record, and its sender goes on', async () => {
    const before = (await recordsOf('caller')).length;
    const subjects = [
      'call.edge-a.caller',
      'call.edge-a.caller.edge-a.echo.v1.say.more',
      'call.edge-a.caller.edge-a.echo.v01.say',
      'call.edge-a.caller.edge-a.echo.1.say',
      'call.edge-a.caller.edge-a.Echo.v1.say',
      'call.edge-a.caller.edge-a.echo.v1.s_y',
      `call.edge-a.caller.edge-a.echo.v1.${long}x`,
      'call.edge-a.caller.gateway.echo.v1.say',
      'call.edge-a.caller.*.echo.v1.say',
      'call.edge-a.caller.any.echo.v1.>',
    ];
    const answers = await Promise.all(
      subjects.map((subject) =>
        raw.request(subject, '1', { timeout: 500 }).then(
          (message) => message.headers?.get('Nats-Service-Error-Code') ?? 'a result',
          (error: Error) => error.name,
        ),
      ),
    );
    for (const answer of answers) expect(answer).toMatch(/NoResponders|Timeout|RequestError/);
    await expect(caller.call(echo(), 'still here')).resolves.toBe('still here');
    await until('the good call is recorded', async () => (await recordsOf('caller')).length > before);
    expect((await recordsOf('caller')).length).toBe(before + 1);
  });

  it.each([
    ['service', { ...echo('nothing') }, 'NO_ROUTE'],
    ['version', { ...echo(), major: 2 }, 'NO_ROUTE'],
    ['endpoint', echo('echo', 'nothing'), 'NO_SUCH_ENDPOINT'],
    ['site', echo('echo', 'say', 'nowhere'), 'NO_ROUTE'],
    ['API at a site that there is', echo('echo', 'say', 'edge-b'), 'NO_ROUTE'],
  ])('bad input - an unknown %s is said to be one', async (_what, to, code) => {
    expect(await failure(caller.call(to, 1))).toMatchObject({ code, number: 404, retryable: false });
  });

  it('bad input - a reply that is no JSON, or does not fit where the manifest has it checked, is INVALID_REPLY; the instance stays', async () => {
    const trusted = { request: {}, reply: { type: 'object', required: ['price'] } };
    const endpoints = { checked: { ...trusted, checkReply: true }, trusted };
    const manifest = { ...apiOf('strict', []), endpoints };
    const strict = await rawInstance(fabric, site, manifest);
    await fabric.admin.apply([allow('caller', 'strict')]);
    let said: string | Uint8Array = '{"price":1}';
    strict.onRequest = ({ reply = '' }) => strict.connection.publish(reply, said);
    const ask = (endpoint: string) => caller.call(echo('strict', endpoint), 1);
    await until('strict can be called', () => ask('checked').then(() => true));
    for (const [body, reason] of [
      ['{"price":', 'the reply of strict is not JSON in UTF-8'],
      ['', 'the reply of strict is not JSON in UTF-8'],
      [new Uint8Array([0x22, 0xff, 0x22]), 'the reply of strict is not JSON in UTF-8'],
      ['"secret"', 'the reply of strict must be object'],
      ['{"prize":1}', 'the reply/price of strict is missing'],
    ] as const) {
      said = body;
      expect(await failure(ask('checked'))).toMatchObject({ code: 'INVALID_REPLY', number: 502, reason });
    }
    // Where nobody asked for the check the gateway hands over what was said; what is no JSON the SDK refuses.
    await expect(ask('trusted')).resolves.toEqual({ prize: 1 });
    said = '{"price":';
    expect(await failure(ask('trusted'))).toMatchObject({ code: 'INVALID_REPLY', number: 502 });
    said = '{"price":2}';
    await expect(ask('checked')).resolves.toEqual({ price: 2 });
    const invalid = await until('each is recorded', async () => {
      const found = await recordsOf('caller', ({ code }) => code === 'INVALID_REPLY');
      return found.length === 5 ? found : undefined;
    });
    expect(new Set(invalid.map(({ decision }) => decision))).toEqual(new Set(['allowed']));
    expect(JSON.stringify(invalid)).not.toContain('secret');
    await strict.close();
  });

  it('bad input - an instance that answers twice answers once: one reply, one record', async () => {
    const twice = await rawClient(
      fabric,
      site,
      await fabric.identity(site, 'twice'),
      '_INBOX.edge-a.twice.c',
    );
    const heard: string[] = [];
    twice.subscribe('_INBOX.edge-a.twice.c.>', {
      callback: (_error, message) => {
        heard.push(message.string());
      },
    });
    instance.onRequest = ({ reply = '' }) => {
      for (const word of ['"first"', '"second"', '"third"']) instance.connection.publish(reply, word);
    };
    twice.publish('call.edge-a.twice.edge-a.bare.v1.say', '1', { reply: '_INBOX.edge-a.twice.c.once' });
    await until('an answer came', () => heard.length > 0);
    const records = await until('it is recorded', async () => {
      const found = await recordsOf('twice');
      return found.length > 0 ? found : undefined;
    });
    expect(heard).toEqual(['"first"']);
    expect(records).toMatchObject([{ code: 'OK', replyBytes: '"first"'.length }]);
    await twice.close();
  });

  it('bad input - an answer that comes after the caller gave up goes nowhere, and the record says so', async () => {
    const late = await fabric.connect(site, 'late');
    await until('bare is visible', async () => (await late.discover()).length > 0);
    const asked: Msg[] = [];
    instance.onRequest = (message) => asked.push(message);
    expect(await failure(late.call(echo('bare'), 1, { timeout: 300 }))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      number: 504,
    });
    await until('the gateway has given up too', async () => (await recordsOf('late')).length === 1);
    instance.connection.publish(asked[0]?.reply ?? '', '"too late"');
    await instance.connection.flush();
    instance.onRequest = ({ reply = '' }) => instance.connection.publish(reply, '"in time"');
    await expect(late.call(echo('bare'), 2)).resolves.toBe('in time');
    await until('the second call is recorded', async () => (await recordsOf('late')).length === 2);
    expect((await recordsOf('late')).map(({ code, decision }) => [decision, code])).toEqual([
      ['allowed', 'DEADLINE_EXCEEDED'],
      ['allowed', 'OK'],
    ]);
  });

  it('bad input - 1,000 calls cancelled at once leave nothing behind, and one record each at most', async () => {
    const slow = await fabric.connect(site, 'slow');
    await until('echo is visible', async () => (await slow.discover()).length > 0);
    const cancel = new AbortController();
    const reason = new Error('changed my mind');
    const calls = Array.from({ length: 1_000 }, () =>
      slow.call(echo('echo', 'hang'), { n: 1 }, { signal: cancel.signal, timeout: 2_000 }),
    );
    expect(slow.status().pendingCalls).toBe(1_000);
    cancel.abort(reason);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === reason)).toBe(
      true,
    );
    expect(slow.status().pendingCalls).toBe(0);
    await expect(slow.call(echo(), 'next')).resolves.toBe('next');
    // The gateway is not told: it goes on to each call's deadline, and then records it.
    const records = await until(
      'the gateway is done with all of them',
      async () => {
        const found = await recordsOf('slow', ({ to }) => to.endpoint === 'hang');
        return found.length === 1_000 ? found : undefined;
      },
      { timeout: 20_000, every: 250 },
    );
    expect(new Set(records.map(({ call }) => call)).size).toBe(1_000);
    expect(records.every(({ decision }) => decision === 'allowed')).toBe(true);
    // An instance that let so many deadlines pass is left out for half a second.
    await until('the next call goes through', () => slow.call(echo(), 'after').then(() => true));
    // Every slot of the policy is free again.
    const again = Array.from({ length: concurrency }, (_, n) => slow.call(echo(), n, { timeout: 20_000 }));
    await expect(Promise.all(again)).resolves.toHaveLength(concurrency);
  });

  it('bad input - a flood of refused calls is counted to the last one, and others are not disturbed', async () => {
    const flood = 30_000;
    const denied = await rawClient(
      fabric,
      site,
      await fabric.identity(site, 'stranger'),
      '_INBOX.edge-a.stranger',
    );
    const other = await fabric.connect(site, 'other');
    await until('echo is visible', async () => (await other.discover()).length > 0);
    let refused = 0;
    const codes = new Map<string, number>();
    denied.subscribe('_INBOX.edge-a.stranger.c.>', {
      callback: (_error, message) => {
        refused += 1;
        const { code } = message.json<{ code: string }>();
        codes.set(code, (codes.get(code) ?? 0) + 1);
      },
    });
    const honest: Promise<unknown>[] = [];
    for (let sent = 0; sent < flood; sent += 1) {
      denied.publish('call.edge-a.stranger.edge-a.echo.v1.say', '1', {
        reply: `_INBOX.edge-a.stranger.c.${sent}`,
      });
      if (sent % 300 === 0) {
        honest.push(other.call(echo(), sent, { timeout: 10_000 }));
        await denied.flush();
      }
    }
    await expect(Promise.all(honest)).resolves.toHaveLength(flood / 300);
    await until('each was refused', () => refused === flood);
    expect([...codes]).toEqual([['NO_ROUTE', flood]]);
    const records = await until(
      'each is recorded',
      async () => {
        const found = await recordsOf('stranger');
        return found.reduce((sum, { count = 1 }) => sum + count, 0) >= flood ? found : undefined;
      },
      { timeout: 30_000, every: 250 },
    );
    expect(records.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(flood);
    expect(new Set(records.map(({ decision, code }) => `${decision} ${code}`))).toEqual(
      new Set(['denied NO_ROUTE']),
    );
    await denied.close();
  });
});
