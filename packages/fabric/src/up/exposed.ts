import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '../layout.ts';
import { FabricError } from '../settings.ts';
import { filesBelow } from '../walk.ts';

/** Whether a file of a fabric's folder holds a seed or key, by its name. */
export function isSecretFile(name: string): boolean {
  return /\.(nk|creds|key)$|^queue-secret$/.test(name);
}

/** Files with keys in a fabric's folder: how many there are, and those that others may read, by their paths below it. */
export async function exposedKeys(
  root: string,
): Promise<{ readonly secrets: number; readonly exposed: readonly { path: string; mode: number }[] }> {
  const folders = ['operator', 'pki', 'registry', 'admin', 'sites', 'services'];
  const exposed: { path: string; mode: number }[] = [];
  let secrets = 0;
  for (const folder of folders) {
    for (const place of await filesBelow(root, folder)) {
      if (!isSecretFile(path.basename(place))) continue;
      // It may be replaced this very moment.
      const mode = (await stat(path.join(root, place)).catch(() => undefined))?.mode ?? 0;
      secrets += 1;
      if ((mode & 0o077) !== 0) exposed.push({ path: place, mode: mode & 0o777 });
    }
  }
  return { secrets, exposed };
}

/**
 * Throws a FabricError where others may read files with keys: whoever did, holds these identities, so it is not mended
 * in silence. Not asked on Windows, which has no such modes.
 */
export async function requirePrivateKeys(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { root } = fabricLayout(dir);
  const { exposed } = await exposedKeys(root);
  const [first] = exposed;
  if (!first) return;
  const others = exposed.length === 1 ? '' : ` and ${exposed.length - 1} more`;
  throw new FabricError(
    `others can read keys: ${path.join(root, first.path)} has mode ${first.mode.toString(8).padStart(4, '0')}, expected ` +
      `0600${others}. If nobody has read them, run chmod -R go-rwx ${root}; else they must be replaced (docs/recovery.md)`,
  );
}
