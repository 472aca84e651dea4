import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCa, issueServerCertificate } from '@causeway/identity';
import { findNatsServer } from '@causeway/nats-server';
import { connectNats, systemClock, systemRandom } from '@causeway/transport';
import { encodeAccount, encodeOperator, encodeUser, fmtCreds, type Permissions } from '@nats-io/jwt';
import type { NatsConnection, Status } from 'nats';
import { createAccount, createOperator, createUser } from 'nkeys.js';
import { silent } from './silent-logger.ts';
import { until } from './until.ts';

/** One nats-server over TLS in operator mode with one tenant: the least that the SDK can connect to. */
export interface SdkServer {
  readonly folder: string;
  readonly url: string;
  readonly ca: string;
  /** A `.creds` file of a service, with the permissions of its role. */
  serviceCreds(site: string, service: string): Promise<string>;
  /** A `.creds` file of a user with these permissions. */
  creds(name: string, permissions?: Partial<Permissions>, tags?: string[]): Promise<string>;
  /** Connects a user who may do anything. */
  connect(inboxPrefix: string, onStatus?: (status: Status) => void): Promise<NatsConnection>;
  stop(): Promise<void>;
  /** Starts the server again, on the same port. */
  start(): Promise<void>;
  dispose(): Promise<void>;
}

const unlimited = { subs: -1, data: -1, payload: -1 };
const noLimits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };

/** A CA and a certificate of it for 127.0.0.1, as PEM. */
export async function testCertificates(): Promise<{ ca: string; cert: string; key: string }> {
  const now = systemClock.now();
  const ca = await createCa({ name: 'test CA', now, years: 1 });
  const { cert, key } = await issueServerCertificate({ ca, hosts: ['127.0.0.1'], now, days: 2 });
  return { ca: ca.cert, cert, key };
}

/** Starts a server. `config` is added to its configuration. */
export async function startSdkServer(config = ''): Promise<SdkServer> {
  const { path: binary } = await findNatsServer();
  const folder = await mkdtemp(join(tmpdir(), 'causeway-sdk-'));
  const [operator, account, system] = [createOperator(), createAccount(), createAccount()];
  const limits = { limits: noLimits };
  const accounts = await Promise.all(
    [account, system].map(async (key) => {
      const jwt = await encodeAccount('acme', key, limits, { signer: operator });
      return `${key.getPublicKey()}: ${jwt}`;
    }),
  );
  const { ca, cert, key } = await testCertificates();
  const port = await freePort();
  const conf = `
    listen: "127.0.0.1:${port}"
    operator: ${await encodeOperator('test', operator)}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: { ${accounts.join(', ')} }
    tls { cert_file: "${folder}/server.pem", key_file: "${folder}/server.key", handshake_first: true }
    ${config}`;
  await Promise.all([
    writeFile(join(folder, 'server.conf'), conf),
    writeFile(join(folder, 'server.pem'), cert),
    writeFile(join(folder, 'server.key'), key, { mode: 0o600 }),
    writeFile(join(folder, 'ca.pem'), ca),
  ]);
  const url = `tls://127.0.0.1:${port}`;
  const connections: NatsConnection[] = [];
  let child: ChildProcess | undefined;
  let made = 0;

  async function start(): Promise<void> {
    child = spawn(binary, ['-c', join(folder, 'server.conf')], { stdio: 'ignore' });
    await until('the server listens', () => listens(port));
  }

  async function stop(): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill('SIGKILL');
    await ended;
  }

  async function creds(name: string, permissions: Partial<Permissions> = {}, tags: string[] = []) {
    const user = createUser();
    const jwt = await encodeUser(name, user, account, { ...unlimited, ...permissions, tags });
    made += 1;
    const path = join(folder, `${name}-${made}.creds`);
    await writeFile(path, fmtCreds(jwt, user), { mode: 0o600 });
    await chmod(path, 0o600);
    return path;
  }

  await start();
  return {
    folder,
    url,
    ca: join(folder, 'ca.pem'),
    start,
    stop,
    creds,
    serviceCreds: (site, service) => {
      const own = `${site}.${service}.>`;
      const pub = { allow: [`call.${own}`, `registry.${own}`, `answer.${own}`] };
      const sub = { allow: [`serve.${own}`, `_INBOX.${own}`, `notify.${own}`] };
      return creds(service, { pub, sub }, ['tenant:acme', `site:${site}`]);
    },
    async connect(inboxPrefix, onStatus) {
      const credentials = await creds('anyone');
      const connection = await connectNats({
        servers: url,
        credentials,
        ca,
        name: 'test',
        inboxPrefix,
        random: systemRandom,
        logger: silent,
        ...(onStatus ? { onStatus } : {}),
      });
      connections.push(connection);
      return connection;
    },
    async dispose() {
      await Promise.all(connections.map((connection) => connection.close()));
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What both ends of a test are made with. */
export const ports = { clock: systemClock, random: systemRandom, logger: silent };
