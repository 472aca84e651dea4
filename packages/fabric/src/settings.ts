import { readFile } from 'node:fs/promises';
import { hubSite, writeJwt } from '@causeway/identity';
import { fabricLayout, siteLayout } from './layout.ts';

/** Version of the layout of a fabric's folder. A newer one is refused. */
export const stateFormat = 1;

/** TCP ports of a site's server. */
export interface SitePorts {
  readonly client: number;
  /** At the hub only. */
  readonly leaf?: number;
  readonly monitor: number;
}

/** All that the programs of one site must be told: `sites/<site>/site.json`. */
export interface SiteSettings {
  readonly format: number;
  readonly site: string;
  readonly cloud: boolean;
  /** Where clients reach the server: a host name or address of its certificate. */
  readonly host: string;
  /** The address the server listens on. */
  readonly listen: string;
  readonly ports: SitePorts;
  /** Secret name of the edge's server, against others that claim to be it. */
  readonly cluster?: string;
  /** Public key of the server's own system account. */
  readonly systemAccount: string;
  readonly tenants: readonly string[];
  /** Name of the gateway replica that runs here. */
  readonly gateway: string;
  /** How long a certificate of the server is good, in days; 825 where absent. */
  readonly certificateDays?: number;
}

/** Where a site was founded to be. */
export type SitePlace = Pick<SiteSettings, 'host' | 'listen' | 'ports' | 'certificateDays'> & {
  /** Further names and addresses of the server's certificate. */
  readonly alsoKnownAs: readonly string[];
};

/** What a fabric consists of: `fabric.json`. */
export interface FabricSettings {
  readonly format: number;
  readonly sites: readonly string[];
  readonly tenants: readonly string[];
  /** By site: what a site that is lost is made again from. */
  readonly places?: Readonly<Record<string, SitePlace>>;
  /** In the folder of a site that joined: it holds that site alone, and the hub is elsewhere. */
  readonly joined?: {
    /** Where clients reach the hub. */
    readonly hub: readonly string[];
    /** Id of the invitation's grant. */
    readonly grant: string;
  };
}

/** How long a certificate of a site's server is good, in days. */
export function certificateDaysOf({ certificateDays = 825 }: Pick<SiteSettings, 'certificateDays'>): number {
  return certificateDays;
}

/** A problem with a fabric's folder that its user can mend. */
export class FabricError extends Error {
  override readonly name = 'FabricError';
}

async function readSettings<T extends { format: number }>(
  file: string,
  missing: string,
  isWhole: (settings: T) => boolean,
): Promise<T> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new FabricError(missing);
    throw cause;
  }
  let settings: T | null;
  try {
    settings = JSON.parse(text) as T | null;
  } catch {
    throw new FabricError(`${file} is not JSON; restore it from a backup`);
  }
  if (typeof settings?.format !== 'number') {
    throw new FabricError(`${file} names no format, so Causeway did not write it; restore it from a backup`);
  }
  if (settings.format > stateFormat) {
    throw new FabricError(
      `${file} has format ${settings.format}; this version of Causeway reads up to ${stateFormat}: use a newer one`,
    );
  }
  // There is no older format yet; one that comes is brought up to date here.
  if (settings.format !== stateFormat || !isWhole(settings)) {
    throw new FabricError(`${file} is damaged: it is not what Causeway writes; restore it from a backup`);
  }
  return settings;
}

/** Reads what the fabric in a folder consists of. Throws a FabricError where there is none. */
export function readFabric(dir: string): Promise<FabricSettings> {
  const { fabric, root } = fabricLayout(dir);
  return readSettings(
    fabric,
    `there is no fabric in ${root}; start one with causeway up, or name its folder with --dir`,
    ({ sites, tenants }) => areNames(sites) && areNames(tenants),
  );
}

function areNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** Reads a site's settings. Throws a FabricError where the fabric has no such site. */
export function readSite(dir: string, site: string): Promise<SiteSettings> {
  const { folder } = fabricLayout(dir).site(site);
  const remedy =
    site === hubSite
      ? 'causeway restore FILE --hub brings back a hub that was lost'
      : 'causeway get sites lists the sites, and causeway site restore makes one again that was lost';
  return readSettings(
    siteLayout(folder).settings,
    `there is no folder of site ${site} in ${fabricLayout(dir).root}; ${remedy}`,
    ({ host, ports, gateway }) =>
      typeof host === 'string' && typeof ports?.client === 'number' && typeof gateway === 'string',
  );
}

/** Reads the settings of a fabric's hub. Throws a FabricError where there is no fabric, or no folder of its hub. */
export async function readHub(dir: string): Promise<SiteSettings> {
  const { joined, sites } = await readFabric(dir);
  if (joined) {
    throw new FabricError(
      `${fabricLayout(dir).root} is the folder of site ${sites.join()} alone, which joined the fabric of ` +
        `${joined.hub.join(', ')}; give this command where the hub is`,
    );
  }
  return readSite(dir, hubSite);
}

/** Writes what the fabric in a folder consists of, whole or not at all. */
export async function writeFabric(dir: string, settings: FabricSettings): Promise<void> {
  const { fabric } = fabricLayout(dir);
  await writeJwt(fabric, `${JSON.stringify(settings, null, 2)}\n`);
}

/** Writes a site's settings into its folder, whole or not at all. */
export async function writeSite(folder: string, settings: SiteSettings): Promise<void> {
  await writeJwt(siteLayout(folder).settings, `${JSON.stringify(settings, null, 2)}\n`);
}

/** Where clients reach a site's server. */
export function siteUrl(site: Pick<SiteSettings, 'host' | 'ports'>): string {
  return `tls://${site.host}:${site.ports.client}`;
}
