import { formatCreds } from '@causeway/identity';
import {
  connect,
  credsAuthenticator,
  jwtAuthenticator,
  type NatsConnection,
  PermissionViolationError,
} from 'nats';
import { until } from '../../support/until.ts';
import type { Pass } from './knock.ts';

/** A plain client of NATS, with what its server refused it. */
export interface RawClient {
  readonly connection: NatsConnection;
  /** Subjects that it was refused to publish to, in the server's words. */
  readonly refusedPublishes: string[];
  /** Resolves when the server has done everything that was sent, and all it refused has been noted. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Connects with a pass as it is: no part of Causeway in between. */
export async function rawClient(url: string, ca: string, pass: Pass): Promise<RawClient> {
  const connection = await connect({
    servers: url,
    authenticator: pass.seed
      ? credsAuthenticator(new TextEncoder().encode(formatCreds(pass.jwt, pass.seed)))
      : jwtAuthenticator(pass.jwt),
    tls: { ca, handshakeFirst: true },
    reconnect: false,
    timeout: 10_000,
  });
  const refusedPublishes: string[] = [];
  let sentinels = 0;
  let seen = '';
  const watch = (async () => {
    for await (const status of connection.status()) {
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue;
      if (status.error.operation !== 'publish') continue;
      if (status.error.subject.startsWith('sentinel.')) seen = status.error.subject;
      else refusedPublishes.push(status.error.subject);
    }
  })();
  return {
    connection,
    refusedPublishes,
    async settle() {
      const sentinel = `sentinel.${sentinels++}`;
      connection.publish(sentinel);
      await connection.flush();
      // Where a user may publish everything (a witness), nothing of interest was refused.
      if (pass.seed !== undefined && isWitness(pass.jwt)) return;
      await until('the server has refused the sentinel', () => seen === sentinel, { every: 2 });
    },
    async close() {
      // Cut by its server it is answered no flush; and where that was at once, its status never ends.
      await Promise.race([connection.flush().catch(() => undefined), connection.closed()]);
      await connection.close();
      await Promise.race([watch, connection.closed()]);
    },
  };
}

function isWitness(jwt: string): boolean {
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString()) as {
    name: string;
  };
  return claims.name === 'witness';
}
