import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { superviseServer } from '@causeway/nats-server';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { createLogger } from '@causeway/transport';
import { connectAdmin } from '../admin/client.ts';
import { keepCertificate } from '../certificates/keep-certificate.ts';
import { forgetSite } from '../founding/forget-site.ts';
import { checkPlan, clearFounding, foundFabric, isFounded } from '../founding/found.ts';
import { bringUpToDate } from '../founding/up-to-date.ts';
import { waitUntilLinked } from '../joining/linked.ts';
import { fabricLayout } from '../layout.ts';
import { serverOf } from '../parts/parts.ts';
import { supervisePart } from '../process/supervise-part.ts';
import { requireNoRotation } from '../recovery/rotation.ts';
import { FabricError, readFabric, readSite, type SiteSettings, siteUrl } from '../settings.ts';
import { changer, whileChanging } from './changing.ts';
import { requirePrivateKeys } from './exposed.ts';
import { endLeftovers } from './leftovers.ts';
import { takeLock } from './lock.ts';
import { requireOwnFolder } from './own-folder.ts';
import { requireNoParts } from './part-lock.ts';
import { localPlan } from './plan.ts';
import { moveTakenPorts, relinkEdges, requireFreePorts } from './ports.ts';
import { createProcessTable } from './processes.ts';
import { waitUntilReady } from './ready.ts';

/** How a fabric is started. */
export interface UpOptions {
  readonly dir: string;
  /** Edge sites; only for a fabric that is new, or the same as it has. */
  readonly edges: readonly string[] | undefined;
  readonly tenants: readonly string[] | undefined;
  /** How long certificates of a fabric that is new are good, in days; 825 where absent. */
  readonly certificateDays?: number | undefined;
  /** Whether other ports are chosen where another process has those of the fabric. */
  readonly newPorts?: boolean;
  /** Path of the nats-server program. */
  readonly binary: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Said before each step that may take a while. */
  readonly onProgress: (text: string) => void;
}

/** One site as scripts see it: a line of `causeway up -o json`. */
export interface SiteSummary {
  readonly name: string;
  readonly url: string;
  readonly monitor: string;
  /** Ids of the site's processes. */
  readonly server: number;
  readonly gateway: number;
}

/** What `causeway up -o json` prints when it is ready. */
export interface FabricSummary {
  readonly dir: string;
  /** Path of the CA's certificate, PEM. */
  readonly ca: string;
  readonly sites: readonly SiteSummary[];
  readonly tenants: readonly string[];
  /** Id of the registry's process; null where that is elsewhere: a site that joined has none. */
  readonly registry: number | null;
  readonly pid: number;
}

