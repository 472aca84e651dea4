import { flowKeys } from '@causeway/audit';
import type { Causeway, CausewayError } from '@causeway/sdk';
import { headers, type Msg } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';

const work = {
  kind: 'api',
  service: 'work',
  version: '1.0.0',
  endpoints: {
    echo: { request: {}, reply: {}, maxRequestBytes: 1000, maxReplyBytes: 2000 },
    grow: { request: { type: 'integer' }, reply: { type: 'string' }, maxReplyBytes: 2000 },
    wait: { request: {}, reply: {} },
    fail: { request: {}, reply: {} },
    hang: { request: {}, reply: {} },
  },
} as const;

const at = (endpoint: string) => ({
  service: 'work',
  major: 1,
  endpoint,
  site: 'edge-a',
});
const codeOf = (error: unknown) => (error as CausewayError).code;

describe('guard', () => {
  let fabric: TestFabric;
  let server: Causeway;
  /** Lets the handlers of `wait` that run now go on. */
  const release: (() => void)[] = [];

  const allow = (service: string, more: object = {}) => ({
    kind: 'policy',
    name: `allow-${service}`,
    from: { site: 'edge-a', service },
    to: { service: 'work', major: 1 },
    effect: 'allow',
    ...more,
  });
  /** A client with a policy in force. */
  async function client(service: string, more: object = {}): Promise<Causeway> {
    const connection = await fabric.connect('edge-a', service);
    await fabric.admin.apply([allow(service, more)]);
    await until(`the policy of ${service} is in force`, async () => (await connection.discover()).length > 0);
    return connection;
  }

  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
    server = await fabric.connect('edge-a', 'work');
    await server.serve(work, {
      echo: (input) => input,
      grow: (size) => 'x'.repeat(size),
      wait: async (input) => {
        await new Promise<void>((resolve) => release.push(resolve));
        return input;
      },
      fail: () => {
        throw new Error('the machine is on fire');
      },
      hang: () => new Promise(() => {}),
    });
  });
  afterAll(() => fabric?.[Symbol.asyncDispose]());

  it('guard - a caller over its rate is refused with the time to wait, and admitted after it', async () => {
    const fast = await client('fast', { limits: { rate: 2, burst: 3 } });
    const calls = await Promise.allSettled(Array.from({ length: 10 }, () => fast.call(at('echo'), 1)));
    expect(calls.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refusals = calls.flatMap((call) =>
      call.status === 'rejected' ? [call.reason as CausewayError] : [],
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'RATE_LIMITED', number: 429 });
      expect(refusal.retryAfter).toBeGreaterThan(0);
      expect(refusal.retryAfter).toBeLessThanOrEqual(500);
    }
    const wait = Math.max(...refusals.map(({ retryAfter }) => retryAfter ?? 0));
    const start = performance.now();
    await until('the time to wait is over', () => performance.now() - start >= wait);
    await expect(fast.call(at('echo'), 'again')).resolves.toBe('again');
  });

  it('guard - a rate is for all endpoints of the policy together', async () => {
    const broad = await client('broad', { limits: { rate: 1, burst: 2 } });
    await broad.call(at('echo'), 1);
    await broad.call(at('grow'), 1);
    await expect(broad.call(at('echo'), 1)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('guard - concurrency is limited, and a call that ends makes room', async () => {
    const parallel = await client('parallel', { limits: { concurrency: 2 } });
    const first = parallel.call(at('wait'), 1, { timeout: 10_000 });
    const second = parallel.call(at('wait'), 2, { timeout: 10_000 });
    await until('both calls run', () => release.length === 2);
    await expect(parallel.call(at('wait'), 3)).rejects.toMatchObject({
      code: 'TOO_MANY_CONCURRENT',
      number: 429,
    });
    release.shift()?.();
    await Promise.race([first, second]);
    const third = parallel.call(at('wait'), 3, { timeout: 10_000 });
    await until('the third call runs', () => release.length === 2);
    for (const go of release.splice(0)) go();
    await expect(Promise.all([first, second, third])).resolves.toEqual([1, 2, 3]);
  });

  it('guard - deny beats allow, and lifting it heals', async () => {
    const caller = await client('fickle');
    await caller.call(at('echo'), 1);
    const deny = {
      ...allow('fickle'),
      name: 'deny-fickle',
      effect: 'deny',
      to: { service: 'work', endpoints: ['echo'] },
    };
    await fabric.admin.apply([deny]);
    await until('the deny is in force', () =>
      caller.call(at('echo'), 1).then(
        () => false,
        (error) => codeOf(error) === 'DENIED',
      ),
    );
    await expect(caller.call(at('grow'), 1)).resolves.toBe('x');
    await fabric.admin.apply([{ ...deny, to: { service: 'work', endpoints: ['fail'] } }]);
    await until('the deny is lifted', () => caller.call(at('echo'), 1).then(() => true));
  });

  it('guard - requests and replies are held to their sizes, to the byte', async () => {
    const caller = await client('sizes');
    const fits = 'x'.repeat(998);
    await expect(caller.call(at('echo'), fits)).resolves.toBe(fits);
    await expect(caller.call(at('echo'), `${fits}x`)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      number: 413,
    });
    await expect(caller.call(at('grow'), 1998)).resolves.toHaveLength(1998);
    await expect(caller.call(at('grow'), 1999)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('guard - a handler that throws is SERVICE_ERROR with its reason, and no stack', async () => {
    const caller = await client('thrower');
    const error = await caller.call(at('fail'), 1).catch((thrown: unknown) => thrown as CausewayError);
    expect(error).toMatchObject({ code: 'SERVICE_ERROR', number: 500 });
    expect((error as CausewayError).reason).toContain('the machine is on fire');
    expect(JSON.stringify(error)).not.toContain('.ts:');
  });

  it('guard - a handler that never answers is DEADLINE_EXCEEDED at the deadline', async () => {
    const caller = await client('patient');
    await expect(caller.call(at('hang'), 1, { timeout: 300 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      number: 504,
    });
  });

  it('guard - an endpoint that does not exist is NO_SUCH_ENDPOINT', async () => {
    const caller = await client('curious');
    await expect(caller.call(at('nothing'), 1)).rejects.toMatchObject({
      code: 'NO_SUCH_ENDPOINT',
      number: 404,
    });
  });

  it('guard - an API or site that does not exist is NO_ROUTE, and reported by the caller', async () => {
    const caller = await client('lost');
    const nowhere = { service: 'nothing', major: 7, endpoint: 'x', site: undefined };
    await expect(caller.call(nowhere, 1)).rejects.toMatchObject({ code: 'NO_ROUTE', number: 404 });
    await until('the report is a record', async () => {
      const records = await readRecords(fabric);
      return records.find(
        (record) =>
          record.from.service === 'lost' &&
          record.decision === 'reported' &&
          record.code === 'NO_ROUTE' &&
          record.to.service === 'nothing' &&
          record.to.major === 7,
      );
    });
  });

  it('guard - a body that is not JSON is refused', async () => {
    await client('garbler');
    const creds = await fabric.identity('edge-a', 'garbler');
    const raw = await rawClient(fabric, 'edge-a', creds, '_INBOX.edge-a.garbler');
    const bodies = ['', '{', 'nul', new Uint8Array([0xff, 0xfe, 0x22])];
    const answers = await Promise.all(
      bodies.map((body) => raw.request('call.edge-a.garbler.edge-a.work.v1.echo', body, { timeout: 2_000 })),
    );
    for (const answer of answers) {
      expect(answer.json()).toMatchObject({ code: 'INVALID_REQUEST', number: 400, pointer: '' });
      expect(answer.headers?.get('Nats-Service-Error-Code')).toBe('400');
    }
    await raw.close();
  });

  it('guard - a reply subject that is not the caller’s inbox gets nothing, and is recorded', async () => {
    const caller = await client('mirror');
    const creds = await fabric.identity('edge-a', 'mirror');
    const raw = await rawClient(fabric, 'edge-a', creds, '_INBOX.edge-a.mirror');
    const victims = ['serve.edge-a.work.x.v1.echo', '_INBOX.edge-a.fast.c.t', 'notify.edge-a.fast.published'];
    for (const reply of victims) {
      raw.publish('call.edge-a.mirror.edge-a.work.v1.echo', '1', { reply });
    }
    await raw.flush();
    await caller.call(at('echo'), 1);
    await until('all three are recorded as denied', async () => {
      const records = await readRecords(fabric);
      const denied = records.filter(
        ({ from, decision }) => from.service === 'mirror' && decision === 'denied',
      );
      return denied.length === victims.length && denied.every(({ replyBytes }) => replyBytes === 0);
    });
    await raw.close();
  });

  it('guard - endpoints that a caller makes up make no counters, also where it wants no answer', async () => {
    const caller = await client('inventor');
    const creds = await fabric.identity('edge-a', 'inventor');
    const raw = await rawClient(fabric, 'edge-a', creds, '_INBOX.edge-a.inventor');
    // Another service, with no grant at all.
    const stranger = await rawClient(
      ...([fabric, 'edge-a', await fabric.identity('edge-a', 'unknown'), '_INBOX.edge-a.unknown'] as const),
    );
    for (let n = 0; n < 20; n += 1) {
      raw.publish(`call.edge-a.inventor.edge-a.work.v1.made${n}`, '1');
      stranger.publish(`call.edge-a.unknown.edge-a.work.v1.made${n}`, '1', {
        reply: 'serve.edge-a.work.x.v1.echo',
      });
    }
    await raw.flush();
    await stranger.flush();
    await caller.call(at('echo'), 1);
    const records = await until('all are recorded', async () => {
      const found = (await readRecords(fabric)).filter(({ to }) => to.endpoint.startsWith('made'));
      return found.length === 40 && found;
    });
    // A name that one service makes up would stay in the site's counters for ever, and there is room for so many.
    const counted = new Set(records.flatMap((record) => [...flowKeys(record).keys()]));
    expect([...counted].filter((subject) => subject.includes('.made'))).toEqual([]);
    expect(new Set(records.map(({ from, code }) => `${from.service} ${code}`))).toEqual(
      new Set(['inventor NO_SUCH_ENDPOINT', 'unknown NO_ROUTE']),
    );
    expect(records.every(({ reason }) => reason?.includes('not an inbox of the caller'))).toBe(true);
    await raw.close();
    await stranger.close();
  });

  it('guard - headers reach a service by the allow-list alone', async () => {
    const site = 'edge-a';
    const creds = await fabric.identity(site, 'bare');
    const bare = await rawClient(fabric, site, creds, '_INBOX.edge-a.bare');
    const seen: Msg[] = [];
    bare.subscribe('serve.edge-a.bare.one.>', {
      callback: (_err, message) => {
        seen.push(message);
        if (message.reply) bare.publish(message.reply, '1');
      },
    });
    const api = {
      kind: 'api',
      service: 'bare',
      version: '1.0.0',
      endpoints: { x: { request: {}, reply: {} } },
    };
    const register = JSON.stringify({ protocol: 1, instance: 'one', apis: [api] });
    await until('the bare service is registered', async () => {
      const reply = await bare.request('registry.edge-a.bare.register', register, { timeout: 5_000 });
      return reply.json<{ lease?: number }>().lease;
    });
    await fabric.admin.apply([
      {
        kind: 'policy',
        name: 'forger',
        from: { site, service: 'forger' },
        to: { service: 'bare' },
        effect: 'allow',
      },
    ]);
    const forger = await rawClient(
      fabric,
      site,
      await fabric.identity(site, 'forger'),
      '_INBOX.edge-a.forger',
    );
    const forged = headers();
    forged.set('Causeway-Caller', 'cloud.admin');
    forged.set('Nats-Trace-Dest', 'call.edge-a.forger.trace');
    forged.set('Nats-Msg-Id', '1');
    forged.set('Authorization', 'secret');
    forged.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    await until('the call is answered', async () => {
      const reply = await forger.request('call.edge-a.forger.edge-a.bare.v1.x', '1', {
        headers: forged,
        timeout: 2_000,
      });
      return !reply.headers?.has('Nats-Service-Error-Code');
    });
    const names = [...(seen.at(-1)?.headers?.keys() ?? [])].sort();
    expect(names).toEqual(['Causeway-Call', 'Causeway-Caller', 'Causeway-Deadline', 'traceparent']);
    expect(seen.at(-1)?.headers?.get('Causeway-Caller')).toBe('edge-a.forger');
    await forger.close();
    await bare.close();
  });

  it('guard - a call past its deadline is not handed to the service', async () => {
    await client('late');
    const raw = await rawClient(
      fabric,
      'edge-a',
      await fabric.identity('edge-a', 'late'),
      '_INBOX.edge-a.late',
    );
    const past = headers();
    past.set('Causeway-Deadline', '1000');
    const reply = await raw.request('call.edge-a.late.edge-a.work.v1.echo', '1', {
      headers: past,
      timeout: 2_000,
    });
    expect(reply.json()).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await raw.close();
  });

  it('guard - calls go to the instance with the fewest outstanding, and around one that is gone', async () => {
    const second = await fabric.connect('edge-a', 'work');
    let busy = 0;
    await second.serve(work, {
      echo: () => {
        busy += 1;
        return 'second';
      },
      grow: () => 'second',
      wait: () => 'second',
      fail: () => 'second',
      hang: () => 'second',
    });
    const caller = await client('spreader');
    const held = caller.call(at('wait'), 1, { timeout: 10_000 });
    await Promise.race([held, until('one instance is busy', () => release.length === 1)]);
    if (release.length === 1) {
      await Promise.all(Array.from({ length: 5 }, () => caller.call(at('echo'), 1)));
      expect(busy).toBeGreaterThan(0);
    }
    for (const go of release.splice(0)) go();
    await held;
    await second.close();
    const replies = await Promise.all(Array.from({ length: 10 }, () => caller.call(at('echo'), 'first')));
    expect(replies).toEqual(Array.from({ length: 10 }, () => 'first'));
  });

  it('guard - discovery shows what is permitted, with schemas, and announces a grant', async () => {
    const viewer = await fabric.connect('edge-a', 'viewer');
    expect(await viewer.discover()).toEqual([]);
    const events: unknown[] = [];
    const stop = viewer.watch((event) => events.push(event));
    await fabric.admin.apply([allow('viewer', { to: { service: 'work', endpoints: ['grow'] } })]);
    await until('the grant is announced', () => events.length > 0);
    expect(events[0]).toMatchObject({ event: 'published', service: 'work', major: 1 });
    expect(await viewer.discover()).toEqual([
      {
        service: 'work',
        major: 1,
        version: '1.0.0',
        sites: ['edge-a'],
        endpoints: { grow: work.endpoints.grow },
      },
    ]);
    stop();
  });

  it('guard - with no instance left, the site by name is NO_INSTANCE and anycast UNREACHABLE', async () => {
    const caller = await client('orphan');
    await caller.call(at('echo'), 1);
    await server.close();
    await until('nobody serves', () =>
      caller.call(at('echo'), 1).then(
        () => false,
        (error) => codeOf(error) === 'NO_INSTANCE',
      ),
    );
    await expect(caller.call({ ...at('echo'), site: undefined }, 1)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      retryable: true,
    });
  });
});
