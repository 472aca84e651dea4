import { chmod, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { createKeys, formatCreds, issueUser, parseCreds, writeSecret } from '@causeway/identity';
import { type Causeway, type CausewayError, connect } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { headers, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawSocket } from '../fuzz/lib/raw-socket.ts';
import { accountAt } from '../security/support/witness.ts';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { rawClient } from '../support/raw-client.ts';
import { type RawInstance, rawInstance } from '../support/raw-instance.ts';
import { silent } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const site = 'edge-a';
/** As nats-server has them by the configuration: nothing larger crosses it, headers included. */
const maxPayload = 1024 * 1024;
const endpoints = {
  tiny: { request: {}, reply: {}, maxRequestBytes: 1, maxReplyBytes: 1 },
  usual: { request: {}, reply: {} },
  most: { request: {}, reply: {}, maxRequestBytes: 1_000_000, maxReplyBytes: 1_000_000 },
};
const bare = { kind: 'api', service: 'bare', version: '1.0.0', endpoints };
/** JSON of exactly so many bytes. */
const json = (bytes: number) => (bytes === 1 ? '1' : `"${'x'.repeat(bytes - 2)}"`);

const failure = (call: Promise<unknown>): Promise<CausewayError> =>
  call.then(
    () => expect.fail('no error'),
    (error: unknown) => error as CausewayError,
  );

let fabric: TestFabric;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a', 'edge-b'], tenants: ['acme', 'globex'] });
  await fabric.admin.apply([
    {
      kind: 'policy',
      tenant: 'acme',
      name: 'sizes',
      from: { service: 'caller' },
      to: { service: 'bare' },
      effect: 'allow',
    },
  ]);
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

describe('bad input, sizes', () => {
  let raw: NatsConnection;
  let caller: Causeway;
  let instance: RawInstance;
  /** Bytes of the next reply. */
  let size = 1;
  let handled = 0;

  const ask = async (endpoint: string, bytes: number, block = headers()): Promise<string> => {
    const subject = `call.${site}.caller.${site}.bare.v1.${endpoint}`;
    const reply = await raw.request(subject, json(bytes), { timeout: 10_000, headers: block });
    if (!reply.headers?.get('Nats-Service-Error-Code')) return `${reply.data.length}`;
    const { code, number } = reply.json<{ code: string; number: number }>();
    expect(reply.headers.get('Nats-Service-Error-Code')).toBe(String(number));
    return code;
  };

  beforeAll(async () => {
    caller = await fabric.connect(site, 'caller');
    raw = await rawClient(fabric, site, await fabric.identity(site, 'caller'), '_INBOX.edge-a.caller');
    instance = await rawInstance(fabric, site, bare);
    instance.onRequest = ({ reply = '' }) => {
      handled += 1;
      instance.connection.publish(reply, json(size));
    };
    await until('the bare service can be called', async () => (await ask('tiny', 1)) === '1');
  });
  afterAll(async () => {
    await raw?.close();
    await instance?.close();
  });

  it.each([
    ['tiny', 1],
    ['usual', 262_144],
    ['most', 1_000_000],
  ])('bad input, sizes - a request to %s has %d bytes at most, by the byte', async (endpoint, limit) => {
    size = 1;
    handled = 0;
    if (limit > 1) expect(await ask(endpoint, limit - 1)).toBe('1');
    expect(await ask(endpoint, limit)).toBe('1');
    const before = handled;
    expect(await ask(endpoint, limit + 1)).toBe('PAYLOAD_TOO_LARGE');
    expect(handled).toBe(before);
  });

  it.each([
    ['tiny', 1],
    ['usual', 1_000_000],
    ['most', 1_000_000],
  ])('bad input, sizes - a reply of %s has %d bytes at most, by the byte', async (endpoint, limit) => {
    for (const [bytes, outcome] of [
      ...(limit > 1 ? [[limit - 1, String(limit - 1)] as const] : []),
      [limit, String(limit)],
      [limit + 1, 'PAYLOAD_TOO_LARGE'],
    ] as const) {
      size = bytes;
      expect(await ask(endpoint, 1)).toBe(outcome);
    }
    size = maxPayload;
    expect(await ask(endpoint, 1)).toBe('PAYLOAD_TOO_LARGE');
  });

  it('bad input, sizes - what the server itself would not take never leaves the caller, to the byte', async () => {
    size = 1;
    const to = { service: 'bare', major: 1, endpoint: 'most', site };
    // The SDK's headers are some hundred bytes; around that limit every answer is one of two.
    for (const bytes of [maxPayload, maxPayload + 1, maxPayload - 12]) {
      expect(await failure(caller.call(to, 'x'.repeat(bytes - 2)))).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        number: 413,
      });
    }
    for (let bytes = maxPayload - 140; bytes < maxPayload - 60; bytes += 8) {
      expect(await failure(caller.call(to, 'x'.repeat(bytes - 2)))).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
      });
    }
    expect(caller.status().connected).toBe(true);
    await expect(caller.call(to, 'small')).resolves.toBe(1);
  });

  it('bad input, sizes - one byte more than the server takes ends that connection, of a caller or an instance, and no other', async () => {
    size = 1;
    const ca = await readFile(fabric.ca, 'utf8');
    const { hostname, port } = new URL(fabric.url(site));
    const door = { host: hostname, port: Number(port), ca };
    const speaker = parseCreds(await readFile(await fabric.identity(site, 'caller'), 'utf8'));
    const subject = `call.${site}.caller.${site}.bare.v1.most`;
    const inbox = `_INBOX.${site}.caller.by-hand`;
    const answers: string[] = [];
    for (const [bytes, outcome] of [
      [maxPayload - 1, 'PAYLOAD_TOO_LARGE'],
      [maxPayload, 'PAYLOAD_TOO_LARGE'],
      [maxPayload + 1, 'closed'],
    ] as const) {
      const socket = await openRawSocket(door, speaker, ({ body }) =>
        answers.push(JSON.parse(body.toString()).code),
      );
      socket.subscribe(`${inbox}.*`);
      socket.publish(subject, Buffer.from(json(bytes)), { reply: `${inbox}.t${bytes}` });
      if (outcome === 'closed') {
        await socket.ended;
        expect(socket.errors.join()).toContain('Maximum Payload');
      } else await until('it is answered', () => answers.pop() === outcome);
      socket.close();
    }
    const served = await openRawSocket(
      door,
      parseCreds(await readFile(await fabric.identity(site, 'bare'), 'utf8')),
    );
    served.publish(`answer.${site}.bare.gw-1.token`, Buffer.from(json(maxPayload + 1)));
    await served.ended;
    expect(served.errors.join()).toContain('Maximum Payload');
    expect(answers).toEqual([]);
    expect(caller.status().connected).toBe(true);
    expect(await ask('most', 1)).toBe('1');
  });

  it('bad input, sizes - a handler’s result that is too large for the server is INVALID_REPLY, and it serves on', async () => {
    const server = await fabric.connect(site, 'grower');
    await server.serve(
      {
        kind: 'api',
        service: 'grower',
        version: '1.0.0',
        endpoints: { grow: { request: { type: 'integer' }, reply: {} } },
      },
      { grow: (bytes) => 'x'.repeat(bytes - 2) },
    );
    await fabric.admin.apply([
      {
        kind: 'policy',
        tenant: 'acme',
        name: 'grower',
        from: { service: 'caller' },
        to: { service: 'grower' },
        effect: 'allow',
      },
    ]);
    const to = { service: 'grower', major: 1, endpoint: 'grow', site };
    await until('it can be called', () => caller.call(to, 10).then(() => true));
    for (const [bytes, code] of [
      [1_000_001, 'PAYLOAD_TOO_LARGE'],
      [maxPayload - 1024, 'PAYLOAD_TOO_LARGE'],
      [maxPayload - 1023, 'INVALID_REPLY'],
      [maxPayload + 1, 'INVALID_REPLY'],
    ] as const) {
      expect(await failure(caller.call(to, bytes))).toMatchObject({ code });
    }
    await expect(caller.call(to, 1_000_000)).resolves.toHaveLength(999_998);
  });

  it('bad input, sizes - headers of a few kilobytes and some dozen lines are read, of more the call is refused', async () => {
    size = 1;
    for (const [bytes, outcome] of [
      [8_000, '1'],
      [16_000, '1'],
      [16_384, 'INVALID_REQUEST'],
      [65_536, 'INVALID_REQUEST'],
      [1_000_000, 'INVALID_REQUEST'],
    ] as const) {
      const block = headers();
      block.set('X-Long', 'x'.repeat(bytes));
      expect(await ask('tiny', 1, block)).toBe(outcome);
    }
    for (const [lines, outcome] of [
      [128, '1'],
      [129, 'INVALID_REQUEST'],
      [2_000, 'INVALID_REQUEST'],
    ] as const) {
      const block = headers();
      for (let at = 0; at < lines; at += 1) block.append('Causeway-Call', `call-${at}`);
      expect(await ask('tiny', 1, block)).toBe(outcome);
    }
  });
});

