import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder and those above it, readable by its owner alone. */
export async function privateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * Writes a file whole or not at all, readable by its owner alone: a server that reads it at the same time
 * sees the old text or the new.
 */
export async function writeWhole(path: string, text: string | Uint8Array, mode = 0o600): Promise<void> {
  await privateFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
