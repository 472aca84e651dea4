import {
  ailments,
  connectAdmin,
  fabricLayout,
  linksWanted,
  lockHolder,
  readFabric,
  readProcesses,
  readSite,
  residentBytes,
  siteUrl,
} from '@causeway/fabric';
import { CausewayError, type Messages, type StatusReply } from '@causeway/protocol';
import { portsOf } from '../admin.ts';
import type { Context } from '../context.ts';
import { readPage } from './monitor.ts';

/** Memory of a process: resident bytes, and how many milliseconds ago that was. */
export interface Memory {
  readonly rss: number;
  readonly age: number;
}

/** A site's server, as its own monitor page shows it. */
export interface ServerStatus {
  readonly site: string;
  readonly url: string;
  readonly monitor: string;
  /** Null where the server is not one of this machine's `causeway up`. */
  readonly pid: number | null;
  readonly alive: boolean;
  readonly version: string | null;
  readonly connections: number | null;
  readonly leafs: number | null;
  /** From the same page; where that cannot be seen from here, what the site's gateway was told. */
  readonly memory: Memory | null;
}

/** A gateway, as the registry knows it. */
export interface GatewayStatus {
  readonly site: string;
  readonly name: string;
  readonly pid: number | null;
  readonly alive: boolean;
  /** Its site was cut off on purpose. */
  readonly revoked: boolean;
  /** Newest revision that it acknowledged, and the one it should have. */
  readonly revision: number | null;
  readonly wanted: number;
  readonly instances: number;
  /** Milliseconds since it was last heard of. */
  readonly seen: number | null;
  /** Null from a gateway of before, and where the administrator is a tenant's. */
  readonly memory: Memory | null;
}

/** Everything that `causeway status` says. */
export interface FabricStatus {
  readonly healthy: boolean;
  /** Whether a `causeway up` of this machine holds the fabric, and which process. */
  readonly up: boolean;
  readonly pid: number | null;
  /** Of that process. */
  readonly memory: Memory | null;
  readonly dir: string;
  readonly revision: number | null;
  /** Of a site that joined: where the hub is, which alone can tell the rest. */
  readonly joined: readonly string[] | null;
  readonly registry: {
    readonly pid: number | null;
    readonly alive: boolean;
    readonly memory: Memory | null;
  };
  readonly servers: readonly ServerStatus[];
  readonly links: StatusReply['links'];
  readonly gateways: readonly GatewayStatus[];
  /** Whether what concerns each site is in force there; sites that were cut off are not counted. */
  readonly inForce: {
    /** Sites that have it, of so many. */
    readonly have: number;
    readonly of: number;
    readonly sites: readonly Messages['Standing'][];
  };
  /** Messages of each site's records and counters that the cloud has not stored yet. */
  readonly records: readonly {
    readonly site: string;
    readonly lag: number | null;
    readonly flowLag: number | null;
    /** What the cloud did not take from the site: forged, malformed or too large. */
    readonly refused: number;
  }[];
  /** What is wrong, in words. */
  readonly ailments: readonly string[];
}