describe('bad input, credentials', () => {
  const open = (at: string, creds: string): Promise<Causeway> =>
    connect({ url: fabric.url(at), ca: fabric.ca, creds, logger: silent, env: {} });
  let folder: string;
  let good: string;
  const copy = async (name: string, change: (text: string) => string = (text) => text): Promise<string> => {
    const file = path.join(folder, name);
    await rm(file, { force: true });
    await writeFile(file, change(await readFile(good, 'utf8')), { mode: 0o600 });
    return file;
  };

  beforeAll(async () => {
    folder = path.join(path.dirname(fabric.dir), 'bad-creds');
    await mkdir(folder);
    good = await fabric.identity(site, 'holder', 'acme');
  });

  it('bad input, credentials - that are missing, empty or truncated are named, with what to do', async () => {
    await expect(open(site, path.join(folder, 'none.creds'))).rejects.toThrow(
      /no credentials at .*none\.creds.*service add/,
    );
    await expect(open(site, await copy('empty.creds', () => ''))).rejects.toThrow(
      /empty\.creds is not a NATS \.creds file/,
    );
    const length = (await readFile(good)).length;
    for (const bytes of [60, 300, length - 120, length - 60]) {
      const file = await copy(`cut-${bytes}.creds`);
      await truncate(file, bytes);
      await expect(open(site, file)).rejects.toThrow(
        /truncated: its user (JWT|NKey seed) is missing or not complete/,
      );
    }
  });

  it.skipIf(process.platform === 'win32')(
    'bad input, credentials - that others can read are refused, with the command that mends it',
    async () => {
      const file = await copy('open.creds');
      for (const mode of [0o644, 0o640, 0o602, 0o660]) {
        await chmod(file, mode);
        await expect(open(site, file)).rejects.toThrow(
          `${file} can be read by others; it holds a secret key: run chmod 600 ${file}`,
        );
      }
      await chmod(file, 0o600);
      await (await open(site, file)).close();
    },
  );

  it('bad input, credentials - that have expired are refused by the server, and said to be perhaps that', async () => {
    const { publicKey } = await accountAt(fabric, 'cloud', 'acme');
    const signer = await readFile(
      path.join(fabricLayout(fabric.dir).registry, 'keys', 'acme.service.nk'),
      'utf8',
    );
    const keys = createKeys('user', systemRandom);
    const hour = 3_600_000;
    const { jwt } = await issueUser({
      account: { kind: 'tenant', name: 'acme', publicKey },
      role: 'service',
      name: 'holder',
      tags: { site },
      key: keys.publicKey,
      signer: signer.trim(),
      now: systemClock.now() - 2 * hour,
      expires: systemClock.now() - hour,
    });
    const file = path.join(folder, 'expired.creds');
    await writeSecret(file, formatCreds(jwt, keys.seed));
    expect(await failure(open(site, file))).toMatchObject({
      code: 'REVOKED',
      number: 401,
      reason: expect.stringContaining('expired'),
    });
  });

  it('bad input, credentials - of another fabric’s account or another role are no service’s', async () => {
    const layout = fabricLayout(fabric.dir);
    const { creds, leafCreds } = layout.site(site);
    await expect(open('cloud', layout.admin)).rejects.toThrow(/exactly one tag site:<site>/);
    expect(await failure(open(site, path.join(leafCreds, 'acme.leaf.creds')))).toMatchObject({
      code: 'REVOKED',
    });
    expect(await failure(open('cloud', path.join(creds, 'gateway.creds')))).toMatchObject({
      code: 'REVOKED',
    });
    await using wrong = await open(site, path.join(creds, 'gateway-acme.creds'));
    const to = { service: 'bare', major: 1, endpoint: 'tiny', site };
    expect(await failure(wrong.call(to, 1))).toMatchObject({ code: 'DENIED' });
    await expect(failure(wrong.serve(bare as never, {} as never))).resolves.toBeInstanceOf(Error);
  });

  it('bad input, credentials - of another tenant reach nothing of this one', async () => {
    const stranger = await fabric.connect(site, 'caller', 'globex');
    for (const at of [site, undefined]) {
      const to = { service: 'bare', major: 1, endpoint: 'tiny', site: at };
      expect(await failure(stranger.call(to, 1))).toMatchObject({ code: 'NO_ROUTE' });
    }
    expect(await stranger.discover()).toEqual([]);
  });

  it('bad input, credentials - of another site are told which site they are of', async () => {
    expect(await failure(open('edge-b', good))).toMatchObject({
      code: 'REVOKED',
      reason: expect.stringMatching(/of site edge-a.*server of edge-b/),
    });
  });
});
