import {
  holdPart,
  keepCertificate,
  readFabric,
  readSite,
  serverOf,
  siteUrl,
  startFabricRegistry,
  startSiteGateway,
} from '@causeway/fabric';
import { hubSite as hub } from '@causeway/identity';
import { findNatsServer, startNatsServer } from '@causeway/nats-server';
import { CausewayError } from '@causeway/protocol';
import { Argument, type Command } from 'commander';
import { portsOf } from '../admin.ts';
import { aborted, type Context, type GlobalOptions } from '../context.ts';
import { CommandFailure, UsageError } from '../failure.ts';
import { parseName } from '../input/names.ts';
import { helpText } from '../output/help-text.ts';

const firstWaitMs = 100;
const longestWaitMs = 2_000;

const parts = ['hub', 'site', 'registry', 'gateway'] as const;

type Part = (typeof parts)[number];

interface RunOptions extends GlobalOptions {
  readonly site?: string;
}

/** A part that runs: what it says of itself, its end by itself, and how to end it. */
interface Running {
  readonly ready: string;
  /** Rejects where it ends without having been told to. */
  readonly failed: Promise<never>;
  stop(): Promise<unknown>;
}

const help = `
Examples:
  causeway run hub --dir /var/lib/causeway
  causeway run site --site edge-a --dir /var/lib/causeway
  causeway run registry --dir /var/lib/causeway
  causeway run gateway --site edge-a --dir /var/lib/causeway

Logs are JSON lines on standard error, where a line "causeway: ready: …" says when the part is ready. SIGTERM ends it
cleanly. The folder was made by causeway init or causeway up; the parts wait for each other.`;

/** `causeway run` */
export function addRun(program: Command, context: Context): void {
  program
    .command('run')
    .description('run one part in the foreground, for containers and service managers')
    .addArgument(new Argument('<part>', 'the part').choices(parts))
    .option('--site <name>', 'the site, for the parts site and gateway', parseName)
    .addHelpText('after', helpText(context, help))
    .action((part: Part, _options, command: Command) =>
      run(context, part, command.optsWithGlobals<RunOptions>()),
    );
}

async function run(context: Context, part: Part, options: RunOptions): Promise<void> {
  const interrupted = context.interruption();
  const ended = aborted(interrupted);
  const site = await siteOf(part, options);
  const name = part === 'site' || part === 'gateway' ? `${part}-${site}` : part;
  // Before anything is written there.
  await (part === 'registry' ? readFabric(options.dir) : readSite(options.dir, site));
  const release = await holdPart(options.dir, name, context.clock);
  try {
    const starting = start(context, part, site, options);
    // Told to stop while it waits for another part: there is nothing yet to end cleanly.
    const running = await Promise.race([starting, ended.then(() => undefined)]);
    if (!running) return;
    context.stderr.write(`causeway: ready: ${running.ready}\n`);
    await Promise.race([ended, running.failed]);
    await running.stop();
  } finally {
    await release();
  }
}

/** The site of a part; where none is named, the one that the folder holds. */
async function siteOf(part: Part, { site: named, dir }: RunOptions): Promise<string> {
  const joined = part === 'site' || part === 'gateway' ? await joinedSite(dir) : undefined;
  const site = named ?? joined;
  if (part === 'hub' || part === 'registry') {
    if (site !== undefined && site !== hub)
      throw new UsageError(`the ${part} is at site ${hub}, not ${site}`);
    return hub;
  }
  if (site === undefined) throw new UsageError(`run ${part} needs --site NAME`);
  if (part === 'site' && site === hub) throw new UsageError(`the server of ${hub} is the hub: run hub`);
  return site;
}

/** The site of a folder that joined; it has no other. */
async function joinedSite(dir: string): Promise<string | undefined> {
  // Where there is no fabric, that a site must be named is said first.
  const { joined, sites } = (await readFabric(dir).catch(() => undefined)) ?? {};
  return joined ? sites?.[0] : undefined;
}

/** Tries until the hub is there, waiting longer each time. A gateway does so by itself. */
async function patiently<T>(context: Context, attempt: () => Promise<T>): Promise<T> {
  const logger = context.logger('info');
  for (let wait = firstWaitMs; ; wait = Math.min(longestWaitMs, wait * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CausewayError) || error.code !== 'UNREACHABLE') throw error;
      logger.warn({ reason: error.reason, retryIn: wait }, 'the hub is not there yet; trying again');
      await new Promise<void>((resolve) => context.clock.after(wait, resolve));
    }
  }
}

async function start(context: Context, part: Part, site: string, { dir }: RunOptions): Promise<Running> {
  const ports = portsOf(context, 'info');
  const never = new Promise<never>(() => {});
  if (part === 'registry') {
    const registry = await patiently(context, () => startFabricRegistry(dir, ports));
    return { ready: 'registry', failed: never, stop: () => registry.stop() };
  }
  if (part === 'gateway') {
    const gateway = await startSiteGateway(dir, site, ports);
    return { ready: `gateway ${gateway.name} of site ${site}`, failed: never, stop: () => gateway.stop() };
  }
  const settings = await readSite(dir, site);
  const say = (line: string) => void context.stderr.write(`causeway: ${line}\n`);
  const { path: binary } = await findNatsServer({
    env: context.env,
    onProgress: say,
    signal: context.interruption(),
  });
  const server = await startNatsServer({
    binary,
    ...serverOf(dir, settings),
    log: context.logger('info'),
    clock: context.clock,
  });
  const failed = server.exited.then(({ code, signal }): never => {
    throw new CommandFailure(`nats-server ended by itself (${signal ?? `exit ${code}`}); its log is above`);
  });
  // It also ends when told to.
  failed.catch(() => {});
  const stopKeeping = keepCertificate({ dir, site: settings, reload: () => server.reload(), ...ports });
  return {
    ready: `${part === 'hub' ? 'hub' : `site ${site}`} at ${siteUrl(settings)}`,
    failed,
    stop() {
      stopKeeping();
      return server.stop();
    },
  };
}
