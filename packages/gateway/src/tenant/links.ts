import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeSecret } from '@causeway/identity';
import { readRemotes, remotesConf } from '@causeway/nats-server';
import type { NatsConnection } from 'nats';

/** The leaf links of an edge's own server: one for each tenant, and the site's own. */
export interface ServerLinks {
  /** Has the server link a tenant's account to the hub, with the credentials `creds/<tenant>.leaf.creds`. */
  add(tenant: string, account: string): Promise<void>;
  remove(tenant: string): Promise<void>;
}

/** Of the cloud's server, which everybody links to. */
export const cloudLinks: ServerLinks = { add: () => Promise.resolve(), remove: () => Promise.resolve() };

const timeoutMs = 5_000;
const credentialsOf = (tenant: string) => `./creds/${tenant}.leaf.creds`;

/**
 * Creates them on a connection of the site's system user. A server that reads its links again keeps all connections and
 * all other links as they are.
 */
export function createServerLinks(options: {
  connection: Pick<NatsConnection, 'request' | 'info'>;
  /** The server's working folder. */
  serverDir: string;
}): ServerLinks {
  const { connection, serverDir } = options;
  const file = path.join(serverDir, 'remotes.conf');

  async function change(tenant: string, account: string | undefined): Promise<void> {
    const standing = readRemotes(await readFile(file, 'utf8'));
    const credentials = credentialsOf(tenant);
    const remotes = standing.filter((remote) => remote.credentials !== credentials);
    const [own] = standing;
    if (account !== undefined) {
      if (!own) throw new Error(`${file} names no link to the hub`);
      remotes.push({ ...own, localAccount: account, credentials });
    }
    await writeSecret(file, remotesConf(remotes));
    // Also where nothing changed: a try that was killed may have written it and not said so to the server.
    const server = connection.info?.server_id ?? '';
    const reply = await connection.request(`$SYS.REQ.SERVER.${server}.RELOAD`, '', { timeout: timeoutMs });
    const { error } = reply.json<{ error?: { description?: string } }>();
    if (error) throw new Error(`the site's server did not take its links: ${error.description}`);
  }

  return {
    add: (tenant, account) => change(tenant, account),
    remove: (tenant) => change(tenant, undefined),
  };
}
