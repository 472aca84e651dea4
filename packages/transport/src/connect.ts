import type { Logger, Random } from '@causeway/protocol';
import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  type Status,
  setTransportFactory,
} from 'nats';
import { nodeResolveHost } from 'nats/lib/node_transport.js';
import { type CredentialsSource, createAuthenticator } from './authenticator.ts';
import { connectFailure } from './connect-failure.ts';
import { guardCallbacks } from './guard-callbacks.ts';
import { logStatus } from './log-status.ts';
import { SafeNodeTransport } from './node-transport.ts';
import { createReconnecting } from './reconnecting.ts';

/** What a connection is made with. Times are in milliseconds. */
export interface ConnectNatsOptions {
  /** `tls://host:port`, or several of one cluster. */
  readonly servers: string | readonly string[];
  /** Path of a `.creds` file, credentials, or a function that gives them; read again at each reconnect. */
  readonly credentials: CredentialsSource;
  /** The CA that the server's certificate must come from, as PEM text. */
  readonly ca: string;
  /** Name of the connection in the server's monitoring. */
  readonly name: string;
  /** Prefix of the client's own reply subjects (JetStream uses them): one that these credentials may hear. */
  readonly inboxPrefix: string;
  readonly random: Random;
  readonly logger: Logger;
  /** Each change of the connection, after it was logged. */
  readonly onStatus?: (status: Status) => void;
  /** True: the server does not deliver the connection's own messages to it. */
  readonly noEcho?: boolean;
  /** How long one attempt to connect may take; 5 s where absent. */
  readonly timeout?: number;
  /** The client pings this often and gives up after two unanswered; 5 s where absent. */
  readonly pingInterval?: number;
}

/**
 * Connects to a Causeway server: TLS from the first byte, the given CA alone, the nonce signed by
 * `node:crypto`. The first attempt fails fast, with a CausewayError that names the server and what to do:
 * REVOKED where the credentials are refused, UNREACHABLE for everything else. From then on it reconnects for
 * ever, also after a refusal, since credentials may be granted again; waits grow from 50 ms to 2 s, with jitter.
 */
export async function connectNats(options: ConnectNatsOptions): Promise<NatsConnection> {
  const { logger, random } = options;
  const servers = typeof options.servers === 'string' ? [options.servers] : [...options.servers];
  const reconnecting = createReconnecting(random);
  const settings: ConnectionOptions = {
    servers,
    name: options.name,
    inboxPrefix: options.inboxPrefix,
    authenticator: createAuthenticator(options.credentials, logger),
    tls: { ca: options.ca, handshakeFirst: true },
    timeout: options.timeout ?? 5_000,
    pingInterval: options.pingInterval ?? 5_000,
    ...reconnecting.options,
    // An error's stack for every request is dear, and would show the client's own code.
    noAsyncTraces: true,
    // Servers of a cluster announce each other by addresses that a certificate may not cover.
    ignoreClusterUpdates: true,
    ...(options.noEcho === undefined ? {} : { noEcho: options.noEcho }),
  };
  // The client has one factory for the whole process, and its own `connect` sets that to its own transport.
  setTransportFactory({ factory: () => new SafeNodeTransport(), dnsResolveFn: nodeResolveHost });
  let connection: NatsConnection;
  try {
    connection = await NatsConnectionImpl.connect(settings);
  } catch (error) {
    throw connectFailure(error, servers);
  }
  reconnecting.connected();
  guardCallbacks(connection, logger);
  logger.info({ server: connection.getServer(), name: options.name }, 'connected');
  follow(connection, (status) => {
    if (status.type === 'reconnect') reconnecting.connected();
    logStatus(logger, status);
    options.onStatus?.(status);
  });
  return connection;
}

function follow(connection: NatsConnection, onStatus: (status: Status) => void): void {
  const statuses = connection.status();
  void (async () => {
    for await (const status of statuses) onStatus(status);
  })();
}
