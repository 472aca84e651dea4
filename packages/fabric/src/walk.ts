import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Folders of servers' stores: they change all the time, and what is in them is their own business. */
const store = /^jetstream/;

/**
 * Paths of all files below a folder, relative to it, in no order; the stores of servers are left out. A folder that is
 * not there, or goes meanwhile, has none.
 */
export async function filesBelow(root: string, folder = ''): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const found: string[] = [];
  for (const entry of entries) {
    const place = path.join(folder, entry.name);
    if (entry.isFile()) found.push(place);
    else if (entry.isDirectory() && !store.test(entry.name)) found.push(...(await filesBelow(root, place)));
  }
  return found;
}
