import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '../layout.ts';
import { FabricError } from '../settings.ts';

/**
 * Throws a FabricError where others could have written what a fabric's folder says: the ids of processes above all, which
 * are ended, and the configuration of servers, which are started. What is not there yet is passed over. Not asked on
 * Windows, which has no such modes.
 */
export async function requireOwnFolder(dir: string): Promise<void> {
  const own = process.getuid?.();
  if (own === undefined) return;
  const { root, run } = fabricLayout(dir);
  for (const place of [root, run, path.join(root, 'sites')]) {
    const found = await stat(place).catch(() => undefined);
    if (!found) continue;
    if (found.uid !== own) {
      throw new FabricError(
        `${place} belongs to the user with id ${found.uid}, and this runs as ${own}: run it as the user that the ` +
          'fabric belongs to',
      );
    }
    if ((found.mode & 0o022) !== 0) {
      const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
      throw new FabricError(
        `others can write to ${place} (mode ${mode}), and so could say what is started and ended here; if nobody has, ` +
          `run chmod go-w ${place}`,
      );
    }
  }
}
