import { readFile } from 'node:fs/promises';
import type { Gateway, GatewayPorts } from '@causeway/gateway';
import { serverEnvironment } from '@causeway/nats-server';
import { fabricLayout } from '../layout.ts';
import { FabricError, readHub, readSite, type SiteSettings, siteUrl, writeSite } from '../settings.ts';

/** A part of a fabric that runs. */
export interface RunningPart {
  stop(): Promise<void>;
}

/** Bytes of disk that a server's streams may take. */
const maxFileBytes = 16 * 1024 ** 3;

/** How a site's server is run: folder, configuration and environment. */
export function serverOf(dir: string, site: SiteSettings) {
  const layout = fabricLayout(dir).site(site.site);
  return {
    folder: layout.nats,
    config: site.cloud ? 'hub.conf' : 'edge.conf',
    env: serverEnvironment({
      site: site.site,
      ...(site.cluster === undefined ? {} : { cluster: site.cluster }),
      systemAccount: site.systemAccount,
      listenHost: site.listen,
      clientPort: site.ports.client,
      ...(site.ports.leaf === undefined ? {} : { leafPort: site.ports.leaf }),
      monitorPort: site.ports.monitor,
      maxFileBytes,
    }),
  };
}

/** Starts the gateway of a site in this process. */
export async function startSiteGateway(dir: string, name: string, ports: GatewayPorts): Promise<Gateway> {
  const site = await readSite(dir, name);
  const layout = fabricLayout(dir).site(name);
  // Each part is loaded by the process that runs it, and by none that only starts others.
  const { startGateway } = await import('@causeway/gateway');
  return startGateway(
    {
      site: name,
      gateway: site.gateway,
      tenants: site.tenants,
      cloud: site.cloud,
      url: siteUrl(site),
      ca: await readFile(layout.ca, 'utf8'),
      credsDir: layout.creds,
      saveTenants: async (tenants) => writeSite(layout.folder, { ...(await readSite(dir, name)), tenants }),
      ...(site.cloud
        ? {}
        : {
            keysDir: layout.keys,
            serverDir: layout.nats,
            leafCredsDir: layout.leafCreds,
            carriedCounters: layout.carriedCounters,
          }),
    },
    ports,
  );
}

/** How often the registry's watchdog looks: `CAUSEWAY_WATCHDOG`, in milliseconds. */
function watchdogOf({ CAUSEWAY_WATCHDOG: text }: NodeJS.ProcessEnv): { watchdogMs?: number } {
  if (text === undefined || text === '') return {};
  const watchdogMs = Number(text);
  if (!Number.isSafeInteger(watchdogMs) || watchdogMs < 100 || watchdogMs > 3_600_000) {
    throw new FabricError(
      `CAUSEWAY_WATCHDOG is ${JSON.stringify(text)}; it takes milliseconds, 100 to 3600000, and 5000 where it is not set`,
    );
  }
  return { watchdogMs };
}

/** Starts the registry in this process. */
export async function startFabricRegistry(dir: string, ports: GatewayPorts): Promise<RunningPart> {
  const hub = await readHub(dir);
  const layout = fabricLayout(dir);
  const { startRegistry } = await import('@causeway/registry');
  return startRegistry(
    {
      ...{ dir: layout.registry, url: siteUrl(hub), ca: await readFile(layout.ca, 'utf8') },
      ...(hub.ports.leaf === undefined ? {} : { leafUrl: `tls://${hub.host}:${hub.ports.leaf}` }),
      ...watchdogOf(process.env),
    },
    ports,
  );
}
