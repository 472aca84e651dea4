import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, connect as dial } from 'node:net';
import { join } from 'node:path';
import { createCa } from '@causeway/identity';
import {
  findNatsServer,
  freePorts,
  NatsServerStartError,
  natsConfigFolder,
  type SupervisorEvent,
  startNatsServer,
  superviseServer,
} from '@causeway/nats-server';
import { systemClock, systemRandom } from '@causeway/transport';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BareFabric, type BareSite, bareFabric } from '../support/bare-operator.ts';
import { until } from '../support/until.ts';

let binary: string;
let fabric: BareFabric;

beforeAll(async () => {
  binary = (await findNatsServer()).path;
});

afterEach(() => fabric?.dispose());

function edge(): BareSite {
  return fabric.edges['edge-a'] as BareSite;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function links(site: BareSite): Promise<number> {
  const page = await fetch(`http://127.0.0.1:${site.monitorPort}/leafz`);
  return ((await page.json()) as { leafnodes: number }).leafnodes;
}

/** What a port says to somebody who speaks plain text, within half a second. */
async function plaintext(port: number): Promise<string> {
  const socket = dial({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  let heard = '';
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  await once(socket, 'connect');
  const silence = Promise.withResolvers<void>();
  const cancel = systemClock.after(500, silence.resolve);
  await Promise.race([silence.promise, once(socket, 'close')]);
  cancel();
  socket.destroy();
  return heard;
}

describe('configuration', () => {
  it.each(['hub.conf', 'edge.conf'])('configuration - %s opens nothing it should not', async (name) => {
    const text = (await readFile(join(natsConfigFolder(), name), 'utf8')).replace(/#.*$/gm, '');
    for (const forbidden of [
      /no_auth_user/,
      /no_tls/,
      /insecure/,
      /allow_non_tls/,
      /websocket/,
      /mqtt/,
      // A name opens nothing; a port or routes would.
      /cluster(?! \{ name: \$CLUSTER \})/,
      /gateway/,
      /authorization/,
      /password/,
      /handshake_first: (?!true)/,
      /compression: (?!off)/,
    ]) {
      expect(text).not.toMatch(forbidden);
    }
    const listeners = text.match(/^\s*port:/gm)?.length ?? 0;
    expect(text.match(/handshake_first: true/g)?.length).toBe(listeners);
    expect(listeners).toBe(name === 'hub.conf' ? 2 : 1);
    expect(text).toMatch(/sync_interval: always/);
  });

  it.each(['hub', 'edge'])('configuration - nats-server accepts that of a %s as it stands', async (kind) => {
    fabric = await bareFabric(['edge-a'], { binary, start: false });
    const { start } = kind === 'hub' ? fabric.hub : edge();
    const { status, stderr } = spawnSync(binary, ['-t', '-c', start.config], {
      cwd: start.folder,
      env: start.env,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, expect.stringContaining('is valid')]);
  });
});

describe('starting', () => {
  it('starting - a port that another process has is named', async () => {
    fabric = await bareFabric([], { binary, start: false });
    const holder = createServer().listen(fabric.hub.clientPort, '127.0.0.1');
    await once(holder, 'listening');
    const failed = await startNatsServer(fabric.hub.start).catch((error: unknown) => error);
    holder.close();
    expect(failed).toBeInstanceOf(NatsServerStartError);
    expect(failed).toMatchObject({ code: 'PORT_IN_USE', port: fabric.hub.clientPort });
  });

  it('starting - the error holds the last thing the server said', async () => {
    fabric = await bareFabric([], { binary, start: false });
    await writeFile(join(fabric.hub.start.folder, 'operator.jwt'), 'nonsense');
    await expect(startNatsServer(fabric.hub.start)).rejects.toThrow(/before it was ready .*operator JWT/s);
    await expect(startNatsServer({ ...fabric.hub.start, binary: '/none/nats-server' })).rejects.toMatchObject(
      {
        code: 'NOT_STARTED',
      },
    );
  });

  it('starting - a server ends when the program that started it is killed', async () => {
    fabric = await bareFabric([], { binary, start: false });
    const { start } = fabric.hub;
    const program = `
      import { startNatsServer } from '@causeway/nats-server';
      import { systemClock } from '@causeway/transport';
      const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
      const options = JSON.parse(process.argv[1]);
      const server = await startNatsServer({ ...options, log, clock: systemClock });
      console.log(server.pid);
    `;
    const { folder, config, env } = start;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', program, JSON.stringify({ binary, folder, config, env })],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(alive(pid)).toBe(true);
    child.kill('SIGKILL');
    await until('the server has ended', () => !alive(pid));
  });

  it('ports - are different and free', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
  });
});

describe('watching', () => {
  it('watching - a server that is killed comes back on the same ports, and stays away when stopped', async () => {
    fabric = await bareFabric([], { binary, start: false });
    const events: SupervisorEvent['kind'][] = [];
    const supervised = await superviseServer({
      ...fabric.hub.start,
      random: systemRandom,
      onEvent: ({ kind }) => events.push(kind),
    });
    const connection = await fabric.connect(fabric.hub);
    const first = supervised.current()?.pid;
    supervised.current()?.kill('SIGKILL');
    const second = await until('it is back', () => {
      const pid = supervised.current()?.pid;
      return pid !== first && pid;
    });
    await until('the client is back', () => connection.flush().then(() => true));
    await connection.close();
    await supervised.stop();
    expect(supervised.current()).toBeUndefined();
    expect(alive(second)).toBe(false);
    expect(events).toEqual(['started', 'exited', 'started']);
  });
});

describe('links', () => {
  it('links - an edge comes in over TLS, and neither port greets in plain text', async () => {
    fabric = await bareFabric(['edge-a'], { binary });
    await until('the link is up', async () => (await links(fabric.hub)) === 1);
    const leafPort = Number(fabric.hub.start.env.LEAF_PORT);
    for (const port of [fabric.hub.clientPort, leafPort, edge().clientPort]) {
      expect(await plaintext(port)).toBe('');
    }
  });

  it('links - an edge that trusts another CA does not connect', async () => {
    fabric = await bareFabric(['edge-a'], { binary, start: false });
    const other = await createCa({ name: 'another', now: systemClock.now(), years: 1 });
    await writeFile(join(edge().start.folder, 'tls', 'ca.pem'), other.cert);
    fabric.hub.server = await startNatsServer(fabric.hub.start);
    const said: string[] = [];
    const keep = (fields: object) => void said.push(JSON.stringify(fields));
    const log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
    edge().server = await startNatsServer({ ...edge().start, log });
    await until('the edge says why', () => said.some((line) => line.includes('unknown authority')));
    expect(await links(fabric.hub)).toBe(0);
  });

  it('links - an edge without TLS is refused', async () => {
    fabric = await bareFabric(['edge-a'], { binary, start: false });
    const remotes = join(edge().start.folder, 'remotes.conf');
    const text = await readFile(remotes, 'utf8');
    await writeFile(remotes, text.replace('tls://', 'nats-leaf://').replace(/ {4}tls: \{[^}]*\}\n/, ''));
    fabric.hub.server = await startNatsServer(fabric.hub.start);
    const said: string[] = [];
    const keep = (fields: object) => void said.push(JSON.stringify(fields));
    const log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
    edge().server = await startNatsServer({ ...edge().start, log });
    await until(
      'an attempt has failed',
      () => said.some((line) => /leafnode.*(error|closed|EOF|timeout)/i.test(line)),
      {
        timeout: 20_000,
      },
    );
    expect(await links(fabric.hub)).toBe(0);
  });
});
