import type { Clock } from '@causeway/protocol';
import { type ClientPorts, connectAdmin } from '../admin/client.ts';
import { fabricLayout } from '../layout.ts';
import { FabricError, readFabric } from '../settings.ts';
import { lockHolder } from './lock.ts';
import { type Processes, readProcesses } from './processes.ts';
import { waitUntilReady } from './ready.ts';

const pollMs = 50;
const limitMs = 30_000;

/**
 * Lets the parts of a fabric that is up take up what was changed in its folder: the registry and the gateways are
 * ended, and started again by `up`; the servers of the edges read their links again and keep all connections.
 * Resolves with what was done to which part when all is in force; undefined where the fabric is not up here.
 */
export async function takeUpTenant(
  dir: string,
  ports: ClientPorts & { readonly onProgress: (text: string) => void },
): Promise<readonly string[] | undefined> {
  const { clock, onProgress } = ports;
  const layout = fabricLayout(dir);
  if ((await lockHolder(layout.lock)) === undefined) return undefined;
  const { sites, tenants } = await readFabric(dir);
  const processes = await readProcesses(layout.processes);
  const done: string[] = [];

  const restart = async (name: string) => {
    const pid = processes[name];
    if (pid === undefined) return;
    signal(pid, 'SIGTERM');
    await changed(clock, layout.processes, name, pid);
    done.push(`${name} started again`);
  };

  onProgress('starting the registry again');
  await restart('registry');
  for (const site of sites.slice(1)) {
    const name = `server ${site}`;
    const pid = processes[name];
    if (pid === undefined) continue;
    if (process.platform === 'win32') {
      await restart(name);
    } else {
      signal(pid, 'SIGHUP');
      done.push(`${name} read its links again`);
    }
  }
  onProgress('starting the gateways again');
  await Promise.all(sites.map((site) => restart(`gateway ${site}`)));
  onProgress('waiting for the links and gateways');
  const admin = await connectAdmin(dir, ports);
  try {
    await waitUntilReady({ admin, sites, tenants, clock });
  } finally {
    await admin.close();
  }
  return done;
}

/** Has `up` start a part of a fabric again; resolves when it runs as another process. Does nothing where it does not run. */
export async function restartPart(dir: string, name: string, clock: Clock): Promise<void> {
  const { processes: file } = fabricLayout(dir);
  const pid = (await readProcesses(file))[name];
  if (pid === undefined) return;
  signal(pid, 'SIGTERM');
  await changed(clock, file, name, pid);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has just ended by itself, and is started again anyway.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Resolves when the part runs as another process. */
async function changed(clock: Clock, file: string, name: string, pid: number): Promise<void> {
  const end = clock.monotonic() + limitMs;
  for (;;) {
    const now: Processes = await readProcesses(file);
    if (now[name] !== undefined && now[name] !== pid) return;
    if (clock.monotonic() > end) throw new FabricError(`${name} did not start again; its log says why`);
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}
