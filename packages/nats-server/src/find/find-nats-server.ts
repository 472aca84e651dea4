import { resolve } from 'node:path';
import { NatsServerNotFoundError } from './errors.ts';
import { type InstallSource, install } from './install.ts';
import { cachedPath, defaultCacheDir, isExecutable, type Machine, onPath, programName } from './locations.ts';
import { OFFICIAL_RELEASE, type ReleaseSource } from './release.ts';
import { isSupported, NEEDED, probeVersion } from './version.ts';

/** A nats-server that runs on this machine and is new enough. */
export interface FoundNatsServer {
  /** Absolute path of the program. */
  readonly path: string;
  /** As the program itself says, without the `v`: `2.15.2`. */
  readonly version: string;
  readonly source: 'env' | 'path' | 'cache' | InstallSource;
}

/** Everything has a default: this process's environment and machine, the user's cache folder, silence. */
export interface FindOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cacheDir?: string;
  /** Notices and progress, one line each, for people. */
  readonly onProgress?: (line: string) => void;
  /** Ends a download or a build under way; `findNatsServer` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly platform?: NodeJS.Platform;
  readonly arch?: NodeJS.Architecture;
  readonly release?: ReleaseSource;
  /** False: only what is there counts, and nothing is downloaded or built. */
  readonly install?: false;
}

/**
 * Finds a nats-server, or gets one: `CAUSEWAY_NATS_SERVER`, then `PATH`, the cache, the release archive, `go install`.
 *
 * One on `PATH` or in the cache that is too old or does not run is passed over with a notice. One that
 * `CAUSEWAY_NATS_SERVER` names was asked for, so then it is an error.
 *
 * @throws NatsServerNotFoundError when none of the ways works; its message lists them and the ways out.
 */
export async function findNatsServer(options: FindOptions = {}): Promise<FoundNatsServer> {
  const { env = process.env, platform = process.platform, arch = process.arch, signal } = options;
  const machine: Machine = { env, platform, arch };
  const onProgress = options.onProgress ?? (() => {});

  const asked = env.CAUSEWAY_NATS_SERVER;
  if (asked) return fromEnvironment(resolve(asked), signal);

  for (const path of await onPath(programName(platform), machine)) {
    const version = await usable(path, onProgress, signal);
    if (version) return { path, version, source: 'path' };
  }
  const cacheDir = options.cacheDir ?? defaultCacheDir(env, platform);
  const target = cachedPath(cacheDir, machine);
  if (await isExecutable(target)) {
    const version = await usable(target, onProgress, signal);
    if (version) return { path: target, version, source: 'cache' };
  }

  if (options.install === false) throw NatsServerNotFoundError.noneOf(['none is installed'], cacheDir);
  const release = options.release ?? OFFICIAL_RELEASE;
  const outcome = await install({
    target,
    cacheDir,
    machine,
    release,
    onProgress,
    ...(signal && { signal }),
  });
  if ('problems' in outcome) throw NatsServerNotFoundError.noneOf(outcome.problems, cacheDir);
  return { path: target, ...outcome };
}

async function fromEnvironment(path: string, signal?: AbortSignal): Promise<FoundNatsServer> {
  const probe = await probeVersion(path, signal);
  signal?.throwIfAborted();
  if ('problem' in probe) throw NatsServerNotFoundError.asked(path, probe.problem);
  if (!isSupported(probe.version)) {
    throw NatsServerNotFoundError.asked(path, `it is version ${probe.version}, but ${NEEDED}`);
  }
  return { path, version: probe.version, source: 'env' };
}

async function usable(path: string, onProgress: (line: string) => void, signal?: AbortSignal) {
  const probe = await probeVersion(path, signal);
  signal?.throwIfAborted();
  if ('version' in probe && isSupported(probe.version)) return probe.version;
  const why = 'version' in probe ? `it is version ${probe.version}, but ${NEEDED}` : probe.problem;
  onProgress(`passing over ${path}: ${why}`);
  return undefined;
}
