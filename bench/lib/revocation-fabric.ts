import { readFile } from 'node:fs/promises';
import type { AdminClient } from '@causeway/fabric';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { startBaseFabric, tenant } from './base-fabric.ts';
import type { Child } from './child.ts';
import { echoManifest } from './echo.ts';

/** Where a service may come in. */
export const revocationSites = ['cloud', 'edge-a', 'edge-b'] as const;
export type RevocationSite = (typeof revocationSites)[number];

/** Someone who is to be revoked: let in at each server, with the same credentials. */
export interface Victim {
  readonly site: RevocationSite;
  readonly service: string;
  readonly connections: Readonly<Record<RevocationSite, NatsConnection>>;
}

/** A fabric of three sites with calls going on in it. */
export interface RevocationFabric extends AsyncDisposable {
  readonly admin: AdminClient;
  readonly tenant: string;
  readonly natsServer: string;
  /** The one who makes calls, from the cloud to an edge. */
  readonly caller: Child;
  /** Makes the credentials of a new service, and comes in with them everywhere. */
  enter(site: RevocationSite, service: string): Promise<Victim>;
  /** Where the server lets the revoked one in all the same. */
  stillIn(victim: Victim): Promise<RevocationSite[]>;
}

const callerName = 'bench-guarded';

/** Starts it. */
export async function startRevocationFabric(options: {
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}): Promise<RevocationFabric> {
  const { signal, onProgress } = options;
  const edges = revocationSites.filter((site) => site !== 'cloud');
  const base = await startBaseFabric({ edges, logLevel: 'error', signal, onProgress });
  await using stack = base.stack;
  const { fabric, admin, urlOf, credsOf, startProgram } = base;
  await admin.apply([
    {
      kind: 'policy',
      name: 'bench',
      from: { service: callerName },
      to: { service: echoManifest.service },
      effect: 'allow',
    },
  ]);
  onProgress('starting a service, and its caller');
  await startProgram('guarded-service', 'edge-a', {
    creds: await credsOf('edge-a', echoManifest.service),
  });
  const caller = await startProgram('guarded-caller', 'cloud', { creds: await credsOf('cloud', callerName) });

  const ca = await readFile(fabric.summary.ca, 'utf8');
  /** Comes in with no part of Causeway: as whoever has stolen the credentials. */
  const enterAt = async (site: string, creds: Uint8Array) =>
    connect({
      servers: urlOf(site),
      authenticator: credsAuthenticator(creds),
      tls: { ca, handshakeFirst: true },
      reconnect: false,
    });
  const kept = new Map<string, Uint8Array>();

  const owned = stack.move();
  return {
    admin,
    tenant,
    natsServer: base.natsServer,
    caller,
    async enter(site, service) {
      const creds = await readFile(await credsOf(site, service));
      kept.set(service, creds);
      const [cloud, a, b] = await Promise.all(revocationSites.map((at) => enterAt(at, creds)));
      return {
        site,
        service,
        connections: { cloud, 'edge-a': a, 'edge-b': b } as Victim['connections'],
      };
    },
    async stillIn({ service }) {
      const creds = kept.get(service) as Uint8Array;
      kept.delete(service);
      const found = await Promise.all(
        revocationSites.map((site) =>
          enterAt(site, creds).then(
            async (connection) => {
              await connection.close();
              return site;
            },
            () => undefined,
          ),
        ),
      );
      return found.filter((site) => site !== undefined);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
