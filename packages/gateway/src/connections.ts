import path from 'node:path';
import type { Logger, Random } from '@causeway/protocol';
import { connectNats } from '@causeway/transport';
import type { NatsConnection } from 'nats';
import type { GatewayConfig } from './config.ts';

/** A gateway's connections to its site's server, one for each of its credentials. */
export interface Connections {
  /** Opens one with the credentials in this file, as they are on disk now; waits for the server. */
  open(file: string, inboxPrefix: string): Promise<NatsConnection>;
  /** As `open`; `close` closes it. */
  keep(file: string, inboxPrefix: string): Promise<NatsConnection>;
  /** Closes those that were kept. */
  close(): Promise<void>;
}

/** Creates them; none is open yet. */
export function createConnections(options: {
  config: GatewayConfig;
  patiently: <T>(what: string, attempt: () => Promise<T>) => Promise<T>;
  random: Random;
  logger: Logger;
}): Connections {
  const { config, patiently, random, logger } = options;
  const kept: NatsConnection[] = [];

  const open = (file: string, inboxPrefix: string) =>
    patiently('server of the site', () =>
      connectNats({
        servers: config.url,
        ca: config.ca,
        credentials: path.join(config.credsDir, file),
        inboxPrefix,
        name: `gateway ${config.site}/${config.gateway} ${file}`,
        random,
        logger,
      }),
    );

  return {
    open,
    async keep(file, inboxPrefix) {
      const connection = await open(file, inboxPrefix);
      kept.push(connection);
      return connection;
    },
    async close() {
      await Promise.all(kept.map((connection) => connection.close()));
    },
  };
}
