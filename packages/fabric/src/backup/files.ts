import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeJwt, writeSecret } from '@causeway/identity';
import { FabricError } from '../settings.ts';
import { isSecretFile } from '../up/exposed.ts';
import { filesBelow } from '../walk.ts';
import type { ArchivedFile } from './archive.ts';

/** What of a fabric's folder a backup holds. */
const kept = ['fabric.json', 'operator', 'pki', 'registry', 'admin', 'services', 'sites'];
/** Stores of servers, what is being written, and what belongs to one life of a hub. */
const left =
  /(^|\/)(jetstream[^/]*|\.[^/]*|[^/]*\.tmp|[^/]*\.new)(\/|$)|^registry\/(documents|restore)\.json$|^sites\/[^/]+\/counters\.json$/;

/** All files of a fabric's folder that a backup holds, in order of their paths. */
export async function readFiles(root: string): Promise<ArchivedFile[]> {
  const below = await Promise.all(kept.slice(1).map((folder) => filesBelow(root, folder)));
  const paths = ['fabric.json', ...below.flat()].map((place) => place.split(path.sep).join('/'));
  const files: ArchivedFile[] = [];
  for (const each of paths.filter((name) => !left.test(name)).sort()) {
    const place = path.join(root, each);
    const { mode } = await stat(place);
    files.push({ path: each, open: (mode & 0o044) !== 0, text: await readFile(place, 'utf8') });
  }
  return files;
}

/** Writes a file of a backup below `root`. Throws a FabricError for a path that would lead out of it. */
export async function writeFileOf(root: string, file: ArchivedFile): Promise<void> {
  const parts = file.path.split('/');
  const fits =
    kept.includes(parts[0] ?? '') && parts.every((part) => /^[\w@.-]+$/.test(part) && !/^\.+$/.test(part));
  if (!fits || typeof file.text !== 'string') {
    throw new FabricError(`the backup holds ${JSON.stringify(file.path)}, which is no file of a fabric`);
  }
  const place = path.join(root, ...parts);
  // Its owner's alone, whatever comes into it first.
  await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
  await (file.open && !isSecretFile(path.basename(place)) ? writeJwt : writeSecret)(place, file.text);
}
