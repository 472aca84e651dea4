import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { goInstall } from './go-install.ts';
import { isExecutable, type Machine } from './locations.ts';
import { downloadRelease, type ReleaseSource } from './release.ts';
import { isSupported, probeVersion } from './version.ts';

/** How a nats-server got into the cache. */
export type InstallSource = 'release' | 'go';

/** A server that was installed, or the reason of each way that failed. */
export type InstallOutcome =
  | { readonly version: string; readonly source: InstallSource }
  | { readonly problems: readonly string[] };

/** What an installation needs to know. */
export interface InstallOptions {
  readonly target: string;
  readonly cacheDir: string;
  readonly machine: Machine;
  readonly release: ReleaseSource;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

const WORK_PREFIX = 'work-';

/**
 * Puts the pinned nats-server at `target`, from the release archive or else by `go install`.
 *
 * Safe with any number at once: each works in a folder of its own inside the cache and moves the finished, tried
 * program into place by one rename. Folders of processes that were killed are removed by the next installation.
 */
export async function install(options: InstallOptions): Promise<InstallOutcome> {
  await mkdir(options.cacheDir, { recursive: true });
  await removeAbandoned(options.cacheDir);
  const problems: string[] = [];
  for (const source of ['release', 'go'] as const) {
    options.signal?.throwIfAborted();
    const work = await mkdtemp(join(options.cacheDir, `${WORK_PREFIX}${process.pid}-`));
    try {
      const program = await obtain(source, work, options);
      return { version: await moveIntoPlace(program, options), source };
    } catch (error) {
      options.signal?.throwIfAborted();
      problems.push(error instanceof Error ? error.message : String(error));
      options.onProgress(problems.at(-1) ?? '');
    } finally {
      await rm(work, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  return { problems };
}

function obtain(source: InstallSource, work: string, options: InstallOptions): Promise<string> {
  const { machine, onProgress, signal } = options;
  return source === 'release'
    ? downloadRelease(work, machine, options.release, onProgress, signal)
    : goInstall(work, machine, onProgress, signal);
}

async function moveIntoPlace(program: string, { target, signal }: InstallOptions): Promise<string> {
  await chmod(program, 0o755);
  const probe = await probeVersion(program, signal);
  if ('problem' in probe)
    throw new Error(`the nats-server just installed does not run here: ${probe.problem}`);
  if (!isSupported(probe.version))
    throw new Error(`the nats-server just installed says it is ${probe.version}`);
  await mkdir(dirname(target), { recursive: true });
  await rename(program, target).catch(async (error) => {
    // Windows refuses to replace a running program: somebody else's copy of the same version is as good.
    if (!(await isExecutable(target))) throw error;
  });
  return probe.version;
}

async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const pid = new RegExp(`^${WORK_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(cacheDir, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
