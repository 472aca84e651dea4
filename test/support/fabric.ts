import path from 'node:path';
import { type AdminClient, addService, connectAdmin, type Fabric, up } from '@causeway/fabric';
import { findNatsServer } from '@causeway/nats-server';
import type { Logger } from '@causeway/protocol';
import { type Causeway, connect } from '@causeway/sdk';
import { systemClock, systemRandom } from '@causeway/transport';
import { silent as silentLogger } from './silent-logger.ts';
import { openTemporaryFolder } from './temporary-folder.ts';

/** A whole fabric for tests: cloud, edge-a and edge-b, with real servers, gateways and registry. */
export interface TestFabric {
  readonly dir: string;
  readonly fabric: Fabric;
  readonly admin: AdminClient;
  /** URL of a site's server. */
  url(site: string): string;
  /** Path of the CA's certificate. */
  readonly ca: string;
  /** Makes an identity, and gives the path of its credentials. */
  identity(site: string, service: string, tenant?: string): Promise<string>;
  /** Makes an identity where there is none yet, and connects with it. Closed with the fabric. */
  connect(site: string, service: string, tenant?: string): Promise<Causeway>;
  [Symbol.asyncDispose](): Promise<void>;
}

const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };

/**
 * Starts a fabric in a temporary folder; it, all connections made through it and the folder are gone when it is
 * disposed of. For hooks: start it in `beforeAll`, dispose of it in `afterAll`.
 */
export async function startTestFabric(
  options: {
    edges?: readonly string[];
    tenants?: readonly string[];
    certificateDays?: number;
    logger?: Logger;
    /** How often the watchdog looks, in ms. */
    watchdogMs?: number;
  } = {},
): Promise<TestFabric> {
  const folder = await openTemporaryFolder('causeway-fabric-');
  const dir = path.join(folder.path, 'fabric');
  const { path: binary } = await findNatsServer({});
  let fabric: Fabric;
  const before = process.env.CAUSEWAY_WATCHDOG;
  if (options.watchdogMs !== undefined) process.env.CAUSEWAY_WATCHDOG = String(options.watchdogMs);
  try {
    fabric = await up({
      dir,
      edges: options.edges,
      tenants: options.tenants,
      certificateDays: options.certificateDays,
      binary,
      ...ports,
      logger: options.logger ?? silentLogger,
      onProgress: () => {},
    });
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  } finally {
    if (before === undefined) delete process.env.CAUSEWAY_WATCHDOG;
    else process.env.CAUSEWAY_WATCHDOG = before;
  }
  const admin = await connectAdmin(dir, ports);
  const connections: Causeway[] = [];
  const identities = new Map<string, Promise<string>>();

  const url = (site: string) => {
    const found = fabric.summary.sites.find((each) => each.name === site);
    if (!found) throw new Error(`the test fabric has no site ${site}`);
    return found.url;
  };

  async function identity(
    site: string,
    service: string,
    tenant = fabric.summary.tenants[0] ?? '',
  ): Promise<string> {
    const key = `${tenant}/${site}/${service}`;
    let made = identities.get(key);
    if (!made) {
      const out = path.join(folder.path, 'services', `${tenant}.${site}.${service}.creds`);
      made = addService(admin, { tenant, site, service, out }, systemRandom).then(() => out);
      identities.set(key, made);
    }
    return made;
  }

  return {
    dir,
    fabric,
    admin,
    url,
    ca: fabric.summary.ca,
    identity,
    async connect(site, service, tenant) {
      const creds = await identity(site, service, tenant);
      const causeway = await connect({ url: url(site), creds, ca: fabric.summary.ca, logger: silentLogger });
      connections.push(causeway);
      return causeway;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(connections.map((connection) => connection.close()));
      await admin.close();
      await fabric.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
