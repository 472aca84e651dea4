import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts, type RunningServer, startNatsServer, toConf } from '@causeway/nats-server';
import { systemClock } from '@causeway/transport';
import { connect, type NatsConnection } from 'nats';
import { silent } from '../../support/silent-logger.ts';

/** An edge's server as a hostile owner configures it. */
export interface RogueEdge {
  /** Connects to it as a user who may do everything there. */
  connect(account: string): Promise<NatsConnection>;
  stop(): Promise<void>;
}

/** What the rogue server pretends to be. */
export interface RogueEdgeOptions {
  readonly binary: string;
  /** An empty folder. */
  readonly folder: string;
  readonly serverName: string;
  /** Its JetStream domain; none where left out. */
  readonly domain?: string;
  readonly hubLeafUrl: string;
  readonly caFile: string;
  /** Real leaf credentials by the account they enter at the hub. */
  readonly leafCreds: Readonly<Record<string, string>>;
}

/**
 * Starts an unmodified nats-server without operator, accounts' claims or permissions: the owner rewrote its
 * configuration, and only the leaf credentials are real. It runs beside the honest server of the site: a site
 * may link twice (a link that comes back finds the dead one still there), and so what its owner can do now and
 * what the honest server goes on doing are both seen.
 */
export async function startRogueEdge(options: RogueEdgeOptions): Promise<RogueEdge> {
  const { binary, folder, serverName, domain, hubLeafUrl, caFile, leafCreds } = options;
  const [port = 0] = await freePorts(1);
  const accounts = Object.keys(leafCreds);
  const conf = toConf({
    server_name: serverName,
    host: '127.0.0.1',
    port,
    accounts: {
      ...Object.fromEntries(
        accounts.map((account) => [
          account,
          { jetstream: 'enabled', users: [{ user: account, password: 'owner' }] },
        ]),
      ),
      LOCAL: { users: [{ user: 'local', password: 'owner' }] },
    },
    system_account: 'LOCAL',
    jetstream: { store_dir: join(folder, 'js'), domain },
    feature_flags: { js_api_reply_v2: true },
    leafnodes: {
      reconnect: '100ms',
      remotes: accounts.map((account) => ({
        urls: [hubLeafUrl],
        account,
        credentials: leafCreds[account] as string,
        tls: { ca_file: caFile, handshake_first: true },
      })),
    },
  });
  await writeFile(join(folder, 'rogue.conf'), conf, { mode: 0o600 });
  const server: RunningServer = await startNatsServer({
    binary,
    folder,
    config: 'rogue.conf',
    env: {},
    log: silent,
    clock: systemClock,
  });
  const connections: NatsConnection[] = [];
  return {
    async connect(account) {
      const connection = await connect({ servers: `127.0.0.1:${port}`, user: account, pass: 'owner' });
      connections.push(connection);
      return connection;
    },
    async stop() {
      await Promise.allSettled(connections.map((connection) => connection.close()));
      await server.stop();
    },
  };
}