/** A fabric that runs. */
export interface Fabric {
  readonly dir: string;
  readonly summary: FabricSummary;
  /** Ids of its processes, now, by name. */
  readonly processes: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const defaultEdges = ['edge-a', 'edge-b'];
const defaultTenants = ['acme'];

/** Sees to it that a fabric stands in the folder, and that it is the one that was asked for. */
async function settle(options: UpOptions, founded: boolean): Promise<void> {
  const { dir, edges, tenants, onProgress } = options;
  if (!founded) {
    checkPlan(['cloud', ...(edges ?? defaultEdges)], tenants ?? defaultTenants);
    onProgress('founding the fabric: keys, accounts, certificates');
    await foundFabric(
      dir,
      await localPlan(edges ?? defaultEdges, tenants ?? defaultTenants, options.certificateDays),
      options,
    );
    return;
  }
  const standing = await readFabric(dir);
  await clearFounding(dir);
  const differs = (wanted: readonly string[] | undefined, has: readonly string[]) =>
    wanted !== undefined && [...wanted].sort().join() !== [...has].sort().join();
  const standingEdges = standing.joined ? standing.sites : standing.sites.slice(1);
  if (differs(edges, standingEdges) || differs(tenants, standing.tenants)) {
    throw new FabricError(
      `${fabricLayout(dir).root} holds a fabric with edges ${standingEdges.join(',')} and tenants ` +
        `${standing.tenants.join(',')}; leave out --sites and --tenant, or name another folder with --dir`,
    );
  }
}

/**
 * Brings up a whole fabric: servers, registry and gateways, each in a process of its own that is started again
 * when it ends. Resolves when every link and gateway is there; rejects, with all of it stopped again, otherwise.
 */
export async function up(options: UpOptions): Promise<Fabric> {
  const { dir, binary, clock, random, logger, onProgress } = options;
  const layout = fabricLayout(dir);
  const founded = await isFounded(dir);
  const stops: (() => Promise<void>)[] = [];
  /** In reverse order; one that fails keeps none of the others from it. */
  const stop = async () => {
    const failures: unknown[] = [];
    for (const each of stops.splice(0).reverse()) await each().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    if (founded) await requireOwnFolder(dir);
    await settle(options, founded);
    const changing = await changer(layout);
    if (changing !== undefined) {
      throw new FabricError(`process ${changing} is changing this fabric; wait until it has`);
    }
    stops.push(await takeLock(layout.lock));
    await requireNoParts(layout);
    const left = await endLeftovers(layout, clock);
    if (left.length > 0) logger.warn({ left }, 'ended what an earlier start that was killed left running');
    await requirePrivateKeys(dir);
    await requireNoRotation(dir);
    await bringUpToDate(dir);
    // One that was founded just now has told nobody of its ports, and others may have taken them since.
    if (options.newPorts || !founded) await whileChanging(layout, () => moveTakenPorts(dir));
    await mkdir(layout.logs, { recursive: true, mode: 0o700 });
    const { sites: names, tenants, joined } = await readFabric(dir);
    const sites = await Promise.all(names.map((name) => readSite(dir, name)));
    await requireFreePorts(sites);
    // A move of ports that was cut short is completed here.
    await relinkEdges(dir, sites);
    const processes = createProcessTable(layout.processes);
    stops.push(() => processes.remove());

    const startServer = async (site: SiteSettings) => {
      const name = `server ${site.site}`;
      const file = createWriteStream(path.join(layout.logs, `server-${site.site}.log`), {
        flags: 'a',
        mode: 0o600,
      });
      const server = await superviseServer({
        binary,
        ...serverOf(dir, site),
        clock,
        random,
        log: createLogger({ component: 'nats-server', level: 'debug', destination: file }),
        onSpawn: (pid) => processes.set(name, pid),
        onEvent: (event) => {
          if (event.kind !== 'started') processes.set(name, undefined);
        },
      });
      const stopKeeping = keepCertificate({
        dir,
        site,
        reload: () => server.current()?.reload(),
        clock,
        random,
        logger,
      });
      stops.push(async () => {
        stopKeeping();
        await server.stop();
        await new Promise<void>((resolve) => file.end(resolve));
      });
    };
    const startPart = async (name: string, args: readonly string[]) => {
      const logFile = path.join(layout.logs, `${name.replace(' ', '-')}.log`);
      const part = await supervisePart({
        name,
        args,
        logFile,
        clock,
        random,
        logger,
        onPid: (pid) => processes.set(name, pid),
      });
      stops.push(() => part.stop());
    };

    onProgress('starting the servers');
    await allStarted(sites.map(startServer));
    if (!joined) {
      onProgress('starting the registry');
      await startPart('registry', ['registry', layout.root]);
    }
    onProgress('starting the gateways');
    await allStarted(sites.map(({ site }) => startPart(`gateway ${site}`, ['gateway', layout.root, site])));
    onProgress('waiting for the links and gateways');
    if (joined) await awaitLinks(sites, joined.hub, options);
    else await awaitFabric(dir, names, tenants, options);
    await processes.saved();

    const summary = summarize(layout.root, layout.ca, sites, tenants, processes.current);
    return {
      dir: layout.root,
      summary,
      get processes() {
        return processes.current;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until the registry says that all is there. */
async function awaitFabric(
  dir: string,
  names: readonly string[],
  tenants: readonly string[],
  { clock, random, logger }: Pick<UpOptions, 'clock' | 'random' | 'logger'>,
): Promise<void> {
  const admin = await connectAdmin(dir, { clock, random, logger });
  try {
    const status = await waitUntilReady({ admin, sites: names, tenants, clock });
    // Revoked by somebody elsewhere: what runs here goes on alone for this time, and is left out from the next.
    for (const { name, revoked } of status.sites) if (revoked) await forgetSite(dir, name);
  } finally {
    await admin.close();
  }
}

/** Waits for the links of a site that joined. It runs without them, too: the hub may be down just now. */
async function awaitLinks(
  sites: readonly SiteSettings[],
  hub: readonly string[],
  { clock, logger }: Pick<UpOptions, 'clock' | 'logger'>,
): Promise<void> {
  for (const site of sites) {
    if (await waitUntilLinked(site, clock)) continue;
    logger.warn({ site: site.site, hub }, 'the site runs, and has not all its links to the hub yet');
  }
}

/** Waits for all, also where one fails: what started must be known before it can be stopped. */
async function allStarted(starting: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(starting)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

function summarize(
  dir: string,
  ca: string,
  sites: readonly SiteSettings[],
  tenants: readonly string[],
  processes: Readonly<Record<string, number>>,
): FabricSummary {
  const idOf = (name: string) => processes[name] as number;
  return {
    dir,
    ca,
    sites: sites.map((site) => ({
      name: site.site,
      url: siteUrl(site),
      monitor: `http://127.0.0.1:${site.ports.monitor}`,
      server: idOf(`server ${site.site}`),
      gateway: idOf(`gateway ${site.site}`),
    })),
    tenants,
    registry: processes.registry ?? null,
    pid: process.pid,
  };
}
