import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '../layout.ts';
import { FabricError } from '../settings.ts';
import { filesBelow } from '../walk.ts';

/** Files that hold a seed or key. */
const secretFile = /\.(nk|creds|key)$|^queue-secret$/;

/** Paths, below the fabric's folder, of files with keys that others may read. */
async function exposedFiles(root: string): Promise<{ path: string; mode: number }[]> {
  const folders = ['operator', 'pki', 'registry', 'admin', 'sites', 'services'];
  const found: { path: string; mode: number }[] = [];
  for (const folder of folders) {
    for (const place of await filesBelow(root, folder)) {
      if (!secretFile.test(path.basename(place))) continue;
      const mode = (await stat(path.join(root, place)).catch(() => undefined))?.mode ?? 0;
      if ((mode & 0o077) !== 0) found.push({ path: place, mode: mode & 0o777 });
    }
  }
  return found;
}

/**
 * Throws a FabricError where others may read files with keys: whoever did, holds these identities, so it is not mended
 * in silence. Not asked on Windows, which has no such modes.
 */
export async function requirePrivateKeys(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { root } = fabricLayout(dir);
  const exposed = await exposedFiles(root);
  const [first] = exposed;
  if (!first) return;
  const others = exposed.length === 1 ? '' : ` and ${exposed.length - 1} more`;
  throw new FabricError(
    `others can read keys: ${path.join(root, first.path)} has mode ${first.mode.toString(8).padStart(4, '0')}, expected ` +
      `0600${others}. If nobody has read them, run chmod -R go-rwx ${root}; else they must be replaced (docs/recovery.md)`,
  );
}
