import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeSecret } from '@causeway/identity';
import { freePorts, isPortFree } from '@causeway/nats-server';
import { fabricLayout } from '../layout.ts';
import {
  FabricError,
  readFabric,
  readSite,
  type SitePorts,
  type SiteSettings,
  writeFabric,
  writeSite,
} from '../settings.ts';

/** A port that a site's server should have, and that another process has. */
export interface TakenPort {
  readonly site: string;
  readonly purpose: keyof SitePorts;
  readonly port: number;
}

const loopback = '127.0.0.1';
const purposes = { client: 'clients', leaf: 'leaf links', monitor: 'monitoring' } as const;

/** The ports of these sites that another process has, of those that are to be this machine's. */
export async function takenPorts(sites: readonly SiteSettings[]): Promise<TakenPort[]> {
  const wanted = sites.flatMap(({ site, listen, ports }) =>
    (Object.keys(purposes) as (keyof SitePorts)[]).flatMap((purpose) => {
      const port = ports[purpose];
      return port === undefined
        ? []
        : [{ site, purpose, port, host: purpose === 'monitor' ? loopback : listen }];
    }),
  );
  const free = await Promise.all(wanted.map(({ port, host }) => isPortFree(port, host)));
  return wanted.filter((_, index) => !free[index]).map(({ host: _, ...taken }) => taken);
}

/** Throws a FabricError that names every port that is taken, and its site. Nothing is changed. */
export async function requireFreePorts(sites: readonly SiteSettings[]): Promise<void> {
  const taken = await takenPorts(sites);
  if (taken.length === 0) return;
  const names = taken.map(({ site, purpose, port }) => `port ${port} of site ${site} (${purposes[purpose]})`);
  throw new FabricError(
    `${names.join(' and ')} ${taken.length === 1 ? 'is' : 'are'} taken by another process; end that one, or have ` +
      `other ports chosen with causeway up --new-ports`,
  );
}

/**
 * Chooses other ports where another process has those of a fabric on this machine, and writes them wherever they stand:
 * the sites' settings, and the edges' links to the hub. Resolves with the sites that moved.
 */
export async function moveTakenPorts(dir: string): Promise<readonly SiteSettings[]> {
  const layout = fabricLayout(dir);
  const fabric = await readFabric(dir);
  const sites = await Promise.all(fabric.sites.map((site) => readSite(dir, site)));
  const taken = await takenPorts(sites);
  if (taken.length === 0) return [];
  const fresh = await freePorts(taken.length, loopback);
  const moved: SiteSettings[] = [];
  for (const site of sites) {
    const ports: Record<string, number> = { ...site.ports };
    for (const [index, { site: of, purpose }] of taken.entries()) {
      if (of === site.site) ports[purpose] = fresh[index] as number;
    }
    const next: SiteSettings = { ...site, ports: ports as unknown as SitePorts };
    if (JSON.stringify(next.ports) === JSON.stringify(site.ports)) continue;
    moved.push(next);
    await writeSite(layout.site(site.site).folder, next);
  }
  const places = { ...fabric.places };
  for (const { site, ports } of moved) {
    const place = places[site];
    if (place) places[site] = { ...place, ports };
  }
  await writeFabric(dir, fabric.places ? { ...fabric, places } : fabric);
  return moved;
}

/** Has the links of edges on this machine go to where the hub is by its settings. */
export async function relinkEdges(dir: string, sites: readonly SiteSettings[]): Promise<void> {
  const hub = sites.find(({ cloud }) => cloud);
  for (const { site, cloud } of sites) {
    if (cloud || !hub) continue;
    const file = path.join(fabricLayout(dir).site(site).nats, 'remotes.conf');
    const text = await readFile(file, 'utf8');
    const linked = text.replaceAll(/"tls:\/\/[^"]+"/g, () => `"tls://${hub.host}:${hub.ports.leaf}"`);
    if (linked !== text) await writeSecret(file, linked);
  }
}
