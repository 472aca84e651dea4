import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';

/** The repository's root. */
export const root = resolve(import.meta.dirname, '../..');

const NOT_OURS = new Set(['node_modules', '.git', 'dist', '.cache', '.causeway', 'coverage']);

/** A file of the repository: its path from the root, with slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every file below `folder` (from the root) that is the project's own, in the order of their paths. */
export async function sourceFiles(
  folder = '.',
  wanted: (path: string) => boolean = () => true,
): Promise<SourceFile[]> {
  const paths = (await walk(join(root, folder))).map((path) => relative(root, path).split(sep).join('/'));
  const chosen = paths.filter(wanted).sort();
  return Promise.all(chosen.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
}

async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries
    .filter((entry) => !NOT_OURS.has(entry.name) && !entry.name.endsWith('.log'))
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? walk(path) : [path];
    });
  return (await Promise.all(found)).flat();
}
