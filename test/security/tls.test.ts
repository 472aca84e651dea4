import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import { createCa, parseCreds } from '@causeway/identity';
import { confString, findNatsServer, freePorts, startNatsServer } from '@causeway/nats-server';
import type { Logger } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import { connect, credsAuthenticator } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestFabric, type TestFabric } from '../support/fabric.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { doorOf, linksOf } from './support/doors.ts';
import { knock } from './support/knock.ts';

let fabric: TestFabric;
let otherCa: string;

beforeAll(async () => {
  fabric = await startTestFabric({ edges: ['edge-a'] });
  otherCa = (await createCa({ name: 'another', now: systemClock.now(), years: 1 })).cert;
});
afterAll(() => fabric?.[Symbol.asyncDispose]());

const doors = [
  ['cloud', 'client'],
  ['cloud', 'leaf'],
  ['edge-a', 'client'],
] as const;

describe('tls, clients', () => {
  it.each(doors)(
    'tls, clients - %s says nothing in plain text at its %s port, and closes',
    async (site, kind) => {
      const { host, port } = await doorOf(fabric, site, kind);
      const socket = dial({ host, port });
      let heard = '';
      socket.on('error', () => {});
      socket.on('data', (data) => {
        heard += data.toString('latin1');
      });
      const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
      await once(socket, 'connect');
      socket.write('CONNECT {"verbose":false,"name":"plain"}\r\nPING\r\n');
      await closed;
      // A TLS alert is all it may say.
      expect(heard).not.toMatch(/INFO|PONG|ERR|nonce/);
    },
  );

  it('tls, clients - one that waits for a greeting before TLS, or trusts another CA, does not get in', async () => {
    const creds = await readFile(await fabric.identity('edge-a', 'trader'));
    const ca = await readFile(fabric.ca, 'utf8');
    const attempt = (tls: { ca: string; handshakeFirst?: boolean }) =>
      connect({
        servers: fabric.url('edge-a'),
        authenticator: credsAuthenticator(creds),
        tls,
        reconnect: false,
        timeout: 2_000,
      });
    await expect(attempt({ ca })).rejects.toThrow();
    await expect(attempt({ ca: otherCa, handshakeFirst: true })).rejects.toThrow();
    const twin = await attempt({ ca, handshakeFirst: true });
    await twin.flush();
    await twin.close();
  });

  it('tls, clients - a server with a certificate of another CA is not spoken to', async () => {
    const pass = parseCreds(await readFile(await fabric.identity('edge-a', 'trader'), 'utf8'));
    const door = await doorOf(fabric, 'edge-a', 'client');
    expect(await knock({ ...door, ca: otherCa }, pass)).toBe('closed');
    expect(await knock(door, pass)).toBe('in');
  });
});

/** Another's nats-server with the real credentials of edge-a's link, and TLS as he pleases. */
async function rogueEdge(tls: string | undefined, url: string) {
  const folder = await temporaryFolder('causeway-rogue-');
  const { leafCreds } = fabricLayout(fabric.dir).site('edge-a');
  await copyFile(path.join(leafCreds, 'acme.leaf.creds'), path.join(folder, 'leaf.creds'));
  await copyFile(fabric.ca, path.join(folder, 'ca.pem'));
  await writeFile(path.join(folder, 'other.pem'), otherCa);
  const [port] = await freePorts(1);
  const config = `
    server_name: rogue
    host: "127.0.0.1"
    port: ${port}
    leafnodes {
      reconnect: "100ms"
      remotes: [{ url: ${confString(url)}, credentials: "./leaf.creds", first_info_timeout: "500ms" ${tls ? `, tls { ${tls} }` : ''} }]
    }`;
  await writeFile(path.join(folder, 'rogue.conf'), config);
  const said: string[] = [];
  const keep = (fields: object) => void said.push(JSON.stringify(fields));
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  const { path: binary } = await findNatsServer({});
  const server = await startNatsServer({
    binary,
    folder,
    config: 'rogue.conf',
    env: {},
    log,
    clock: systemClock,
  });
  return { server, said };
}

const linked = async () => (await linksOf(fabric)).some(({ name }) => name === 'rogue');

describe('tls, links', () => {
  it.each([
    ['trusts another CA', 'ca_file: "./other.pem", handshake_first: true', 'tls', /unknown authority/],
    ['speaks no TLS', undefined, 'nats-leaf', /error|closed|timeout/i],
    ['waits for a greeting before TLS', 'ca_file: "./ca.pem"', 'tls', /error|closed|timeout/i],
  ])(
    'tls, links - an edge that %s does not get in, whatever its credentials',
    async (_, tls, scheme, why) => {
      const { host, port } = await doorOf(fabric, 'cloud', 'leaf');
      const { server, said } = await rogueEdge(tls, `${scheme}://${host}:${port}`);
      try {
        const tries = () => said.filter((line) => /leaf/i.test(line) && why.test(line));
        await until('it has tried and failed twice', async () => {
          expect(await linked()).toBe(false);
          return tries().length >= 2;
        });
      } finally {
        await server.stop();
      }
    },
  );

  it('tls, links - the same edge gets in with the right CA and the handshake first', async () => {
    const { host, port } = await doorOf(fabric, 'cloud', 'leaf');
    const { server } = await rogueEdge('ca_file: "./ca.pem", handshake_first: true', `tls://${host}:${port}`);
    try {
      await until('the link is up', linked);
    } finally {
      await server.stop();
    }
  });
});
