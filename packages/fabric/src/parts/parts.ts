import { readFile } from 'node:fs/promises';
import type { Gateway, GatewayPorts } from '@causeway/gateway';
import { serverEnvironment } from '@causeway/nats-server';
import { fabricLayout } from '../layout.ts';
import { readHub, readSite, type SiteSettings, siteUrl } from '../settings.ts';

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
      ...(site.cloud
        ? {}
        : { keysDir: layout.keys, leafCredsDir: layout.leafCreds, carriedCounters: layout.carriedCounters }),
    },
    ports,
  );
}

/** Starts the registry in this process. */
export async function startFabricRegistry(dir: string, ports: GatewayPorts): Promise<RunningPart> {
  const hub = await readHub(dir);
  const layout = fabricLayout(dir);
  const { startRegistry } = await import('@causeway/registry');
  return startRegistry(
    { dir: layout.registry, url: siteUrl(hub), ca: await readFile(layout.ca, 'utf8') },
    ports,
  );
}
