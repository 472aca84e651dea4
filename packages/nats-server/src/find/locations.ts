import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { PINNED_VERSION } from './version.ts';

/** A platform and processor as Node names them, and the environment it looks things up in. */
export interface Machine {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
}

/** The program's file name: `nats-server.exe` on Windows, `nats-server` elsewhere. */
export function programName(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'nats-server.exe' : 'nats-server';
}

/**
 * The folder that Causeway keeps downloads in, by the platform's convention: `$XDG_CACHE_HOME/causeway` or
 * `~/.cache/causeway`, `~/Library/Caches/causeway` on macOS, `%LOCALAPPDATA%\causeway` on Windows.
 * A relative `XDG_CACHE_HOME` is ignored, as its specification says.
 */
export function defaultCacheDir(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const home = (platform === 'win32' ? env.USERPROFILE : env.HOME) || homedir();
  const xdg = env.XDG_CACHE_HOME;
  if (xdg && isAbsolute(xdg)) return join(xdg, 'causeway');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'causeway');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'causeway');
  return join(home, '.cache', 'causeway');
}

/** Where the pinned nats-server lies in the cache, one folder for each version and platform. */
export function cachedPath(cacheDir: string, machine: Machine): string {
  const folder = `${machine.platform}-${machine.arch}`;
  return join(cacheDir, 'nats-server', `v${PINNED_VERSION}`, folder, programName(machine.platform));
}

/** Every executable called `name` on `PATH`, in order. Empty entries (the current folder) are left out. */
export async function onPath(name: string, machine: Machine): Promise<string[]> {
  const variable = machine.env.PATH ?? machine.env.Path ?? '';
  const candidates = [...new Set(variable.split(delimiter))].filter(Boolean).map((dir) => join(dir, name));
  const present = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => present[index]);
}

/** True when the file exists and this user may run it. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
