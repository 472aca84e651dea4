import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCa, issueServerCertificate } from '@causeway/identity';
import {
  apiPrefixOf,
  collector,
  collectPrefix,
  freePorts,
  type LeafRemote,
  prepareServerFolder,
  type RunningServer,
  type StartOptions,
  serverEnvironment,
  startNatsServer,
} from '@causeway/nats-server';
import type { Logger } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  type Permissions,
  type User,
} from '@nats-io/jwt';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { createAccount, createOperator, createUser, type KeyPair } from 'nkeys.js';

/**
 * A hub and edges over TLS with the least of identities: no scoped keys, no roles but those that streams need.
 * For tests of the servers and streams themselves; `@causeway/identity` makes the real ones.
 */
export interface BareFabric {
  readonly folder: string;
  readonly hub: BareSite;
  /** The hub again, in the account `OPS`. */
  readonly ops: BareSite;
  readonly edges: Readonly<Record<string, BareSite>>;
  /** Connects to a site's server; `allow` narrows the user, who may otherwise do anything in the site's account. */
  connect(
    site: BareSite,
    allow?: Partial<Permissions>,
    options?: { inboxPrefix?: string },
  ): Promise<NatsConnection>;
  /** Ends all connections and servers and removes the folder. */
  dispose(): Promise<void>;
}

/** One server of a bare fabric. */
export interface BareSite {
  readonly site: string;
  readonly start: StartOptions;
  readonly clientPort: number;
  readonly monitorPort: number;
  /** The hub's `CONTROL`, or an edge's `site-<site>`. */
  readonly account: KeyPair;
  server: RunningServer | undefined;
}

/** A connection that may do anything in its site's account. */
export interface BareClient {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

/** Connects to a site's server, with JetStream. */
export async function bareClient(fabric: BareFabric, site: BareSite): Promise<BareClient> {
  const connection = await fabric.connect(site);
  return { connection, js: jetstream(connection), jsm: await jetstreamManager(connection) };
}

/** A logger that keeps nothing. */
export const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silent,
};

const unlimited = { subs: -1, data: -1, payload: -1 };
const anything = {
  ...unlimited,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
  disallow_bearer: false,
};
const storing = { ...anything, mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/** What the leaf user of a site may do in `CONTROL`: ask the registry, and have its streams read. */
function leafPermissions(site: string): Permissions {
  return {
    pub: { allow: [`control.${site}.>`, `${collectPrefix(site)}.>`] },
    sub: {
      allow: ['AUDIT', 'FLOW'].flatMap((stream) => [
        `${apiPrefixOf(site)}.CONSUMER.MSG.NEXT.${stream}.${collector}`,
        `${apiPrefixOf(site)}.CONSUMER.RESET.${stream}.${collector}`,
      ]),
    },
  };
}

async function certificates(): Promise<{ certificate: string; key: string; ca: string }> {
  const now = systemClock.now();
  const ca = await createCa({ name: 'test CA', now, years: 1 });
  const { cert, key } = await issueServerCertificate({ ca, hosts: ['127.0.0.1'], now, days: 2 });
  return { certificate: cert, key, ca: ca.cert };
}

async function credentials(name: string, account: KeyPair, user: Partial<User>): Promise<Uint8Array> {
  const key = createUser();
  return fmtCreds(await encodeUser(name, key, account, { ...unlimited, ...user }), key);
}

/** Makes folders, keys and certificates of a hub and edges, and starts the servers unless told not to. */
export async function bareFabric(
  edgeNames: readonly string[],
  options: { readonly binary: string; readonly start?: boolean; readonly log?: Logger },
): Promise<BareFabric> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-bare-'));
  const operator = createOperator();
  const operatorJwt = await encodeOperator('test', operator);
  const tls = await certificates();
  const names = ['cloud', ...edgeNames];
  const ports = await freePorts(names.length * 2 + 1);
  const take = () => ports.pop() as number;
  const leafPort = take();
  const accountJwt = (name: string, key: KeyPair, limits: object) =>
    encodeAccount(name, key, { limits }, { signer: operator });
  const control = createAccount();
  const ops = createAccount();

  async function site(name: string): Promise<BareSite> {
    const kind = name === 'cloud' ? 'hub' : 'edge';
    const system = createAccount();
    const account = kind === 'hub' ? control : createAccount();
    const remotes: LeafRemote[] = [
      {
        urls: [`tls://127.0.0.1:${leafPort}`],
        localAccount: account.getPublicKey(),
        credentials: './creds/control.leaf.creds',
      },
    ];
    const leaf = await credentials(`leaf-${name}`, control, {
      ...leafPermissions(name),
      allowed_connection_types: ['LEAFNODE'],
    });
    const [clientPort, monitorPort] = [take(), take()];
    const nats = join(folder, name, 'nats');
    const config = await prepareServerFolder({
      kind,
      folder: nats,
      operatorJwt,
      accounts: {
        [system.getPublicKey()]: await accountJwt(`SYS-${name}`, system, anything),
        [account.getPublicKey()]: await accountJwt(
          kind === 'hub' ? 'CONTROL' : `site-${name}`,
          account,
          storing,
        ),
        ...(kind === 'hub' ? { [ops.getPublicKey()]: await accountJwt('OPS', ops, storing) } : {}),
      },
      tls,
      ...(kind === 'edge' ? { remotes, credentials: { 'control.leaf.creds': leaf } } : {}),
    });
    const env = serverEnvironment({
      site: name,
      systemAccount: system.getPublicKey(),
      listenHost: '127.0.0.1',
      clientPort,
      ...(kind === 'hub' ? { leafPort } : { cluster: `cluster-${randomUUID()}` }),
      monitorPort,
      maxFileBytes: 4 * 1024 ** 3,
    });
    const start = {
      binary: options.binary,
      folder: nats,
      config,
      env,
      log: options.log ?? silent,
      clock: systemClock,
    };
    return { site: name, start, clientPort, monitorPort, account, server: undefined };
  }

  const [hub, ...edgeSites] = await Promise.all(names.map(site));
  const sites = [hub as BareSite, ...edgeSites];
  const connections: NatsConnection[] = [];
  const fabric: BareFabric = {
    folder,
    hub: hub as BareSite,
    ops: { ...(hub as BareSite), account: ops },
    edges: Object.fromEntries(edgeSites.map((edge) => [edge.site, edge])),
    async connect(at, allow = {}, more = {}) {
      const creds = await credentials(`user-${randomUUID()}`, at.account, allow);
      const connection = await connect({
        servers: `127.0.0.1:${at.clientPort}`,
        authenticator: credsAuthenticator(creds),
        tls: { ca: tls.ca, handshakeFirst: true },
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
        reconnectJitter: 0,
        reconnectJitterTLS: 0,
        ...more,
      });
      connections.push(connection);
      return connection;
    },
    async dispose() {
      await Promise.all(connections.map((connection) => connection.close()));
      await Promise.all(sites.map(({ server }) => server?.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    if (options.start ?? true) {
      await Promise.all(
        sites.map(async (each) => {
          each.server = await startNatsServer(each.start);
        }),
      );
    }
  } catch (error) {
    await fabric.dispose();
    throw error;
  }
  return fabric;
}
