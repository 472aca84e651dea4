import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import type { TestFabric } from './fabric.ts';

/** A raw NATS client with somebody's real credentials: what an attacker who holds them has. */
export async function rawClient(
  fabric: TestFabric,
  site: string,
  creds: string,
  inboxPrefix: string,
): Promise<NatsConnection> {
  return connect({
    servers: fabric.url(site),
    authenticator: credsAuthenticator(await readFile(creds)),
    tls: { ca: await readFile(fabric.ca, 'utf8'), handshakeFirst: true },
    inboxPrefix,
    reconnect: false,
  });
}
