import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { connectNats, systemRandom } from '@causeway/transport';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { silent } from '../support/silent-logger.ts';

const api = {
  kind: 'api',
  service: 'older',
  version: '1.0.0',
  endpoints: { say: { request: true, reply: true } },
};

/** Both ends are ours, so an older or newer one is played by a plain client that says another number. */
describe('handshake', () => {
  let fabric: TestFabric;
  const connections: NatsConnection[] = [];
  let number = 0;
  beforeAll(async () => {
    fabric = await startTestFabric({ edges: ['edge-a'] });
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await fabric?.[Symbol.asyncDispose]();
  });

  async function ask(creds: string, inboxPrefix: string, subject: string, body: object) {
    const connection = await connectNats({
      servers: fabric.url('edge-a'),
      ca: await readFile(fabric.ca, 'utf8'),
      credentials: creds,
      inboxPrefix,
      name: 'another version',
      random: systemRandom,
      logger: silent,
    });
    connections.push(connection);
    number += 1;
    const reply = await connection.request(subject, JSON.stringify(body), {
      timeout: 5_000,
      noMux: true,
      reply: `${inboxPrefix}.t${number}`,
    });
    return reply.json<{
      code?: string;
      reason?: string;
      pointer?: string;
      lease?: number;
      revision?: number;
    }>();
  }

  it.each([
    ['register', { instance: 'i-1', apis: [api] }],
    ['discover', {}],
  ])('handshake - a gateway and a service of another version: %s', async (op, body) => {
    const creds = await fabric.identity('edge-a', 'older');
    const say = (protocol: number) =>
      ask(creds, '_INBOX.edge-a.older.c', `registry.edge-a.older.${op}`, { protocol, ...body });
    expect((await say(1)).revision).toEqual(expect.any(Number));
    expect((await say(2)).revision).toEqual(expect.any(Number));
    expect(await say(3)).toMatchObject({
      code: 'INVALID_REQUEST',
      pointer: '/protocol',
      reason:
        'the service older speaks protocol 3, the gateway of edge-a protocol 2 and 1; bring the gateway of edge-a up to date',
    });
  });

  it('handshake - the registry and a gateway of another version', async () => {
    const creds = path.join(fabricLayout(fabric.dir).site('edge-a').creds, 'gateway.creds');
    const say = (protocol: number) =>
      ask(creds, '_INBOX.edge-a.gateway.gw-1', 'control.edge-a.renew', {
        protocol,
        gateway: 'gw-1',
        revision: 1,
      });
    expect((await say(1)).revision).toEqual(expect.any(Number));
    expect(await say(9)).toMatchObject({
      code: 'INVALID_REQUEST',
      reason:
        'the gateway of edge-a speaks protocol 9, the registry protocol 2 and 1; bring the registry up to date',
    });
  });
});
