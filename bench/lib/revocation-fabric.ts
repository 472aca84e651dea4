import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AdminClient, addService, connectAdmin, up } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import { createLogger, systemClock, systemRandom } from '@causeway/transport';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import { type Child, startChild } from './child.ts';
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

const tenant = 'acme';
const callerName = 'bench-guarded';

/** Starts it. */
export async function startRevocationFabric(options: {
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}): Promise<RevocationFabric> {
  const { signal, onProgress } = options;
  const ports = {
    clock: systemClock,
    random: systemRandom,
    logger: createLogger({ component: 'bench', level: 'error' }),
  };
  await using stack = new AsyncDisposableStack();
  const natsServer = await findNatsServer({ onProgress, signal });
  const folder = await mkdtemp(path.join(tmpdir(), 'causeway-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const dir = path.join(folder, 'fabric');
  const fabric = await up({
    dir,
    edges: revocationSites.filter((site) => site !== 'cloud'),
    tenants: [tenant],
    binary: natsServer.path,
    ...ports,
    onProgress,
  });
  stack.defer(() => fabric.stop());
  const admin = await connectAdmin(dir, ports);
  stack.defer(() => admin.close());
  signal.throwIfAborted();
  await admin.apply([
    {
      kind: 'policy',
      name: 'bench',
      from: { service: callerName },
      to: { service: echoManifest.service },
      effect: 'allow',
    },
  ]);
  const urlOf = (site: string) => fabric.summary.sites.find(({ name }) => name === site)?.url ?? '';
  const credsOf = async (site: string, service: string) => {
    const out = path.join(folder, `${site}.${service}.creds`);
    await addService(admin, { tenant, site, service, out }, systemRandom);
    return out;
  };
  const start = async (program: string, site: string, service: string) => {
    const settings = { url: urlOf(site), ca: fabric.summary.ca, creds: await credsOf(site, service) };
    const file = new URL(`../programs/${program}.ts`, import.meta.url);
    return stack.use(await startChild(file, { ...settings, inboxPrefix: '', subject: '' }, signal));
  };
  onProgress('starting a service, and its caller');
  await start('guarded-service', 'edge-a', echoManifest.service);
  const caller = await start('guarded-caller', 'cloud', callerName);

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
    natsServer: natsServer.version,
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