/** Gathers it. Rejects with a FabricError where there is no fabric in the folder. */
export async function gatherStatus(context: Context, dir: string): Promise<FabricStatus> {
  const layout = fabricLayout(dir);
  const { sites: names, tenants, joined } = await readFabric(dir);
  const pid = (await lockHolder(layout.lock)) ?? null;
  // A table that a killed `up` left behind says nothing.
  const processes = pid === null ? {} : await readProcesses(layout.processes);
  const idOf = (name: string) => processes[name] ?? null;
  const [servers, reply] = await Promise.all([
    Promise.all(names.map((site) => serverStatus(context, dir, site, idOf(`server ${site}`)))),
    joined ? undefined : askRegistry(context, dir),
  ]);
  const found: string[] = [];
  if (reply === undefined) {
    for (const server of servers) found.push(...(await ailmentsHere(dir, server, processes)));
  } else if (pid === null && typeof reply === 'string') {
    found.push(`the fabric in ${layout.root} is not up; causeway up starts it`);
  } else {
    for (const { alive, site, monitor } of servers) {
      // Without an `up` here, servers may stand where their monitor pages cannot be seen from.
      if (!alive && pid !== null) found.push(`the server of site ${site} does not answer at ${monitor}`);
    }
    if (typeof reply === 'string') found.push(`the registry does not answer: ${reply}`);
    else found.push(...ailments(reply, names, tenants));
  }
  const known = typeof reply === 'string' ? undefined : reply;
  const toldOf = (site: string) => known?.sites.find(({ name }) => name === site)?.serverMemory ?? null;
  const own = pid === null ? undefined : residentBytes(pid);
  return {
    healthy: found.length === 0,
    up: pid !== null,
    pid,
    memory: own === undefined ? null : { rss: own, age: 0 },
    dir: layout.root,
    revision: known?.revision ?? null,
    joined: joined?.hub ?? null,
    registry: { pid: idOf('registry'), alive: known !== undefined, memory: known?.memory ?? null },
    servers: servers.map((server) => ({ ...server, memory: server.memory ?? toldOf(server.site) })),
    links: known?.links ?? [],
    gateways: (known?.sites ?? []).flatMap((site) =>
      site.gateways.map((gateway) => ({
        site: site.name,
        name: gateway.name,
        pid: idOf(`gateway ${site.name}`),
        alive: gateway.alive,
        revoked: site.revoked === true,
        revision: gateway.revision,
        wanted: site.wanted,
        instances: gateway.instances ?? 0,
        seen: gateway.seen ?? null,
        memory: gateway.memory ?? null,
      })),
    ),
    inForce: inForceOf(known),
    records: (known?.sites ?? []).map((site) => ({
      site: site.name,
      lag: site.recordLag ?? null,
      flowLag: site.flowLag ?? null,
      refused: (site.recordsRefused ?? 0) + (site.countersRefused ?? 0),
    })),
    ailments: found,
  };
}

function inForceOf(reply: StatusReply | undefined): FabricStatus['inForce'] {
  const sites = (reply?.sites ?? []).flatMap(({ standing }) => (standing ? [standing] : []));
  const have = sites.filter(({ state }) => state === 'in-force').length;
  return { have, of: sites.length, sites };
}

/** What is wrong with a site that joined, as far as that can be seen where it is. */
async function ailmentsHere(
  dir: string,
  { site, alive, monitor, leafs }: ServerStatus,
  processes: Readonly<Record<string, number>>,
): Promise<string[]> {
  const layout = fabricLayout(dir);
  if (!alive) return [`the server of site ${site} does not answer at ${monitor}; causeway up starts it`];
  const found: string[] = [];
  const wanted = linksWanted(await readSite(dir, site));
  if ((leafs ?? 0) < wanted) found.push(`site ${site} has ${leafs ?? 0} of ${wanted} links to the hub`);
  const gateway = processes[`gateway ${site}`] ?? (await lockHolder(layout.part(`gateway-${site}`)));
  if (gateway === undefined) found.push(`the gateway of site ${site} does not run here`);
  return found;
}

/** What the registry says, or why it says nothing. */
async function askRegistry(context: Context, dir: string): Promise<StatusReply | string> {
  try {
    const admin = await connectAdmin(dir, portsOf(context, 'silent'));
    try {
      return await admin.status();
    } finally {
      await admin.close();
    }
  } catch (error) {
    if (error instanceof CausewayError) return error.reason;
    throw error;
  }
}

async function serverStatus(
  context: Context,
  dir: string,
  name: string,
  pid: number | null,
): Promise<ServerStatus> {
  const site = await readSite(dir, name);
  const monitor = `http://127.0.0.1:${site.ports.monitor}`;
  const page = await readPage(context, `${monitor}/varz`);
  // Another program may have taken the port since.
  const own = page?.server_name === name ? page : undefined;
  const numberOf = (value: unknown) => (typeof value === 'number' ? value : null);
  return {
    site: name,
    url: siteUrl(site),
    monitor,
    pid,
    alive: own !== undefined,
    version: typeof own?.version === 'string' ? own.version : null,
    connections: numberOf(own?.connections),
    leafs: numberOf(own?.leafnodes),
    memory: typeof own?.mem === 'number' ? { rss: own.mem, age: 0 } : null,
  };
}
